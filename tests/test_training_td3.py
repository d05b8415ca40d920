"""TD3: what a critic sees at a point, the actor's gradient, targets, and runs that must and must not learn."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from askwell.core import AskwellError, Points
from askwell.games import BatchGame, PointQueries
from askwell.policies import PointActor
from askwell.testing.pools import WARM, N, at, make_pool, stack, views
from askwell.training import TD3
from askwell.training.optimiser import Optimiser
from askwell.training.td3 import Moves, cautious, climbed, moved, values

KEY = jax.random.key(0)
GAME = PointQueries(BatchGame(rounds=1, batch=1, start=8, reward="log-loss"))
SMALL, TASKS = 24, 16
POOL = make_pool(n=SMALL)
ROWS = np.random.default_rng(0).choice(N, 20, replace=False)


def critics_of(seed):
    make = lambda key: eqx.nn.MLP(len(PointActor.inputs), 1, 8, 2, jnp.tanh, key=key)
    return eqx.filter_vmap(make)(jax.random.split(jax.random.key(seed)))


@pytest.fixture(scope="module")
def shown():
    """An actor, and the view and some rows as it sees them."""
    actor = PointActor(jax.random.key(3))
    view = at(views(actor), WARM)
    return actor, view, actor.rated(view, jnp.asarray(ROWS))


def doubled(tree):
    return jax.tree.map(lambda a: a.astype(float) if eqx.is_inexact_array(a) else a, tree)


def at_point(view, rated, point):
    """What is seen at a point of the space, from coordinates, in NumPy."""
    x, width = np.asarray(view.x, float)[ROWS], float(view.geometry.widths[0])
    near = np.exp(-((x - point) ** 2).sum(axis=1) / (2 * width**2)) * np.asarray(rated.left)
    return near @ np.asarray(rated.seen, float) / near.sum()


def test_the_point_is_the_weighted_mean_of_rows_that_are_left(shown):
    actor, view, rated = shown
    weight = np.asarray(actor.weights(rated.seen, rated.left))
    assert weight.sum() == pytest.approx(1, abs=1e-5)
    assert not weight[np.asarray(view.asked)[ROWS]].any()
    every = eqx.filter_jit(actor.rated)(view, jnp.arange(N))
    point = np.asarray(actor.weights(every.seen, every.left)) @ np.asarray(view.x)
    points = np.asarray(eqx.filter_jit(actor.decide)(KEY, view, Points(3)))
    np.testing.assert_allclose(points[0], point, atol=1e-4)
    assert np.abs(points[1:] - points[:-1]).max(axis=1).min() > 1e-2  # what is in the batch counts


def test_in_a_cold_round_it_asks_the_row_that_covers_most(shown):
    view = at(views(shown[0]), 0)
    best = int(jnp.argmax(jnp.mean(view.geometry.similarity, axis=1)))
    np.testing.assert_allclose(shown[0].points(KEY, view, 1)[0], view.x[best], atol=1e-5)


def test_distances_alone_tell_what_is_seen_at_a_point(shown):
    _, view, rated = shown
    rng = np.random.default_rng(1)
    for weight in rng.dirichlet(np.ones(len(ROWS)), 5):
        weight = np.asarray(moved(KEY, jnp.asarray(weight, jnp.float32), 0.3, 2.0))
        point = weight @ np.asarray(view.x)[ROWS]
        np.testing.assert_allclose(rated.at(jnp.asarray(weight)), at_point(view, rated, point), atol=2e-3)


def test_the_actor_follows_the_slope_of_the_critic_at_its_point(shown):
    """By finite differences: in the weights of the actor, and in the coordinates of its point."""
    with jax.enable_x64(True):
        actor, view, rated = map(doubled, shown)
        critics = doubled(critics_of(1))
        params, rest = eqx.partition(actor, eqx.is_inexact_array)
        flat, back = ravel_pytree(params)
        worth = jax.jit(lambda flat: climbed(eqx.combine(back(flat), rest), critics, rated))
        gradient = jax.grad(worth)(flat)
        step = 1e-6
        for along in jax.random.normal(KEY, (4, len(flat))):
            slope = (worth(flat + step * along) - worth(flat - step * along)) / (2 * step)
            assert float(along @ gradient) == pytest.approx(float(slope), rel=1e-4, abs=1e-8)
        assert float(jnp.max(jnp.abs(gradient))) > 1e-4
        # Of the critic by the point's coordinates, then of the point by the weights: the same slope.
        x = np.asarray(view.x)[ROWS]
        weight = np.asarray(actor.weights(rated.seen, rated.left))
        told = lambda point: float(values(critics, jnp.asarray(at_point(view, rated, point)))[0])
        by_point = [
            (told(weight @ x + e) - told(weight @ x - e)) / (2 * step) for e in step * np.eye(x.shape[1])
        ]
        by_weight = jax.grad(lambda weight: values(critics, rated.at(weight))[0])(jnp.asarray(weight))
        centred = lambda a: a - np.mean(a)  # the weights sum to 1
        np.testing.assert_allclose(centred(by_weight), centred(x @ np.array(by_point)), atol=1e-6)


def test_a_point_is_moved_in_the_spread_of_the_rows():
    x = np.random.default_rng(2).normal(size=(40, 3)) * [1.0, 2.0, 0.5]
    weight = jax.nn.one_hot(7, 40)
    ways = np.asarray(
        jax.vmap(lambda key: moved(key, weight, 0.3, jnp.inf))(jax.random.split(KEY, 20_000)), float
    )
    np.testing.assert_allclose(ways.sum(axis=1), 1, atol=1e-5)
    steps = ways @ x - x[7]
    np.testing.assert_allclose(steps.T @ steps / len(steps), 0.09 * (x - x[7]).T @ (x - x[7]) / 40, atol=0.05)
    parts = ways - np.asarray(weight) * (1 - (ways.sum(axis=1) - ways[:, 7]))[:, None]
    assert np.abs(parts[:, :7]).max() > 2 * 0.3 / 40**0.5
    cut = moved(KEY, weight, 0.3, 0.1)
    assert np.abs(np.delete(np.asarray(cut), 7)).max() <= 0.03 / 40**0.5 + 1e-6


def test_a_target_is_what_numpy_says(shown):
    """The lower critic at the target actor's point, moved by cut noise; nothing after the last move."""
    actor, view, rated = shown
    trainer, lower = TD3(discount=0.8, smoothing=0.5), set()
    for number in range(8):
        key, critics = jax.random.key(number), critics_of(number)
        noise = np.clip(np.asarray(jax.random.normal(key, (len(ROWS),))), -2.5, 2.5) * 0.5 / len(ROWS) ** 0.5
        weight = np.asarray(actor.weights(rated.seen, rated.left)) * (1 - noise.sum()) + noise
        seen = at_point(view, rated, weight @ np.asarray(view.x)[ROWS])
        both = np.asarray(values(critics, jnp.asarray(seen, jnp.float32)))
        lower.add(int(both.argmin()))
        for live in (True, False):
            move = Moves(
                rated,
                jnp.zeros(20),
                jnp.array(0.3),
                (rated.seen, rated.left),
                jnp.array(live),
                jnp.array(0.0),
            )
            found = float(cautious(trainer, (actor, critics), key, move))
            assert found == pytest.approx(0.3 + 0.8 * live * both.min(), abs=2e-3)
    assert lower == {0, 1}


