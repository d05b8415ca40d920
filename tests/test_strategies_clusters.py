"""Strategies that cluster or separate, and the bandit, against scikit-activeml and scikit-learn."""

import dataclasses
import warnings
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from skactiveml.base import SkactivemlClassifier
from skactiveml.classifier import SklearnClassifier
from skactiveml.pool import Clue as PeerClue
from skactiveml.pool import DiscriminativeAL
from skactiveml.pool import DropQuery as PeerDropQuery
from sklearn import mixture
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

import askwell
from askwell.core import AbstractFitted, AbstractLearner, View
from askwell.core.kmeans import kmeans
from askwell.strategies import Random, bandit, gaussian_mixture, representatives
from askwell.strategies.clue import Clue
from askwell.strategies.discriminative import Discriminative
from askwell.strategies.dropquery import DropQuery, unsteady
from askwell.strategies.separators import logistic, svm
from askwell.strategies.support_vectors import SupportVectors, one_against_rest
from askwell.testing.pools import BATCH, CLASSES, WARM, N, at, views

KEY = jax.random.key(0)


@pytest.fixture
def view():
    return at(views(Random()), WARM)


def labelled_of(view):
    x, y, weight = (np.asarray(a) for a in view.evidence)
    return x[weight > 0].astype(float), y[weight > 0]


def blobs(seed=0):
    rng = np.random.default_rng(seed)
    middle = 20.0 * np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
    return np.concatenate([m + rng.normal(size=(15, 2)) for m in middle]).astype(np.float32)


def test_centres_are_weighted_and_points_without_weight_have_no_say():
    x = jnp.asarray(blobs())
    weight = jnp.where(jnp.arange(60) < 30, jnp.arange(60.0), 0.0)
    one = kmeans(KEY, x, 1, weight=weight, steps=20)[0][0]
    np.testing.assert_allclose(one, np.average(x, axis=0, weights=weight), rtol=1e-4)
    two = kmeans(KEY, x, 2, weight=weight, steps=20)[0]
    expected = [np.average(x[i : i + 15], axis=0, weights=weight[i : i + 15]) for i in (0, 15)]
    np.testing.assert_allclose(two[jnp.argsort(two[:, 0])], expected, rtol=1e-4, atol=1e-4)


