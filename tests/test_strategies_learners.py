"""Strategies that look ahead through the learner, against slow definitions; what all that refit share."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from skactiveml.classifier import SklearnClassifier
from skactiveml.pool import MonteCarloEER
from sklearn.linear_model import LogisticRegression

from askwell.core import AskwellError
from askwell.strategies import Random
from askwell.strategies import bait as bait_file
from askwell.strategies.bait import Bait
from askwell.strategies.bald import Bald
from askwell.strategies.bandit import Albl
from askwell.strategies.batchbald import BatchBald
from askwell.strategies.clue import Clue
from askwell.strategies.discriminative import Discriminative
from askwell.strategies.dropquery import DropQuery
from askwell.strategies.expected_error import ExpectedError
from askwell.strategies.query_by_committee import QueryByCommittee
from askwell.strategies.support_vectors import SupportVectors
from askwell.testing.pools import BATCH, CLASSES, WARM, N, at, permuted, views

KEY = jax.random.key(0)


@pytest.fixture
def view():
    return at(views(Random()), WARM)


@eqx.filter_jit
def expected_risk(strategy, view, rows):
    return strategy.expected_risk(KEY, view, rows)


def labelled_of(view):
    x, y, weight = (np.asarray(a) for a in view.evidence)
    return x[weight > 0].astype(float), y[weight > 0]


def hessian_blocks(x, log_proba):
    """Each point's information about multinomial weights ``[c, d]``, by differentiation; its class blocks."""

    def one(x, logits):
        def loss(w):
            return jax.nn.logsumexp(logits + w @ x)  # the label's own logit is linear: no curvature

        full = jax.hessian(loss)(jnp.zeros((logits.shape[0], x.shape[0])))
        return jnp.einsum("cdce->cde", full)

    return np.asarray(jax.vmap(one)(x, log_proba), float)


@pytest.mark.parametrize("classes", [2, 3])
def test_bait_s_gain_is_the_fall_of_the_dense_trace(classes):
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(15, 4)), jnp.float32)
    log_proba = jax.nn.log_softmax(jnp.asarray(2 * rng.normal(size=(15, classes)), jnp.float32))
    blocks, ridge = hessian_blocks(x, log_proba), 0.3
    proba = jnp.exp(log_proba).T
    amount, asked = proba * (1 - proba), np.arange(15) < 3

    def trace(rows):
        return np.trace(
            np.linalg.inv(blocks[rows].sum(0) + ridge * np.eye(4)) @ blocks.sum(0), axis1=1, axis2=2
        ).sum()

    now, rows = bait_file.information(x, amount, jnp.asarray(asked), ridge), [0, 1, 2]
    for row in (7, 4, 9):
        gains = [trace(rows) - trace([*rows, i]) for i in range(15)]
        np.testing.assert_allclose(bait_file.gain(now, amount), gains, rtol=2e-3)
        now, rows = bait_file.add(now, x, amount, jnp.array(row)), [*rows, row]
    losses = [trace([r for r in rows if r != i]) - trace(rows) for i in (7, 4, 9)]
    np.testing.assert_allclose(-bait_file.gain(now, -amount)[jnp.array([7, 4, 9])], losses, rtol=2e-3)
    back = bait_file.add(now, x, -amount, jnp.array(4))
    without = jnp.isin(jnp.arange(15), jnp.array([0, 1, 2, 7, 9]))
    fresh = bait_file.information(x, amount, without, ridge)
    np.testing.assert_allclose(back.reach, fresh.reach, rtol=2e-3)


def test_class_blocks_are_all_there_is_for_two_classes():
    """With two classes the full matrix is [[1, -1], [-1, 1]] ⊗ the block: the same criterion."""
    rng = np.random.default_rng(1)
    x, p = rng.normal(size=(12, 3)), rng.uniform(0.1, 0.9, 12)
    half = [q * (1 - q) * np.outer(v, v) for v, q in zip(x, p, strict=True)]
    full = [np.kron([[1, -1], [-1, 1]], block) for block in half]

    def trace(parts, rows, ridge):
        m = sum(parts[i] for i in rows) + ridge * np.eye(len(parts[0]))
        return np.trace(np.linalg.solve(m, sum(parts)))

    a = [trace(full, [0, i], 2.0) for i in range(12)]  # the weights' difference has twice the scale
    b = [trace(half, [0, i], 1.0) for i in range(12)]
    np.testing.assert_allclose(a, b, rtol=1e-6)


