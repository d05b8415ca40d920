"""The diversity strategies against scikit-activeml and against their formulae written out."""

import dataclasses
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from skactiveml.base import SkactivemlClassifier
from skactiveml.pool import Badge as PeerBadge
from skactiveml.pool import Falcun as PeerFalcun
from skactiveml.pool import MaxHerding as PeerMaxHerding
from skactiveml.pool import ProbCover as PeerProbCover
from skactiveml.pool import UncertaintySampling as PeerUncertainty

from askwell.core import NOT_ASKED, View, measure
from askwell.strategies import badge, falcun, probcover, uncertainty
from askwell.strategies.badge import Badge
from askwell.strategies.cluster_margin import ClusterMargin
from askwell.strategies.density_weighted import DensityWeighted
from askwell.strategies.falcun import Falcun
from askwell.strategies.kmeans_boundary import KMeansBoundary, indecision
from askwell.strategies.kmeans_centre import KMeansCentre
from askwell.strategies.maxherding import MaxHerding
from askwell.strategies.mixture import Mixture
from askwell.strategies.pickers import draw
from askwell.strategies.probcover import ProbCover
from askwell.strategies.typicality import Typicality

N, D, CLASSES, LABELS, Q = 120, 5, 3, 6, 8
KEY = jax.random.key(0)


class Given(SkactivemlClassifier):
    """A classifier that says the probabilities it was given, in the order of the pool's first column."""

    def __init__(self, x=None, proba=None):
        super().__init__(classes=None, missing_label=np.nan, cost_matrix=None, random_state=None)
        self.x, self.proba = x, proba

    def fit(self, X, y, sample_weight=None):
        return self

    def predict_proba(self, X):
        return self.proba[[int(np.flatnonzero(self.x[:, 0] == row[0])[0]) for row in X]]


def make_view(n: int = N, labels: int = LABELS, seed: int = 0) -> View:
    """A pool of three clouds with some labels, and probabilities that depend on the point."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % CLASSES
    x = (rng.normal(size=(n, D)) + 3 * np.eye(D)[y]).astype(np.float32)
    logits = x[:, :CLASSES] + rng.normal(size=(n, CLASSES))
    rows = rng.permutation(n)[:labels]
    shown = np.full(n, NOT_ASKED)
    shown[rows] = np.arange(labels) % CLASSES
    return View.of(
        x=jnp.asarray(x),
        log_proba=jax.nn.log_softmax(jnp.asarray(logits, jnp.float32)),
        y=jnp.asarray(shown),
        rows=jnp.concatenate([jnp.asarray(rows, int), jnp.full(20, n)]),
        round=1,
        rounds=5,
    )


def peer(view: View) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels as scikit-activeml takes them."""
    y = np.asarray(view.y, float)
    y[y == NOT_ASKED] = np.nan
    return np.asarray(view.x, float), y