def test_a_gaussian_mixture_is_the_one_that_scikit_learn_fits():
    rng = np.random.default_rng(1)
    parts = [(40, 0.5, (0, 0)), (80, 1.0, (5, 0)), (30, 2.0, (0, 9))]
    x = np.concatenate([rng.normal(size=(n, 2)) * s + m for n, s, m in parts]).astype(np.float32)
    x -= x.mean(axis=0)
    centres, group = kmeans(KEY, jnp.asarray(x), 3)
    peer = mixture.GaussianMixture(
        3, covariance_type="spherical", reg_covar=0, tol=0, max_iter=gaussian_mixture.STEPS,
        weights_init=np.bincount(group) / len(x), means_init=centres,
        precisions_init=[1 / x[group == k].var(axis=0).mean() for k in range(3)],
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is given ten steps, as ours is
        peer.fit(x)
    ours = gaussian_mixture.fit(jnp.asarray(x), centres, group)
    np.testing.assert_allclose(jax.nn.softmax(ours, axis=0).mean(axis=1), peer.weights_, atol=0.01)
    density = np.exp(np.asarray(jax.scipy.special.logsumexp(ours, axis=0)) - np.log(2 * np.pi))
    np.testing.assert_allclose(density, np.exp(peer.score_samples(x)), rtol=0.1, atol=1e-5)


def test_a_gaussian_mixture_asks_the_middle_of_each_blob():
    x = blobs()
    picks = askwell.ask(x, strategy="gaussian-mixture", batch=4).rows
    assert sorted(picks // 15) == [0, 1, 2, 3]
    for pick in picks:
        own = x[pick // 15 * 15 : pick // 15 * 15 + 15]
        nearest = np.argmin(((own - own.mean(axis=0)) ** 2).sum(axis=1))
        assert pick % 15 == nearest


def test_luck_decides_between_two_points_that_are_a_cluster():
    x = jnp.asarray([[0.1, 0.2], [0.4, 0.9], [5.0, 5.0], [5.7, 5.3]])
    middle = jnp.stack([(x[0] + x[1]) / 2, (x[2] + x[3]) / 2])
    nearest = jax.vmap(lambda key: representatives.nearest(key, x, middle, jnp.zeros(4, bool)))
    first, second = np.asarray(nearest(jax.random.split(KEY, 400))).T
    assert set(first.tolist()) == {0, 1}
    assert set(second.tolist()) == {2, 3}
    assert 140 < (first == 0).sum() < 260


class Knows(SkactivemlClassifier):
    """Answers with given probabilities (found by the first feature), and with given classes in turn."""

    def __init__(self, proba=None, answers=None, classes=None, missing_label=np.nan, random_state=None):
        super().__init__(classes=classes, missing_label=missing_label, random_state=random_state)
        self.proba = proba
        self.answers = answers

    def fit(self, X, y, sample_weight=None):
        return self

    def predict_proba(self, X):
        return self.proba

    def predict(self, X):
        return self.answers.pop(0)


def test_clue_picks_what_scikit_activeml_picks():
    x, rng = blobs(), np.random.default_rng(3)
    proba = rng.dirichlet([0.7] * 3, 60)
    proba[::5] = [0.98, 0.01, 0.01]
    theirs = PeerClue(method="entropy", random_state=0).query(
        x, np.full(60, np.nan), Knows(proba=proba), fit_estimator=False, batch_size=4
    )
    log_proba = jnp.log(jnp.asarray(proba, jnp.float32))
    view = View.of(jnp.asarray(x), log_proba, jnp.full(60, -1), jnp.full(40, 60))
    # No label is known, which would count as cold: take the weights as in a warm round.
    weight = -(view.proba * view.log_proba).sum(1)
    ours = representatives.representatives(KEY, view.x, weight, view.asked, 4)
    assert set(np.asarray(ours).tolist()) == set(theirs.tolist())
    plain = representatives.representatives(KEY, view.x, jnp.ones(60), view.asked, 4)
    assert set(np.asarray(plain).tolist()) != set(theirs.tolist())  # the weights decide
    cold = Clue().select(KEY, view, 4)
    assert set(np.asarray(cold).tolist()) == set(np.asarray(plain).tolist())


def test_dropquery_picks_what_scikit_activeml_picks():
    x, rng = blobs(), np.random.default_rng(4)
    stable, trials = rng.integers(0, 3, 60), 5
    answers = [np.where(rng.random(60) < 0.5, stable, (stable + 1) % 3) for _ in range(trials)]
    rate = np.mean([a != stable for a in answers], axis=0)
    assert 10 < (rate > 0.5).sum() < 50
    theirs = PeerDropQuery(n_dropout_samples=trials, random_state=0).query(
        x, np.full(60, np.nan), Knows(answers=[stable, *answers]), fit_clf=False, batch_size=4
    )
    asked = jnp.zeros(60, bool)
    candidate = unsteady(KEY, jnp.asarray(rate, jnp.float32), asked, 4)
    assert (np.asarray(candidate) == (rate > 0.5)).all()
    ours = representatives.representatives(KEY, jnp.asarray(x), candidate * 1.0, ~candidate, 4)
    assert set(np.asarray(ours).tolist()) == set(theirs.tolist())


def test_dropquery_fills_up_with_the_least_steady():
    rate = jnp.array([0.0, 0.2, 0.4, 1.0, 0.4, 0.8])
    asked = jnp.array([False, False, False, True, False, False])
    candidate = np.flatnonzero(unsteady(KEY, rate, asked, 3))
    assert candidate.tolist() == [2, 4, 5]


class Beyond(AbstractFitted):
    def log_proba(self, x):
        return jnp.stack([jnp.ones(len(x)), x[:, 0]], axis=1)


class BeyondOne(AbstractLearner):
    """Says class 1 where the first feature is above 1."""

    name: ClassVar[str] = "beyond-one"

    def fit(self, key, x, y, weight, classes):
        return Beyond()


@pytest.mark.parametrize(("dropout", "changed"), [(0.75, 3.0), (0.25, 0.9)])
def test_dropquery_drops_features_and_makes_up_for_it(view, dropout, changed):
    """A large feature is missed when it is dropped; one just below the limit crosses it when it is kept."""
    first = jnp.asarray([-1.0, 0.1, 0.9, 3.0])[jnp.arange(N) % 4]
    view = dataclasses.replace(view, x=view.x.at[:, 0].set(first), learner=BeyondOne(), fitted=Beyond())
    picks = DropQuery(trials=41, dropout=dropout).select(KEY, view, BATCH)
    np.testing.assert_allclose(first[picks], changed)


def unlike_labelled(view):
    return np.asarray(logistic(view.x, (~view.asked).astype(view.x.dtype)))


def test_the_discriminator_is_scikit_learn_s_and_rates_as_scikit_activeml(view):
    x, asked = np.asarray(view.x, float), np.asarray(view.asked)
    model = LogisticRegression(tol=1e-10, max_iter=1000).fit(x, ~asked)
    ours = unlike_labelled(view)
    np.testing.assert_allclose(ours[:-1], model.coef_[0], atol=1e-3)
    np.testing.assert_allclose(ours[-1], model.intercept_[0], atol=2e-3)
    far = logistic(view.x, (~view.asked).astype(view.x.dtype), start=jnp.asarray(ours + 3.0))
    np.testing.assert_allclose(far, ours, atol=2e-3)
    peer = DiscriminativeAL(random_state=0)
    known = np.where(asked, np.asarray(view.y), np.nan)
    theirs, utility = peer.query(
        x, known, SklearnClassifier(LogisticRegression(tol=1e-8)), batch_size=BATCH, return_utilities=True
    )
    proba = 1 / (1 + np.exp(-(x @ ours[:-1] + ours[-1])))
    np.testing.assert_allclose(proba[~asked], utility[0][~asked], atol=1e-3)
    assert np.asarray(Discriminative().select(KEY, view, BATCH)).tolist() == theirs.tolist()


def test_discriminative_sub_batches_need_not_divide_the_batch(view):
    whole = np.asarray(Discriminative(sub_batches=1).select(KEY, view, 7))
    score = np.where(np.asarray(view.asked), -np.inf, view.x @ unlike_labelled(view)[:-1])
    assert set(whole.tolist()) == set(np.argsort(-score)[:7].tolist())
    parts = np.asarray(Discriminative(sub_batches=3).select(KEY, view, 7))
    assert len(set(parts.tolist())) == 7
    assert set(parts[:3].tolist()) == set(np.argsort(-score)[:3].tolist())


@pytest.mark.parametrize("C", [0.1, 1.0, 10.0])
def test_the_svm_is_scikit_learn_s(view, C):
    x, y, used = view.evidence
    known, labels = labelled_of(view)
    beta = svm(x, jnp.where(y == jnp.arange(CLASSES)[:, None], 1.0, -1.0), used, C)
    ours = np.asarray(view.x @ (beta @ x).T + beta.sum(1))
    model = LinearSVC(C=C, loss="squared_hinge", dual=False, tol=1e-10, max_iter=100_000).fit(known, labels)
    np.testing.assert_allclose(ours, model.decision_function(np.asarray(view.x, float)), atol=2e-3)
    decision = model.decision_function(known)
    inside = np.where(labels[:, None] == np.arange(CLASSES), decision, -decision) < 1
    clear = np.abs(np.abs(decision) - 1) > 1e-2
    assert (((np.asarray(beta).T[: len(known)] != 0) == inside) | ~clear).all()
    assert (~inside).any()


def test_support_vectors_are_nearest_and_spread(view):
    x, y, used = view.evidence
    picks = np.asarray(SupportVectors().select(KEY, view, BATCH))
    beta, support = one_against_rest(x, y, used, CLASSES, 1.0)
    decision = np.asarray(view.x @ (beta @ x).T + beta.sum(1))
    asked, closeness = np.asarray(view.asked), np.abs(decision).min(1)
    assert picks[0] == np.argmin(np.where(asked, np.inf, closeness))
    distance = ((np.asarray(view.x)[:, None] - np.asarray(x)) ** 2).sum(2)
    group = np.where(np.asarray(support), distance, np.inf).argmin(1)
    assert len(set(group[picks].tolist())) == BATCH
    for slot, row in enumerate(picks):  # nobody nearer has a support vector of its own
        free = ~asked & ~np.isin(group, group[picks[:slot]])
        assert closeness[row] == closeness[free].min()


def test_the_bandit_s_replay_is_what_was_seen():
    shown = views(Random())
    now = at(shown, 6)
    for past in (0, 1, 2, 4):
        then = bandit.earlier(KEY, now, "albl", jnp.array(6 - past), BATCH)
        truth = at(shown, past)
        np.testing.assert_array_equal(then.y, truth.y)
        np.testing.assert_array_equal(then.rows, truth.rows)
        np.testing.assert_allclose(then.log_proba, truth.log_proba, atol=1e-3)
        assert int(then.round) == past


def test_exp4_rewards_the_expert_whose_rounds_helped():
    """Rule 0 advised the rounds after which everything was right, rule 1 the others."""
    rounds, q, n = 10, 4, 100
    good = np.arange(rounds) % 2 == 0
    advised = np.stack([good, ~good, np.full(rounds, 1 / n) * q], axis=1)[:, :, None] * np.full(
        (1, 1, q), 1 / q
    )
    right = np.repeat(~good[:, None], q, axis=1)  # the round after a good one
    probability = np.asarray(bandit.exp4(jnp.asarray(advised), jnp.asarray(right), jnp.array(rounds)))
    assert probability.sum() == pytest.approx(1, abs=1e-5)
    least = np.sqrt(np.log(3) / (3 * rounds))
    assert probability.min() >= least - 1e-6
    assert probability[0] > probability[1] + 0.02
    first = bandit.exp4(jnp.asarray(advised), jnp.asarray(right), jnp.array(1))
    np.testing.assert_allclose(first, 1 / 3, atol=1e-6)  # nothing is known after one round
    future = advised.copy()
    future[5:] = future[5:, ::-1]
    a, b = (bandit.exp4(jnp.asarray(z), jnp.asarray(right), jnp.array(5)) for z in (advised, future))
    np.testing.assert_allclose(a, b)  # rounds to come do not count


def test_exp4_weighs_answers_by_how_unlikely_they_were_asked():
    advised = np.full((2, 2, 2), 0.5)
    advised[1] = [[1.0, 0.0], [0.001, 0.001]]
    advised[0] = [[0.5, 0.5], [0.001, 0.001]]
    rare, common = np.array([[0, 0], [0, 1]], bool), np.array([[0, 0], [1, 0]], bool)
    a, b = (
        np.asarray(bandit.exp4(jnp.asarray(advised), jnp.asarray(r), jnp.array(2)))[0] for r in (rare, common)
    )
    assert a > b + 0.01
