"""Rewards: computed by hand, telescoping, and centred for random."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from askwell.core import AskwellError
from askwell.games import REWARDS, BatchGame, Change, Scores, rollout
from askwell.strategies import Random
from askwell.testing.pools import make_pool


def scores(accuracy, log_loss, balanced=0.0, macro_f1=0.0):
    return Scores(*map(jnp.asarray, (accuracy, balanced, macro_f1, log_loss, 0.0)))


@pytest.mark.parametrize(
    ("name", "last", "expected"),
    [
        ("accuracy", False, 0.2),
        ("balanced-accuracy", False, 0.15),
        ("macro-f1", False, 0.35),
        ("log-loss", False, 0.4),
        ("final-accuracy", False, 0.0),
        ("final-accuracy", True, 0.7),
        ("relative", False, 0.1),
    ],
)
def test_by_hand(name, last, expected):
    change = Change(
        scores(0.5, 1.0, 0.3, 0.1), scores(0.7, 0.6, 0.45, 0.45), jnp.array(last), scores(0.6, 0.9)
    )
    assert REWARDS[name](change) == pytest.approx(expected, abs=1e-6)


def play(reward, episodes):
    game, pool = BatchGame(rounds=3, batch=4, reward=reward), make_pool()
    keys = jax.random.split(jax.random.key(0), episodes)
    return jax.jit(jax.vmap(lambda key: rollout(game, Random(), key, pool)))(keys)


@pytest.mark.parametrize(
    ("name", "total"),
    [
        ("accuracy", lambda s: s.accuracy[:, -1] - 1 / 3),  # a cold start hits one in three
        ("balanced-accuracy", lambda s: s.balanced_accuracy[:, -1] - 1 / 3),
        ("log-loss", lambda s: np.log(3) - s.log_loss[:, -1]),
        ("final-accuracy", lambda s: s.accuracy[:, -1]),
    ],
)
def test_an_episodes_rewards_sum_to(name, total):
    outcome = play(name, 4)
    np.testing.assert_allclose(outcome.reward.sum(1), total(outcome.selection), atol=1e-5)


def test_relative_is_centred_for_random():
    episodes = np.asarray(play("relative", 256).reward).mean(1)
    error = episodes.std(ddof=1) / len(episodes) ** 0.5
    assert 0 < error < 0.01
    assert abs(episodes.mean()) < 4 * error


def test_an_unknown_reward_names_the_nearest():
    with pytest.raises(AskwellError, match="Did you mean 'accuracy'"):
        BatchGame(reward="acuracy")