@pytest.mark.parametrize(("ours", "theirs"), [("log", "log_loss"), ("zero-one", "misclassification_loss")])
def test_expected_error_is_a_slow_loop_of_refits(view, ours, theirs):
    x, y = labelled_of(view)
    pool, rows = np.asarray(view.x, float), np.flatnonzero(~np.asarray(view.asked))[:12]
    rest = pool[~np.asarray(view.asked)]
    belief = LogisticRegression(tol=1e-8, max_iter=1000).fit(x, y).predict_proba(pool[rows])
    slow = np.zeros(len(rows))
    for i, row in enumerate(rows):
        for label in range(CLASSES):
            model = LogisticRegression(tol=1e-8, max_iter=1000).fit(np.vstack([x, pool[row]]), [*y, label])
            p = model.predict_proba(rest)
            loss = -(p * np.log(p)).sum(1) if ours == "log" else 1 - p.max(1)
            slow[i] += belief[i, label] * loss.mean()
    risk = np.asarray(expected_risk(ExpectedError(loss=ours), view, jnp.asarray(rows)))
    np.testing.assert_allclose(risk, slow, atol=3e-4)
    assert np.ptp(slow) > 3e-3
    peer = MonteCarloEER(method=theirs, random_state=0)
    known = np.where(np.asarray(view.asked), np.asarray(view.y), np.nan)
    classifier = SklearnClassifier(LogisticRegression(), classes=list(range(CLASSES)))
    _, utility = peer.query(pool, known, classifier, candidates=rows, X_eval=rest, return_utilities=True)
    np.testing.assert_allclose(risk, -utility[0][rows] / len(rest), atol=1e-3)


def test_expected_error_tries_the_most_uncertain_when_it_cannot_try_all(view):
    few = eqx.filter_jit(lambda view: ExpectedError(refits=5 * CLASSES).select(KEY, view, BATCH))(view)
    proba = np.sort(np.asarray(view.proba), axis=1)
    margin = np.where(np.asarray(view.asked), np.inf, proba[:, -1] - proba[:, -2])
    candidates = np.argsort(margin)[:5]
    assert set(np.asarray(few).tolist()) <= set(candidates.tolist())
    risk = expected_risk(ExpectedError(), view, jnp.asarray(candidates))
    assert int(few[0]) == candidates[int(jnp.argmin(risk))]


@pytest.mark.parametrize("round", [0, WARM])
def test_expected_error_of_every_point_is_its_own_wherever_it_stands(round):
    view, order = at(views(Random()), round), np.random.default_rng(2).permutation(N)
    before, after = (expected_risk(ExpectedError(), v, jnp.arange(N)) for v in (view, permuted(view, order)))
    np.testing.assert_allclose(before[order], after, rtol=1e-4, atol=1e-4)
    assert round == 0 or np.ptp(before) > 3e-3


@pytest.mark.parametrize(
    "strategy", [Bald(), BatchBald(), QueryByCommittee(), ExpectedError(), DropQuery(), Albl()]
)
def test_without_a_learner_the_error_names_the_strategy(view, strategy):
    with pytest.raises(AskwellError, match=f"'{strategy.name}' refits the learner"):
        strategy.select(KEY, dataclasses.replace(view, learner=None), BATCH)


@pytest.mark.parametrize("strategy", [Bait(), Clue(), Discriminative(), SupportVectors()])
def test_others_need_none(view, strategy):
    picks = strategy.select(KEY, dataclasses.replace(view, learner=None), BATCH)
    assert len(set(np.asarray(picks).tolist())) == BATCH


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: QueryByCommittee(measure="ratio"), "votes, kl"),
        (lambda: ExpectedError(loss="hinge"), "log, zero-one"),
        (lambda: Bait(ridge=0.0), "above 0"),
        (lambda: SupportVectors(C=0.0), "above 0"),
        (lambda: Discriminative(sub_batches=0), "at least 1"),
        (lambda: Albl(experts=()), "at least one expert"),
    ],
)
def test_settings_that_cannot_work_are_refused(make, sentence):
    with pytest.raises(AskwellError, match=sentence):
        make()
