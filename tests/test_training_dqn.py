"""Q-learning: its target, and what it converges to in a game of which every episode is written down."""

import itertools
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from askwell.core import AskwellError, Rows
from askwell.games import BatchGame
from askwell.policies import AbstractForeteller, Gain
from askwell.testing.pools import stack
from askwell.training import DQN
from askwell.training.dqn import double
from askwell.training.optimiser import Optimiser
from test_training_exact import Kernel, make_pool

KEY = jax.random.key(0)
N, TASKS = 5, 16
GAME = BatchGame(learner=Kernel(), rounds=2, batch=1, reward="log-loss")
POOL = make_pool((2, 3, 4, 6, 1))


class Written(AbstractForeteller):
    """A number for each action in each state of a game of two labels: what was asked first, then what is asked."""

    name = "written"
    space = Rows
    inputs = tuple(map(str, range(N + N * N)))
    table: jax.Array

    def __init__(self):
        self.table = jnp.zeros(len(self.inputs))

    def decide(self, key, view, space):
        return self.candidates(key, view, space.q)

    def candidates(self, key, view, k):
        return Rows(k).sample(key, view)

    def seen(self, view, actions):
        place = jnp.where(view.round > 0, N + N * view.rows[0] + actions, actions)
        return jax.nn.one_hot(place, len(self.inputs))

    def foretold(self, x):
        return x @ self.table


@pytest.fixture(scope="module")
def rewards():
    """Of every first action, ``[n]``, and of every second one, ``[n, n]``, by play."""
    first = GAME.reset(KEY, POOL)

    def both(a, b):
        state, one = GAME.step(KEY, first, a[None])
        return one.reward, GAME.step(KEY, state, b[None])[1].reward

    a, b = map(jnp.array, zip(*itertools.product(range(N), repeat=2), strict=True))
    one, two = jax.jit(jax.vmap(both))(a, b)
    return np.asarray(one).reshape(N, N)[:, 0], np.asarray(two).reshape(N, N)


def optimal(rewards, discount):
    """The returns of all actions if the later one is the best: of the first ``[n]``, of the second ``[n, n]``."""
    one, two = rewards
    two = np.where(np.eye(N, dtype=bool), -np.inf, two)
    return one + discount * two.max(axis=1), two


def learned(trainer, updates=100):
    """The values that a table learns by playing, in the rewards' own unit, ``[n]`` and ``[n, n]``."""
    state, pools = trainer.init(KEY, Written(), [(GAME, POOL)]), stack([POOL] * TASKS)
    collect = jax.jit(lambda key, state: trainer.collect(key, state, 0, GAME, pools))
    for number in range(updates):
        key = jax.random.fold_in(KEY, number)
        state, metrics = trainer.learn(key, state, [0], [collect(key, state)])
    assert all(np.isfinite(value) for value in metrics.values())
    table = np.asarray(trainer.head(state).table) * float(state.unit)
    return table[:N], table[N:].reshape(N, N)


SETTINGS = {"k": 4, "episodes": 2, "optimiser": Optimiser(step=0.05, updates=100, average=0.2)}
OFF = ~np.eye(N, dtype=bool)


@pytest.mark.parametrize("discount", [0.0, 1.0])
def test_it_converges_to_the_returns_of_the_best_play(rewards, discount):
    first, second = optimal(rewards, discount)
    found = learned(DQN(**SETTINGS, discount=discount))
    spread = first.std()
    np.testing.assert_allclose(found[0], first, atol=0.1 * spread)
    np.testing.assert_allclose(found[1][OFF], second[OFF], atol=0.1 * spread)
    # What counts beyond the round is something else than what counts in it.
    myopic = optimal(rewards, 1.0 - discount)[0]
    assert np.abs(myopic - first).max() > spread


def test_rewards_that_changed_places_teach_nothing(rewards):
    second = optimal(rewards, 1.0)[1][OFF]
    found = learned(DQN(**SETTINGS, discount=1.0, shuffled=True))[1][OFF]
    assert abs(np.corrcoef(found, second)[0, 1]) < 0.5


def test_a_target_is_what_numpy_says():
    rng = np.random.default_rng(0)
    online, held, reward = rng.normal(size=(50, 6)), rng.normal(size=(50, 6)), rng.normal(size=50)
    live = rng.random(50) < 0.7
    found = jax.vmap(partial(double, 0.9))(*map(jnp.asarray, (reward, live, online, held)))
    for i in range(50):
        later = held[i, online[i].argmax()] if live[i] else 0.0
        assert float(found[i]) == pytest.approx(reward[i] + 0.9 * later, abs=1e-5)
    assert np.any(held.argmax(axis=1) != online.argmax(axis=1))


def test_what_is_collected_is_the_play():
    """The next state's actions are those of the next move, the last move has none after it, and rewards add up."""
    trainer = DQN(k=3, episodes=2, discount=0.5)
    game = BatchGame(learner=Kernel(), rounds=3, batch=1, start=1, reward="log-loss")
    pool = make_pool((2, 3, 4, 6, 1, 2), x=np.arange(12.0).reshape(6, 2) / 4, y=(0, 0, 1, 2, 1, 0))
    state = trainer.init(KEY, Gain(KEY), [(game, pool)])
    moves, accuracy = eqx.filter_jit(trainer.collect)(KEY, state, 0, game, stack([pool, pool]))
    assert moves.live.reshape(-1, 3).tolist() == [[True, True, False]] * 4
    x, after = (np.asarray(a).reshape(4, 3, *a.shape[1:]) for a in (moves.x, moves.after))
    for move in range(2):  # what was taken is among what could be taken
        assert (np.abs(after[:, move] - x[:, move + 1, None]).max(axis=2).min(axis=1) < 1e-6).all()
    reward, earned = (np.asarray(a).reshape(4, 3) for a in (moves.reward, moves.earned))
    np.testing.assert_allclose(earned[:, 0], reward @ [1, 0.5, 0.25], rtol=1e-4)
    assert 0 <= float(accuracy) <= 1


@pytest.mark.parametrize("settings", [{"k": 1}, {"buffer": 0}, {"discount": 1.1}, {"episodes": 0}])
def test_impossible_settings_are_refused(settings):
    with pytest.raises(AskwellError, match=r"looks at 2 actions or more"):
        DQN(**settings)


def test_it_tries_one_label_at_a_time():
    with pytest.raises(AskwellError, match="The trainer 'dqn' tries one label"):
        DQN().init(KEY, Gain(KEY), [(BatchGame(rounds=2, batch=3), POOL)])
