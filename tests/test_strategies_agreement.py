"""Strategies against scikit-activeml, exact probabilities and slow NumPy loops."""

from itertools import permutations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from skactiveml.classifier import SklearnClassifier
from skactiveml.pool import CoreSet, UncertaintySampling
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neighbors import NearestNeighbors

from askwell.core import NOT_ASKED, View
from askwell.core.kmeans import kmeans
from askwell.strategies import STRATEGIES, Coreset, MarginHerding, PowerMargin, TypiClust, UHerding
from askwell.strategies.coreset import farthest
from askwell.strategies.typiclust import MIN_CLUSTER, reach
from askwell.testing.pools import POOLS, WARM, at, views


def view(round=WARM) -> View:
    return at(views(Coreset()), round)


class Table(ClassifierMixin, BaseEstimator):
    """Says what it was told of the row whose number is the only feature."""

    def __init__(self, proba):
        self.proba = proba

    def fit(self, X, y):
        self.classes_ = np.arange(self.proba.shape[1])
        return self

    def predict_proba(self, X):
        return self.proba[X[:, 0].astype(int)]


@pytest.mark.parametrize("round", [WARM, 9])
@pytest.mark.parametrize(
    ("name", "method"),
    [("margin", "margin_sampling"), ("entropy", "entropy"), ("least-confidence", "least_confident")],
)
def test_uncertainty_sampling_is_scikit_activemls(name, method, round):
    v = view(round)
    proba = np.asarray(v.proba, float)
    X = np.arange(len(proba), dtype=float)[:, None]
    y = np.where(v.asked, v.y, np.nan)
    model = SklearnClassifier(Table(proba / proba.sum(1, keepdims=True)), classes=list(range(3)))
    theirs = UncertaintySampling(method=method, random_state=0).query(X, y, model, batch_size=6)
    ours = STRATEGIES[name]().select(jax.random.key(0), v, 6)
    np.testing.assert_array_equal(np.sort(ours), np.sort(theirs))


@pytest.mark.parametrize("round", [1, WARM, 9])
def test_coreset_is_scikit_activemls(round):
    v = view(round)
    y = np.where(v.asked, v.y, np.nan)
    theirs = CoreSet(random_state=0).query(np.asarray(v.x, float), y, batch_size=6)
    np.testing.assert_array_equal(Coreset().select(jax.random.key(0), v, 6), theirs)


@pytest.mark.parametrize("kind", POOLS)
def test_in_large_pools_coreset_picks_the_same(kind, monkeypatch):
    monkeypatch.setattr("askwell.strategies.coreset.FARTHEST", 9)
    monkeypatch.setattr("askwell.strategies.coreset.TOGETHER", 3)
    sooner = jax.jit(lambda key, view: farthest(key, view, 12))
    plain = jax.jit(lambda key, view: Coreset().select(key, view, 12))
    for round in (0, 1, WARM):
        v = at(views(Coreset(), kind), round)
        apart = np.linalg.norm(np.asarray(v.x)[:, None] - np.asarray(v.x), axis=2)
        for key in jax.random.split(jax.random.key(1), 3):
            picks = [np.asarray(one(key, v)) for one in (sooner, plain)]
            known = np.flatnonzero(v.asked)
            far = [[apart[p[i], [*known, *p[:i]]].min(initial=9) for i in range(12)] for p in picks]
            np.testing.assert_allclose(*far, atol=2e-3)  # of equal points rounding decides
            if kind == "ordinary":
                np.testing.assert_array_equal(*picks)


def small_view(proba, y, x, q=1) -> View:
    rows = jnp.append(jnp.flatnonzero(y != NOT_ASKED), jnp.full(q, len(y)))
    return View.of(x, jnp.log(proba), y, rows, 1, 2)


