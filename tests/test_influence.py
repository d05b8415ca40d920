"""What one label does, in closed form, against exact refits; and the strategy that chooses by it."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression

from askwell.core import AskwellError, gathered
from askwell.core.geometry import extended
from askwell.core.influence import LabelInfluence, believed, root_of
from askwell.learners import make_learner
from askwell.strategies.influence import _entropy_bend, expected_change

KEY, D = jax.random.key(0), 4
of, added, removed = map(eqx.filter_jit, (LabelInfluence.of, LabelInfluence.added, LabelInfluence.removed))


def data(classes, n, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    x = rng.normal(size=(n, D)) + 1.2 * rng.normal(size=(classes, D))[y]
    return x.astype(np.float32), y


def exact(x, y):
    """The weights of scikit-learn's fit, of all classes, intercept last."""
    model = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(np.asarray(x, np.float64), y)
    weights = np.concatenate([model.coef_, model.intercept_[:, None]], axis=1)
    return np.concatenate([-weights, weights]) / 2 if len(weights) == 1 else weights


def closed(x, y, classes):
    """The closed form at the exact optimum: our own fit stops a little before it."""
    ridge = jnp.array(
        [2.0 if classes == 2 else 1.0] * D + [0.0]
    )  # scikit-learn has one vector for two classes
    rows = jnp.asarray(x), jnp.asarray(y), jnp.ones(len(y))
    return of(jnp.asarray(exact(x, y), jnp.float32), jnp.ones(classes, bool), *rows, ridge)


def logits(weights, x):
    """Of each class less their mean, which nothing decides."""
    found = np.asarray(extended(jnp.asarray(x)) @ np.asarray(weights).T)
    return found - found.mean(axis=1, keepdims=True)


def moved(before, x, y, at):
    """How an exact refit moves the logits at some points."""
    return logits(exact(x, y), at) - logits(before, at)


@pytest.mark.parametrize(("classes", "n"), [(2, 40), (3, 60), (5, 100)])
def test_taking_a_label_away_is_what_a_refit_makes_of_it(classes, n):
    x, y = data(classes, n)
    now, before = closed(x, y, classes), exact(x, y)
    places = range(0, n, 3)
    true = np.array([moved(before, np.delete(x, i, axis=0), np.delete(y, i), x) for i in places])
    guessed = np.array([logits(removed(now, jnp.array(i)), x) for i in places])
    assert np.corrcoef(true.ravel(), guessed.ravel())[0, 1] > 0.97
    assert np.linalg.norm(true - guessed) < 0.1 * np.linalg.norm(true)
    once = np.array([logits(removed(now, jnp.array(i), steps=1), x) for i in places])
    assert np.linalg.norm(true - guessed) < np.linalg.norm(true - once) < 0.25 * np.linalg.norm(true)
    size = [np.linalg.norm(each, axis=(1, 2)) for each in (true, guessed)]
    assert spearmanr(*size).statistic > 0.97


@pytest.mark.parametrize(("surprising", "off"), [(False, 0.1), (True, 0.15)])
@pytest.mark.parametrize("classes", [2, 4])
def test_adding_a_label_is_what_a_refit_makes_of_it(classes, surprising, off):
    x, y = data(classes, 60)
    now, before = closed(x[:40], y[:40], classes), exact(x[:40], y[:40])
    believes = np.asarray(believed(now.weights, now.seen, extended(jnp.asarray(x))))
    true, guessed = [], []
    for row, label in zip(*np.nonzero((believes < 0.2) == surprising), strict=True):
        if row >= 40:
            more = np.append(x[:40], x[row : row + 1], axis=0), np.append(y[:40], label)
            true.append(moved(before, *more, x))
            guessed.append(logits(added(now, jnp.asarray(x[row]), jnp.array(label)), x))
    true, guessed = np.array(true), np.array(guessed)
    assert np.corrcoef(true.ravel(), guessed.ravel())[0, 1] > 0.97
    assert np.linalg.norm(true - guessed) < off * np.linalg.norm(true)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_learner_gives_it_for_its_own_fit(classes):
    x, y = data(classes, 60)
    learner = make_learner("logistic")
    rows = jnp.asarray(x), jnp.asarray(y), jnp.ones(len(y))
    ours, theirs = learner.influence(learner.fit(KEY, *rows, classes), *rows), closed(x, y, classes)
    np.testing.assert_allclose(logits(ours.weights, x), logits(theirs.weights, x), atol=0.02)
    steps = [logits(removed(one, jnp.array(0)), x) for one in (ours, theirs)]
    np.testing.assert_allclose(*steps, atol=0.05 * np.abs(steps[1]).max())


