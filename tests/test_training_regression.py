"""Regression of gains: against gains that are written down, what is kept, and a run that must not learn."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from askwell import testing
from askwell.core import AskwellError, Rows
from askwell.games import BatchGame, PointQueries
from askwell.policies import Gain, PointGain
from askwell.policies.features import CONTEXT, FEATURES, look, see
from askwell.strategies import uncertainty
from askwell.testing.pools import WARM, at, make_pool, stack, views
from askwell.training import Regression
from askwell.training.optimiser import Optimiser

KEY = jax.random.key(0)
GAME = BatchGame(rounds=1, batch=1, start=8, reward="log-loss")
POOL = make_pool(n=24)
TASKS = 16


def perturbed(noise=0.5):
    head = Gain(KEY)
    params, rest = eqx.partition(head, eqx.is_inexact_array)
    leaves, tree = jax.tree.flatten(params)
    keys = jax.random.split(jax.random.key(1), len(leaves))
    moved = [
        leaf + noise * jax.random.normal(key, leaf.shape) for leaf, key in zip(leaves, keys, strict=True)
    ]
    return eqx.combine(jax.tree.unflatten(tree, moved), rest)


@pytest.mark.parametrize("law", testing.STRATEGY_LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_law(noise, law):
    law(perturbed(noise))


def test_its_score_is_what_is_foretold_and_the_highest_is_asked():
    head, view = perturbed(), at(views(Gain(KEY)), WARM)
    np.testing.assert_allclose(head.score(view), head.foretold(head.seen(view, jnp.arange(len(view.y)))))
    best = int(jnp.argmax(jnp.where(view.asked, -jnp.inf, head.score(view))))
    assert int(head.select(KEY, view, 1)[0]) == best


def states():
    """One pool many times: the start labels, and so the states, differ by key."""
    return jax.tree.map(lambda leaf: jnp.stack([leaf] * TASKS), POOL)


def updated(trainer, updates):
    """The head after some updates, each on fresh states of the same pool, and what the last ones told."""
    state, pools, told = trainer.init(KEY, Gain(KEY), [(GAME, POOL)]), states(), []
    collect = jax.jit(lambda key, state: trainer.collect(key, state, 0, GAME, pools))
    for number in range(updates):
        key = jax.random.fold_in(KEY, number)
        state, metrics = trainer.learn(key, state, [0], [collect(key, state)])
        told.append(float(metrics["foretold"]))
    return trainer.head(state), told


def exact(number):
    """The gain of each point's label in one state, by refits, and the state's view."""
    state = GAME.reset(jax.random.key(number), POOL)
    gain = jax.vmap(lambda row: GAME.step(KEY, state, row[None])[1].reward)(jnp.arange(24))
    return GAME.view(state), gain


@pytest.fixture(scope="module")
def unseen():
    """States that training did not meet."""
    one = eqx.filter_jit(exact)
    found = [one(jnp.array(10_000 + number)) for number in range(200)]
    return [(view, np.asarray(gain)) for view, gain in found if not bool(view.cold)]


def agreement(head, unseen):
    """The mean rank correlation of exact gains and what is foretold, over states."""
    ranks = lambda values: np.argsort(np.argsort(values)).astype(float)
    score = eqx.filter_jit(lambda head, view: head.score(view))
    each = []
    for view, gain in unseen:
        left = ~np.asarray(view.asked)
        each.append(np.corrcoef(ranks(gain[left]), ranks(np.asarray(score(head, view))[left]))[0, 1])
    return float(np.mean(each)), float(np.std(each) / len(each) ** 0.5)


SETTINGS = {"k": 16, "steps": 48, "minibatch": 32, "optimiser": Optimiser(step=0.005, updates=60)}


def test_it_learns_which_labels_gain_and_shuffled_gains_teach_nothing(unseen):
    assert len(unseen) > 150
    learned, told = updated(Regression(**SETTINGS), 60)
    mean, error = agreement(learned, unseen)
    assert mean > 4 * error
    assert np.mean(told[-10:]) > 0.3
    shuffled, told = updated(Regression(**SETTINGS, shuffled=True), 60)
    mean, error = agreement(shuffled, unseen)
    assert abs(mean) < 4 * error
    assert abs(np.mean(told[-10:])) < 0.1


def test_what_is_collected_is_what_the_game_gives():
    """The gains are those of the labels alone, and what was seen is what the head is shown."""
    trainer = Regression(k=5)
    state = trainer.init(KEY, Gain(KEY), [(GAME, POOL)])
    pools = stack([POOL, POOL])
    x, gain, accuracy = jax.jit(lambda state: trainer.collect(KEY, state, 0, GAME, pools))(state)
    assert x.shape == (2, 5, len(FEATURES) + len(CONTEXT))

    @jax.jit
    def again(key):
        game_key, act_key = jax.random.split(key)
        start = GAME.reset(jax.random.fold_in(game_key, 0), POOL)
        view, draws = GAME.view(start), jax.random.split(jax.random.fold_in(act_key, 0))[0]
        rows = Rows(5).sample(draws, view)
        step = lambda row: GAME.step(jax.random.fold_in(game_key, 1), start, row[None])[1].reward
        return see(*look(view, 1, jnp.arange(24)), 1)[0][rows], jax.lax.map(step, rows)

    for task, key in enumerate(jax.random.split(KEY, 2)):
        features, gains = again(key)
        np.testing.assert_allclose(x[task][:, : len(FEATURES)], features, atol=1e-4)
        np.testing.assert_allclose(gain[task], gains, atol=1e-5)
    assert 0 <= float(accuracy) <= 1


def test_at_a_row_a_point_is_seen_as_the_row_is():
    """What is seen of points, at the places of rows: against NumPy on the view."""
    head, view = PointGain(KEY), at(views(Gain(KEY)), WARM)
    x = np.asarray(view.x, float)
    seen = dict(zip(head.inputs, np.asarray(head.seen(view, view.x)).T, strict=True))
    kernel = np.exp(-((x[:, None] - x) ** 2).sum(axis=2) / (2 * float(view.geometry.widths[1]) ** 2))
    asked, margin = np.asarray(view.asked), np.asarray(uncertainty.margin(view))
    gain = np.maximum(kernel - kernel[asked].max(axis=0), 0)
    expected = {
        "margin": np.log(margin + 1e-4) / 3,
        "coarse": np.log(gain.mean(axis=1) + 1e-4) / 3,
        "weighted": np.log((gain * margin).mean(axis=1) + 1e-4) / 3,
        "density": np.log(kernel.mean(axis=1) + 1e-4) / 3,
        "nearness": kernel[:, asked].max(axis=1),
        "confidence": np.asarray(view.log_proba).max(axis=1),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(seen[name], values, atol=2e-3, err_msg=name)


def test_in_the_data_space_it_learns_too():
    game, told = PointQueries(GAME), []
    trainer = Regression(**SETTINGS)
    state, pools = trainer.init(KEY, PointGain(KEY), [(game, POOL)]), states()
    collect = jax.jit(lambda key, state: trainer.collect(key, state, 0, game, pools))
    for number in range(60):
        key = jax.random.fold_in(KEY, number)
        state, metrics = trainer.learn(key, state, [0], [collect(key, state)])
        told.append(float(metrics["foretold"]))
    later = told[20:]
    assert np.mean(later) > 4 * np.std(later) / len(later) ** 0.5


def test_the_buffer_keeps_the_newest_states():
    trainer = Regression(k=3, buffer=6, steps=1, minibatch=2)
    state = trainer.init(KEY, Gain(KEY), [(GAME, POOL)])
    x = jnp.arange(4.0)[:, None, None] + jnp.zeros((4, 3, len(Gain(KEY).inputs)))
    for part in (0, 1):
        state, _ = trainer.learn(KEY, state, [0], [(x + 10 * part, jnp.ones((4, 3)), jnp.zeros(()))])
    assert int(state.seen) == 8
    assert state.x[:, 0, 0].tolist() == [12, 13, 2, 3, 10, 11]


@pytest.mark.parametrize("settings", [{"k": 1}, {"buffer": 0}, {"steps": 0}])
def test_impossible_settings_are_refused(settings):
    with pytest.raises(AskwellError, match=r"compares 2 points or more"):
        Regression(**settings)


def test_it_tries_one_label_at_a_time():
    with pytest.raises(AskwellError, match="set batch = 1"):
        Regression().init(KEY, Gain(KEY), [(BatchGame(rounds=2, batch=3), POOL)])