@pytest.mark.parametrize("power", [1.0, 3.0])
def test_power_margin_draws_in_proportion(power):
    first = jnp.array([0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
    y = jnp.array([NOT_ASKED] * 4 + [0, 1])
    v = small_view(jnp.stack([first, 1 - first], 1), y, jnp.eye(6))
    weight = (1 - (2 * np.asarray(first[:4], float) - 1)) ** power
    keys = jax.random.split(jax.random.key(0), 20_000)
    picks = jax.vmap(lambda key: PowerMargin(power=power).select(key, v, 2))(keys).tolist()
    pairs = list(permutations(range(4), 2))
    exact = [weight[i] / weight.sum() * weight[j] / (weight.sum() - weight[i]) for i, j in pairs]
    assert stats.chisquare([picks.count(list(p)) for p in pairs], np.array(exact) * len(picks)).pvalue > 1e-4


def slow_herding(v: View, q: int, weight_covered: bool) -> list[int]:
    x, proba = np.asarray(v.x, float), np.sort(np.asarray(v.proba, float))
    doubt = 1 - (proba[:, -1] - proba[:, -2])
    if len(set(np.asarray(v.y).tolist()) - {NOT_ASKED}) < 2:
        doubt[:] = 1
    n, width = len(x), float(v.geometry.widths[1])
    asked = np.flatnonzero(v.asked).tolist()

    def similarity(a, b):
        return np.exp(-((x[a] - x[b]) ** 2).sum() / (2 * width**2))

    def cover(z, points):
        return max((similarity(z, a) for a in points), default=0.0)

    picks = []
    for _ in range(q):
        worth = np.full(n, -np.inf)
        for i in set(range(n)) - {*asked, *picks}:
            gains = [max(similarity(i, z) - cover(z, asked + picks), 0) for z in range(n)]
            worth[i] = np.dot(gains, doubt) if weight_covered else doubt[i] * sum(gains)
        picks.append(int(worth.argmax()))
    return picks


@pytest.mark.parametrize("round", [0, 1, WARM])
@pytest.mark.parametrize(("strategy", "weight_covered"), [(UHerding(), True), (MarginHerding(), False)])
def test_herding_is_the_slow_loop(strategy, weight_covered, round):
    v = view(round)
    assert strategy.select(jax.random.key(0), v, 3).tolist() == slow_herding(v, 3, weight_covered)


def test_typiclust_takes_the_most_typical_of_clusters_without_a_label():
    rng, blobs, q = np.random.default_rng(0), 12, 4
    x = jnp.asarray(8 * np.eye(blobs)[np.arange(480) % blobs] + rng.normal(size=(480, blobs)), jnp.float32)
    y = jnp.full(480, NOT_ASKED).at[jnp.array([0, 13, 26])].set(0)
    v = small_view(jnp.full((480, 2), 0.5), y, x, q)
    key = jax.random.key(0)
    picks = np.asarray(TypiClust().select(key, v, q))
    group = np.asarray(kmeans(key, x, v.rows.shape[0], 3 + q)[1])
    size = np.bincount(group)
    open_clusters = set(np.flatnonzero(size >= MIN_CLUSTER)) - set(group[[0, 13, 26]])
    assert len(open_clusters) >= q  # or the test would say nothing
    largest = sorted(open_clusters, key=lambda g: -size[g])[:q]
    assert len(set(group[picks])) == q
    assert set(group[picks]) <= open_clusters
    assert sorted(size[group[picks]]) == sorted(size[largest])
    for pick in picks:
        own = np.flatnonzero(group == group[pick])
        assert typicality(np.asarray(x)[own]).argmax() == np.flatnonzero(own == pick)


def typicality(x) -> np.ndarray:
    near = NearestNeighbors(n_neighbors=min(20, len(x) - 1)).fit(x).kneighbors()[0]
    return 1 / near.mean(1)


@pytest.mark.parametrize(
    "groups", [1, 3, 40]
)  # more than a block of points in a group, and fewer than neighbours
def test_reach_is_scikit_learns(groups):
    rng = np.random.default_rng(1)
    x, group = rng.normal(size=(700, 3)).astype("f4"), rng.integers(0, groups, 700)
    wanted = np.arange(groups) % 2 == 0
    found = np.asarray(jax.jit(reach)(x, jnp.asarray(group), jnp.asarray(wanted)))
    assert np.isinf(found[~wanted[group]]).all()
    for g in np.flatnonzero(wanted):
        np.testing.assert_allclose(1 / found[group == g], typicality(x[group == g]), rtol=1e-4)