def test_the_error_falls_as_labels_are_more():
    errors = []
    for n in (30, 120, 480):
        x, y = data(3, n)
        now, before, found = closed(x, y, 3), exact(x, y), []
        for place in range(10):
            true = moved(before, np.delete(x, place, axis=0), np.delete(y, place), x[:30])
            found.append(np.linalg.norm(true - logits(removed(now, jnp.array(place), steps=1), x[:30])))
        errors.append(np.mean(found))
    # With four times as many labels each moves a quarter as much, and one step misses by about a sixteenth.
    assert errors[0] > 4 * errors[1]
    assert errors[1] > 4 * errors[2]


def test_a_point_that_is_added_leaves_the_inverse_of_all_points():
    x, y = data(3, 50)
    now = closed(x[:49], y[:49], 3)
    root = root_of(believed(now.weights, now.seen, extended(jnp.asarray(x[49:]))))[0]
    after = now.with_added(extended(jnp.asarray(x[49:]))[0], root)
    ridge = jnp.array([1.0] * D + [0.0])
    weight = jnp.ones(50)
    whole = LabelInfluence.of(now.weights, now.seen, jnp.asarray(x), jnp.asarray(y), weight, ridge)
    np.testing.assert_allclose(after.inverse, whole.inverse, atol=2e-2 * np.abs(whole.inverse).max())


def test_second_derivatives_are_those_of_finite_differences():
    logit = np.array([0.3, -0.5, 1.1])

    def proba(logit):
        return np.exp(logit) / np.exp(logit).sum()

    def entropy(logit):
        p = proba(logit)
        return -np.sum(p * np.log(p))

    step, eye = 1e-3, np.eye(3)
    found = [
        [
            (
                entropy(logit + step * (eye[i] + eye[j]))
                - entropy(logit + step * (eye[i] - eye[j]))
                - entropy(logit - step * (eye[i] - eye[j]))
                + entropy(logit - step * (eye[i] + eye[j]))
            )
            / (4 * step**2)
            for j in range(3)
        ]
        for i in range(3)
    ]
    np.testing.assert_allclose(_entropy_bend(jnp.asarray(proba(logit))[None])[0], found, atol=1e-3)
    root = root_of(jnp.asarray(proba(logit))[None])[0]
    np.testing.assert_allclose(
        root @ root.T, np.diag(proba(logit)) - np.outer(proba(logit), proba(logit)), atol=1e-6
    )


def test_the_expected_change_is_the_mean_over_labels_of_what_bends_along_the_steps():
    x, y = data(3, 40)
    now = closed(x[:30], y[:30], 3)
    wide = extended(jnp.asarray(x))
    proba = believed(now.weights, now.seen, wide)
    bent = jnp.einsum("nij,np,nq->ipjq", _entropy_bend(proba), wide, wide)
    found = expected_change(now, bent, wide, root_of(proba))
    for row in (31, 36):
        steps = [now.added(jnp.asarray(x[row]), label, steps=1) for label in range(3)]
        each = [0.5 * jnp.einsum("ip,ipjq,jq->", step, bent, step) for step in steps]
        assert float(found[row]) == pytest.approx(float(proba[row] @ jnp.stack(each)), rel=1e-2)


def test_a_learner_without_a_closed_form_says_so():
    learner = make_learner("mlp")
    with pytest.raises(AskwellError, match="'mlp' has no closed form"):
        learner.influence(None, *gathered(jnp.zeros((3, 2)), jnp.zeros(3, int), jnp.arange(2)))  # type: ignore[arg-type]