def ask_peer(strategy, *args, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return strategy.query(*args, **settings)


def with_proba(view: View, proba: np.ndarray) -> View:
    return dataclasses.replace(view, log_proba=jnp.log(jnp.asarray(proba, jnp.float32)))


@pytest.mark.parametrize("labels", [0, LABELS])
def test_maxherding_picks_as_scikit_activeml_does(labels):
    view = make_view(labels=labels)
    gamma = 1 / (2 * float(view.geometry.widths[1]) ** 2)
    other = PeerMaxHerding(normalize_samples=False, metric_dict={"gamma": gamma}, random_state=0)
    picks = MaxHerding().select(KEY, view, Q)
    assert picks.tolist() == ask_peer(other, *peer(view), batch_size=Q).tolist()


@pytest.mark.parametrize("delta", [0.8, 1.5, 2.5])
def test_probcover_covers_as_much_as_scikit_activeml_at_every_pick(delta):
    # Many points tie, so not the picks but what each of them adds must be equal.
    view = make_view()
    _, rated = ask_peer(
        PeerProbCover(deltas=[delta], random_state=0), *peer(view), batch_size=1, return_utilities=True
    )
    x = np.asarray(view.x, float)
    ball = np.sqrt(((x[:, None] - x) ** 2).sum(-1)) <= delta
    cover = ball[np.asarray(view.asked)].any(0)
    picks = np.asarray(ProbCover(delta=delta).select(KEY, view, Q))
    assert rated[0][picks[0]] == np.nanmax(rated[0])
    for i, row in enumerate(picks):
        gain = (ball & ~cover).sum(1)
        gain[np.asarray(view.asked)] = -1
        gain[picks[:i]] = -1
        assert gain[row] == gain.max()
        cover |= ball[row]


@pytest.mark.parametrize("n", [45, 1200])
def test_probcover_counts_landmarks_whatever_their_number(n):
    # 45 points are no whole number of words; above 1,024, landmarks stand for the pool.
    view = make_view(n)
    delta, picks = 1.5, ProbCover(delta=1.5).select(KEY, view, Q)
    x, some = np.asarray(view.x, float), np.asarray(view.geometry.landmarks)
    ball = np.sqrt(((x[:, None] - x[some]) ** 2).sum(-1)) <= delta
    cover = ball[np.asarray(view.asked)].any(0)
    for row in np.asarray(picks):
        gain = (ball & ~cover).sum(1)
        assert gain[row] == gain[~np.asarray(view.asked)].max()
        assert gain[row] > 0 or cover.all()
        cover |= ball[row]


@pytest.mark.parametrize("purity", [0.8, 0.95, 0.97])
def test_probcover_radius_is_the_largest_that_scikit_activeml_calls_pure(purity):
    view = make_view()
    label = np.asarray(probcover.pseudo_labels(view))
    step = 1e-3

    class Same:
        def __init__(self, n_clusters):
            assert n_clusters == CLASSES

        def fit_predict(self, X):
            return label

    other = PeerProbCover(n_classes=CLASSES, deltas=np.arange(step, 5, step), alpha=purity, cluster_algo=Same)
    ask_peer(other, *peer(view))
    radius = float(probcover.pure_radius(view, purity))
    assert radius - step <= other.delta_max_ < radius + 1e-5
    assert 0.3 < radius < 5


def test_pseudo_labels_do_not_depend_on_the_order_of_rows():
    view = make_view()
    order = np.random.default_rng(5).permutation(N)
    other = dataclasses.replace(view, x=view.x[order])
    np.testing.assert_array_equal(probcover.pseudo_labels(view)[order], probcover.pseudo_labels(other))


def test_badge_distances_are_those_of_explicit_gradients():
    view = make_view()
    factor = badge.error(view.proba)
    gradient = (np.asarray(factor, float)[:, :, None] * np.asarray(view.x, float)[:, None]).reshape(N, -1)
    length = badge.square_length(factor, view.x)
    np.testing.assert_allclose(length, (gradient**2).sum(1), rtol=1e-4, atol=1e-5)
    for row in (0, 17):
        explicit = ((gradient - gradient[row]) ** 2).sum(1)
        fast = badge.square_distance(factor, view.x, length, jnp.array(row))
        np.testing.assert_allclose(fast, explicit, rtol=1e-3, atol=1e-4)


def test_badge_draws_the_second_pick_by_squared_distance_from_the_first():
    view = make_view(n=24)
    proba, x, asked = np.asarray(view.proba, float), np.asarray(view.x, float), np.asarray(view.asked)
    gradient = ((proba - np.eye(CLASSES)[proba.argmax(1)])[:, :, None] * x[:, None]).reshape(24, -1)
    norm = np.where(asked, -1, (gradient**2).sum(1))
    picks = np.asarray(jax.vmap(lambda k: Badge().select(k, view, 2))(jax.random.split(KEY, 20000)))
    first = norm.argmax()
    assert (picks[:, 0] == first).all()
    apart = np.where(asked, 0, ((gradient - gradient[first]) ** 2).sum(1))
    expected = apart / apart.sum()
    drawn = np.bincount(picks[:, 1], minlength=24) / len(picks)
    assert np.abs(drawn - expected).max() < 0.015  # four standard errors
    # scikit-activeml shares the first pick, and takes the origin for another centre at the second.
    chosen, rated = ask_peer(
        PeerBadge(random_state=0),
        *peer(view),
        Given(x, proba),
        fit_clf=False,
        batch_size=2,
        return_utilities=True,
    )
    assert chosen[0] == first
    origin = np.minimum(apart, np.where(asked, 0, norm))
    np.testing.assert_allclose(np.nan_to_num(rated[1]), origin / origin.sum(), atol=1e-6)
    assert np.abs(origin / origin.sum() - expected).max() > 0.05


def test_badge_in_a_cold_round_is_kmeans_seeding_on_the_features():
    view = make_view(n=24, labels=0)
    picks = np.asarray(jax.vmap(lambda k: Badge().select(k, view, 2))(jax.random.split(KEY, 20000)))
    assert np.abs(np.bincount(picks[:, 0], minlength=24) / len(picks) - 1 / 24).max() < 0.01
    x = np.asarray(view.x, float)
    apart = ((x[:, None] - x) ** 2).sum(-1)
    expected = (apart / apart.sum(1, keepdims=True)).mean(0)
    assert np.abs(np.bincount(picks[:, 1], minlength=24) / len(picks) - expected).max() < 0.015


def test_falcun_rates_the_first_two_picks_as_scikit_activeml_does():
    # Uncertainties from 0 to 1 and a twin of each point: then its way to stretch is the authors' way.
    rng = np.random.default_rng(3)
    half = rng.dirichlet(np.ones(CLASSES), N // 2)
    half[0], half[1] = (1, 0, 0), (0.5, 0.5, 0)
    proba = np.clip(np.concatenate([half, half]), 1e-9, 1)
    view = with_proba(make_view(), proba)
    view = dataclasses.replace(view, y=jnp.full(N, NOT_ASKED).at[:2].set(jnp.arange(2)).at[0].set(NOT_ASKED))
    view = dataclasses.replace(view, y=view.y.at[5].set(0), rows=jnp.array([1, 5, N]))
    chosen, rated = ask_peer(
        PeerFalcun(random_state=0),
        *peer(view),
        Given(np.asarray(view.x, float), np.asarray(view.proba, float)),
        fit_clf=False,
        batch_size=2,
        return_utilities=True,
    )
    left = ~view.asked
    doubt = uncertainty.margin(view)
    first = falcun.relevance(doubt, doubt, left, 10.0)
    np.testing.assert_allclose(first / first.sum(), np.nan_to_num(rated[0]), atol=2e-5)
    apart = jnp.abs(view.proba - view.proba[chosen[0]]).sum(1)
    second = falcun.relevance(doubt, jnp.minimum(doubt, apart), left.at[chosen[0]].set(False), 10.0)
    np.testing.assert_allclose(second / second.sum(), np.nan_to_num(rated[1]), atol=2e-5)


@pytest.mark.parametrize("n", [50, falcun.MANY + 1])
def test_falcun_s_distance_is_the_same_in_a_large_pool(n):
    proba = np.random.default_rng(0).dirichlet(np.ones(12), n).astype(np.float32)
    expected = np.abs(proba - proba[7]).sum(axis=1)
    np.testing.assert_allclose(falcun.apart(jnp.asarray(proba.T), jnp.array(7)), expected, atol=1e-6)


def test_falcun_draws_by_its_relevance():
    view = make_view(n=24)
    picks = np.asarray(jax.vmap(lambda k: Falcun(gamma=3.0).select(k, view, 2))(jax.random.split(KEY, 20000)))
    proba, asked = np.asarray(view.proba, float), np.asarray(view.asked)
    top = np.sort(proba, axis=1)
    doubt = 1 - top[:, -1] + top[:, -2]

    def chances(distance, left):
        low, high = distance[left].min(), distance[left].max()
        rated = np.where(left, doubt + (distance - low) / (high - low), 0) ** 3.0
        return rated / rated.sum()

    first = chances(doubt, ~asked)
    expected = np.zeros(24)
    for row in np.flatnonzero(~asked):
        apart = np.abs(proba - proba[row]).sum(1)
        expected += first[row] * chances(np.minimum(doubt, apart), ~asked & (np.arange(24) != row))
    assert np.abs(np.bincount(picks[:, 0], minlength=24) / len(picks) - first).max() < 0.015
    assert np.abs(np.bincount(picks[:, 1], minlength=24) / len(picks) - expected).max() < 0.015


def test_falcun_stretches_distances_over_the_points_left():
    doubt = jnp.array([0.5, 0.6, 0.7, 0.9])
    distance = jnp.array([0.4, 0.5, 0.6, 0.0])
    rated = falcun.relevance(doubt, distance, jnp.array([True, True, True, False]), 2.0)
    np.testing.assert_allclose(rated * 1.7**2, np.array([0.5, 1.1, 1.7, 0]) ** 2, rtol=1e-5)


def test_density_weighted_picks_as_scikit_activeml_does():
    view = make_view()
    x, y = peer(view)
    density = np.asarray(view.geometry.density, float) ** 2
    chosen = ask_peer(
        PeerUncertainty(method="entropy", random_state=0),
        x,
        y,
        Given(x, np.asarray(view.proba, float)),
        fit_clf=False,
        utility_weight=density,
        batch_size=Q,
    )
    assert DensityWeighted(power=2.0).select(KEY, view, Q).tolist() == chosen.tolist()


def test_typicality_asks_the_points_with_the_nearest_neighbours():
    view = make_view()
    x = np.asarray(view.x, float)
    near = np.sort(np.sqrt(((x[:, None] - x) ** 2).sum(-1)), axis=1)[:, 1:21].mean(1)
    near[np.asarray(view.asked)] = np.inf
    assert Typicality().select(KEY, view, Q).tolist() == np.argsort(near)[:Q].tolist()


def test_mixture_is_the_sum_of_standard_scores_anew_for_every_pick():
    view = make_view()
    strategy = Mixture(uncertainty=1.0, diversity=0.5, representativeness=2.0)
    picks = np.asarray(strategy.select(KEY, view, Q))
    x, left = np.asarray(view.x, float), ~np.asarray(view.asked)
    top = np.sort(np.asarray(view.proba, float), axis=1)
    doubt, density = 1 - top[:, -1] + top[:, -2], np.log(np.asarray(view.geometry.density, float))
    for row in picks:
        apart = np.sqrt(((x[:, None] - x[~left]) ** 2).sum(-1)).min(1)
        score = sum(
            w * (v - v[left].mean()) / v[left].std() for w, v in ((1, doubt), (0.5, apart), (2, density))
        )
        assert score[row] == pytest.approx(score[left].max(), abs=1e-4)
        left[row] = False


@pytest.mark.parametrize("ratio", [2, 4])
def test_cluster_margin_takes_turns_among_the_candidates_of_smallest_margin(ratio):
    view = make_view()
    doubt = np.where(view.asked, -1, np.asarray(uncertainty.margin(view)))
    candidates = np.argsort(-doubt)[: ratio * Q]
    group = np.asarray(view.geometry.groups)
    picks = np.asarray(ClusterMargin(ratio=ratio).select(KEY, view, Q))
    assert set(picks) <= set(candidates)
    left = {g: int((group[candidates] == g).sum()) for g in set(group[candidates])}
    size, turns = dict(left), []
    while len(turns) < Q:
        turns += [size[g] for g in sorted(size, key=size.get) if left[g] > 0]
        left = {g: count - 1 for g, count in left.items()}
    assert [size[group[row]] for row in picks] == turns[:Q]


def test_kmeans_boundary_asks_the_most_undecided_point_of_each_group_with_fewest_labels():
    view = make_view()
    x, centres = np.asarray(view.x, float), np.asarray(view.geometry.centres, float)
    apart = np.sort(np.sqrt((((x - x.mean(0))[:, None] - centres) ** 2).sum(-1)), axis=1)
    np.testing.assert_allclose(indecision(view), apart[:, 0] / apart[:, 1], rtol=1e-3)
    group, left = np.asarray(view.geometry.groups), ~np.asarray(view.asked)
    for row in np.asarray(KMeansBoundary().select(KEY, view, Q)):
        count = np.bincount(group[~left], minlength=len(centres)).astype(float)
        count[np.bincount(group[left], minlength=len(centres)) == 0] = np.inf
        allowed = left & (count[group] == count.min())
        assert apart[row, 0] / apart[row, 1] == pytest.approx(
            (apart[:, 0] / apart[:, 1])[allowed].max(), rel=1e-3
        )
        left[row] = False


def test_kmeans_centre_finds_the_point_in_the_middle_of_every_cloud():
    # Eight clouds far apart, the first row of each in its very middle; two of the clouds have a label.
    rng = np.random.default_rng(0)
    middle = 100.0 * rng.permutation(np.stack(np.meshgrid([0, 1], [0, 1], [0, 1]), -1).reshape(8, 3))
    around = rng.normal(size=(7, 3))
    cloud = np.concatenate([np.zeros((1, 3)), around, -around])
    x = jnp.asarray((middle[:, None] + cloud).reshape(-1, 3), jnp.float32)
    n = len(x)
    view = View.of(
        x=x,
        log_proba=jnp.full((n, 2), jnp.log(0.5)),
        y=jnp.full(n, NOT_ASKED).at[jnp.array([3, 20])].set(jnp.arange(2)),
        rows=jnp.array([3, 20, *[n] * 6]),
        round=1,
        rounds=2,
    )
    hits = 0
    for seed in range(10):
        picks = np.asarray(KMeansCentre().select(jax.random.key(seed), view, 6))
        hits += set(picks // 15) == set(range(2, 8)) and not (picks % 15).any()
    assert hits >= 7  # k-means++ may put two seeds into one cloud, seldom


def test_kmeans_centre_breaks_the_tie_of_a_pair_at_random():
    x = jnp.array([[0.1, 0.3], [0.8, 1.7]])
    view = dataclasses.replace(make_view(n=2, labels=0), x=x, geometry=measure(x), rows=jnp.full(1, 2))
    select = jax.jit(lambda key: KMeansCentre().select(key, view, 1))
    first = [int(select(jax.random.key(seed))[0]) for seed in range(40)]
    assert 8 < sum(first) < 32


def test_a_draw_is_in_proportion_to_mass_and_never_without():
    mass = jnp.array([0.0, 1.0, 2.0, 0.0, 3.0, 1e-30, 4.0])
    rows = np.asarray(jax.vmap(lambda key: draw(key, mass))(jax.random.split(KEY, 20000)))
    drawn = np.bincount(rows, minlength=7) / len(rows)
    assert drawn[[0, 3]].sum() == 0
    assert np.abs(drawn - np.asarray(mass) / 10).max() < 0.015
    assert int(draw(KEY, jnp.ones(1))) == 0