def test_what_is_collected_is_the_play():
    game = PointQueries(BatchGame(rounds=3, batch=1, start=6, reward="log-loss"))
    trainer = TD3(rows=8, episodes=2, discount=0.5)
    state = trainer.init(KEY, PointActor(KEY), [(game, POOL)])
    moves, accuracy = eqx.filter_jit(trainer.collect)(KEY, state, 0, game, stack([POOL, POOL]))
    assert moves.live.reshape(-1, 3).tolist() == [[True, True, False]] * 4
    np.testing.assert_allclose(moves.weight.sum(axis=1), 1, atol=1e-5)
    before, after = (np.asarray(part.seen).reshape(4, 3, 8, -1) for part in (moves.rated, moves.after))
    np.testing.assert_array_equal(after[:, :2], before[:, 1:])
    assert np.abs(after[:, :2] - before[:, :2]).max() > 1e-3
    reward, earned = (np.asarray(a).reshape(4, 3) for a in (moves.reward, moves.earned))
    np.testing.assert_allclose(earned[:, 0], reward @ [1, 0.5, 0.25], rtol=1e-4)
    assert 0 <= float(accuracy) <= 1


def updated(trainer, updates=60):
    """The actor after some updates, each on fresh states of the same pool."""
    state = trainer.init(KEY, PointActor(KEY), [(GAME, POOL)])
    pools = stack([POOL] * TASKS)
    collect = jax.jit(lambda key, state: trainer.collect(key, state, 0, GAME, pools))
    for number in range(updates):
        key = jax.random.fold_in(KEY, number)
        state, _ = trainer.learn(key, state, [0], [collect(key, state)])
    return trainer.head(state)


@eqx.filter_jit
def gains(actor):

    def one(number):
        state = GAME.reset(jax.random.key(10_000 + number), POOL)
        view = GAME.view(state)
        of = lambda point: GAME.step(KEY, state, point[None])[1].reward
        mean = jnp.sum(~view.asked * jax.vmap(of)(view.x)) / jnp.sum(~view.asked)
        return of(actor.points(KEY, view, 1)[0]) - mean, view.cold

    return jax.lax.map(one, jnp.arange(400))


def gained(actor):
    """What the actor's point gains above the mean of all rows, by refits, in states that training did not meet."""
    gain, cold = map(np.asarray, gains(actor))
    return gain[~cold]


SETTINGS = {"rows": 12, "episodes": 8, "steps": 16, "minibatch": 64, "noise": 0.1}


def test_it_learns_where_labels_gain_and_shuffled_rewards_teach_nothing():
    optimiser, found = Optimiser(step=0.005, updates=60), {}
    for shuffled in (False, True):
        gain = gained(updated(TD3(**SETTINGS, optimiser=optimiser, shuffled=shuffled)))
        found[shuffled] = gain.mean(), gain.std(ddof=1) / len(gain) ** 0.5
    print(found)
    assert found[False][0] > 4 * found[False][1]
    # Chance may well lead an actor somewhere, but not uphill.
    assert found[True][0] < 2 * found[True][1]


@pytest.mark.parametrize("settings", [{"rows": 1}, {"buffer": 0}, {"discount": -0.1}, {"noise": -1.0}])
def test_impossible_settings_are_refused(settings):
    with pytest.raises(AskwellError, match=r"needs 2 rows or more"):
        TD3(**settings)


def test_a_pool_must_have_rows_to_make_a_point_of():
    with pytest.raises(AskwellError, match="has only 15 that are never asked"):
        TD3().init(KEY, PointActor(KEY), [(GAME, POOL)])
    with pytest.raises(AskwellError, match="The trainer 'td3' tries one label"):
        TD3().init(KEY, PointActor(KEY), [(PointQueries(BatchGame(rounds=2, batch=3)), POOL)])
