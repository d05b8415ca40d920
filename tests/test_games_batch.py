"""The batch game: bookkeeping, refits, the annotator's mistakes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from askwell.core import AskwellError
from askwell.games import BatchGame, annotate, rollout
from askwell.learners import Logistic
from askwell.strategies import Margin, Random
from askwell.testing.pools import BATCH, GAME, N, asking_order, at, make_pool, replay

POOL = make_pool()
ORDER = asking_order(POOL)


@pytest.mark.parametrize("p", [0.0, 0.1, 0.81, 1.0])
def test_wrong_answers_come_as_often_as_said_and_are_any_other_class(p):
    n, c = 20_000, 4
    y = jnp.arange(n) % c
    answers = annotate(jax.random.key(0), y, c, p)
    wrong = np.asarray(answers != y)
    assert abs(wrong.mean() - p) <= 5 * (p * (1 - p) / n) ** 0.5
    assert (answers >= 0).all()
    assert (answers < c).all()
    if p:
        shift = np.bincount((np.asarray(answers - y) % c)[wrong], minlength=c)[1:]
        assert stats.chisquare(shift).pvalue > 1e-4


def test_two_classes_are_swapped():
    y = jnp.array([0, 1, 1])
    np.testing.assert_array_equal(annotate(jax.random.key(0), y, 2, 1.0), 1 - y)


def test_start_labels_are_distinct_random_and_paid_for():
    game = BatchGame(rounds=2, batch=3, start=5)
    assert game.budget == 11
    rows = [np.asarray(game.reset(jax.random.key(i), POOL).rows) for i in range(2)]
    for r in rows:
        assert len(set(r[:5].tolist())) == 5
        assert (r[:5] < N).all()
        assert (r[5:] == N).all()
    assert not np.array_equal(*rows)
    outcome = rollout(game, Random(), jax.random.key(0), POOL)
    assert outcome.bought.shape == (2, 3)


def test_a_pool_below_the_budget_is_refused():
    with pytest.raises(AskwellError, match="64 points and the budget is 65"):
        BatchGame(rounds=16, batch=4, start=1).reset(jax.random.key(0), POOL)


@pytest.mark.parametrize(
    "wrong", [{"rounds": 0}, {"batch": 0}, {"start": -1}, {"noise": 1.1}, {"noise": -0.1}]
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(AskwellError, match=str(next(iter(wrong.values())))):
        BatchGame(**wrong)


def test_each_round_is_fitted_to_the_asked_rows_alone():
    views, outcomes = replay(GAME, jax.random.key(0), POOL, ORDER)
    for round in (1, 4, 9):
        rows = ORDER[:round].ravel()
        fitted = Logistic().fit(jax.random.key(0), POOL.x[rows], POOL.y[rows], jnp.ones(len(rows)), 3)
        np.testing.assert_allclose(
            jnp.exp(at(views, round).log_proba), jnp.exp(fitted.log_proba(POOL.x)), atol=1e-3
        )
        hits = (fitted.log_proba(POOL.report_x).argmax(1) == POOL.report_y).mean()
        assert at(outcomes, round - 1).report.accuracy == pytest.approx(float(hits), abs=1e-6)


def test_strategies_meet_the_same_mistakes():
    game = BatchGame(rounds=N // BATCH, batch=BATCH, noise=0.4)
    episode = jax.jit(lambda key: [rollout(game, s, key, POOL) for s in (Random(), Margin())])
    random, margin = episode(jax.random.key(0))
    by_row = [
        np.asarray(o.answers).ravel()[np.argsort(np.asarray(o.bought).ravel())] for o in (random, margin)
    ]
    assert not np.array_equal(random.bought, margin.bought)
    np.testing.assert_array_equal(*by_row)
    assert 0.1 < (by_row[0] != np.asarray(POOL.y)).mean() < 0.7
