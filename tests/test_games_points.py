"""Point queries: which rows are bought, the rules that name points, and the search that they share."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import askwell
from askwell import testing
from askwell.core import AbstractPointStrategy, AskwellError, Points
from askwell.games import BatchGame, PointQueries, PointSynthesis, make_game, rollout
from askwell.policies import make_head
from askwell.strategies import STRATEGIES, Margin, RandomPoints, RowPoints
from askwell.strategies.points.base import climb, some_rows, unsure
from askwell.testing import players as laws
from askwell.testing.pools import D, N, at, make_pool, replay

KEY = jax.random.key(0)
POOL = make_pool()
GAME = PointQueries(BatchGame(rounds=6, batch=4))
RULES = {name: kind() for name, kind in STRATEGIES.items() if issubclass(kind, AbstractPointStrategy)}
RULES |= {name: make_head(name, KEY, {}) for name in ("point-gain", "point-actor")}


@pytest.mark.parametrize("law", testing.PLAYER_LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", RULES)
def test_law(name, law):
    law(RULES[name])


class Nowhere(AbstractPointStrategy):
    """Names no point."""

    name = "nowhere"

    def points(self, key, view, q):
        return jnp.full((q, view.x.shape[1]), jnp.nan)


def test_a_broken_rule_is_rejected_and_told():
    with pytest.raises(AssertionError, match="no number"):
        laws.acts_in_its_space(Nowhere())
    play = eqx.filter_jit(rollout)
    assert not bool(play(GAME, Nowhere(), KEY, POOL).legal.any())
    assert bool(play(GAME, RowPoints(), KEY, POOL).legal.all())


def test_the_nearest_rows_are_bought_each_once():
    where = np.random.default_rng(0).normal(size=(6, 4, D)).astype(np.float32)
    where[2] = where[2, 0]  # one point four times: its four nearest rows
    outcomes = replay(GAME, KEY, POOL, jnp.asarray(where))[1]
    x, gone = np.asarray(POOL.x), np.zeros(N, bool)
    for bought, points in zip(np.asarray(outcomes.bought), where, strict=True):
        for row, point in zip(bought, points, strict=True):
            distance = np.where(gone, np.inf, ((x - point) ** 2).sum(axis=1))
            assert row == distance.argmin()
            gone[row] = True
    assert gone.sum() == 24


def test_a_point_that_is_no_row_gets_the_label_of_the_nearest_row():
    where = np.random.default_rng(0).normal(size=(6, 4, D)).astype(np.float32)
    views, outcomes = replay(PointSynthesis(GAME.game), KEY, POOL, jnp.asarray(where))
    x, y = np.asarray(POOL.x), np.asarray(POOL.y)
    nearest = ((where.reshape(-1, 1, D) - x) ** 2).sum(axis=2).argmin(axis=1)
    np.testing.assert_array_equal(np.asarray(outcomes.answers).ravel(), y[nearest])
    assert np.all(np.asarray(outcomes.bought) == N)
    last = at(views, 5).evidence  # before the last batch
    np.testing.assert_allclose(last.x[:20], where.reshape(-1, D)[:20])
    np.testing.assert_array_equal(last.y[:20], y[nearest][:20])
    np.testing.assert_array_equal(last.weight, np.arange(24) < 20)


def test_what_was_asked_at_points_is_covered():
    """Another batch of herding-points lies elsewhere, though no row was asked."""
    where = np.tile(np.asarray(POOL.x)[:1], (6, 4, 1))
    view = at(replay(PointSynthesis(GAME.game), KEY, POOL, jnp.asarray(where))[0], 1)
    again = STRATEGIES["herding-points"]().points(KEY, view, 4)
    assert float(jnp.min(jnp.sum((again - where[0, 0]) ** 2, axis=1))) > 0.1


def test_where_rows_lie_they_are_bought():
    """Random rows, named by where they lie, are random sampling: each row is as likely."""
    play = jax.jit(jax.vmap(lambda key: rollout(GAME, RowPoints(), key, POOL).bought))
    count = np.bincount(np.asarray(play(jax.random.split(KEY, 500))).ravel(), minlength=N)
    expected = 500 * 24 / N
    assert np.abs(count - expected).max() < 5 * expected**0.5


@pytest.fixture(scope="module")
def view():
    actions = jnp.asarray(np.random.default_rng(3).normal(size=(6, 4, D)).astype(np.float32))
    return at(replay(GAME, KEY, POOL, actions)[0], 5)


def test_some_rows_are_those_that_are_left(view):
    left = np.asarray(POOL.x)[~np.asarray(view.asked)]
    few = dataclasses.replace(view, y=jnp.where(jnp.arange(N) < N - 3, 0, -1))
    for shown, allowed in ((view, left), (few, np.asarray(POOL.x)[-3:])):
        rows = np.asarray(some_rows(KEY, shown, 8))
        assert all((row == allowed).all(axis=1).any() for row in rows)
        assert len(np.unique(rows, axis=0)) == min(8, len(allowed))


def test_the_search_finds_a_peak_that_it_is_not_told(view):
    peak = jnp.asarray(view.x[7] + 0.3)
    value = lambda x: -jnp.sum((x - peak) ** 2, axis=1)
    found = jax.jit(jax.vmap(lambda key: climb(key, view, value)))(jax.random.split(KEY, 50))
    away = np.linalg.norm(np.asarray(found) - np.asarray(peak), axis=1)
    nearest = np.linalg.norm(np.asarray(view.x) - np.asarray(peak), axis=1)
    started = np.mean([nearest[np.random.default_rng(i).permutation(N)[:8]].min() for i in range(500)])
    assert away.mean() < 0.6 * started


@pytest.mark.parametrize("name", ["uncertain-points", "herding-points"])
def test_rules_go_where_the_learner_is_unsure(view, name):
    wanted = jax.jit(jax.vmap(lambda key: RULES[name].points(key, view, 4)))(jax.random.split(KEY, 20))
    random = jax.vmap(lambda key: RandomPoints().points(key, view, 4))(jax.random.split(KEY, 20))
    there, anywhere = (np.asarray(unsure(view, points.reshape(-1, D))) for points in (wanted, random))
    assert there.mean() > anywhere.mean() + 0.1


def test_uncertainty_at_a_row_is_that_of_the_row(view):
    np.testing.assert_allclose(unsure(view, view.x), Margin().score(view), atol=1e-5)


def test_herding_spreads_its_batch(view):
    """What is in the batch covers its surroundings, so no two points of it lie on the same peak."""
    apart = {}
    for name in ("uncertain-points", "herding-points"):
        points = np.asarray(jax.jit(lambda key, rule=RULES[name]: rule.points(key, view, 8))(KEY))
        distance = np.linalg.norm(points[:, None] - points, axis=2) + np.eye(8) * 1e9
        apart[name] = distance.min(axis=1).mean()
    assert apart["herding-points"] > apart["uncertain-points"]


def test_the_space_draws_from_the_pools_moments(view):
    points = np.asarray(
        jax.vmap(lambda key: Points(4).sample(key, view))(jax.random.split(KEY, 2000))
    ).reshape(-1, D)
    x = np.asarray(view.x)
    np.testing.assert_allclose(points.mean(axis=0), x.mean(axis=0), atol=5 * x.std() / len(points) ** 0.5)
    np.testing.assert_allclose(points.std(axis=0), x.std(axis=0), rtol=0.05)


def test_what_does_not_fit_is_refused():
    with pytest.raises(AskwellError, match="has no settings of its own; given error"):
        make_game("point-queries", {"error": 0.2}, rounds=1, batch=1)
    with pytest.raises(
        AskwellError, match=r"'margin' decides about rows, .* 'point-queries' is points.*row-points"
    ):
        askwell.compare("iris", game="point-queries", strategies={"margin": Margin()}, baseline="row-points")
