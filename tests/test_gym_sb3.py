"""Stable-Baselines3 on the environments: its own checks, PPO on label-or-skip, TD3 on point queries.

Neither it nor PyTorch is a dependency; `pip install stable-baselines3` beside Askwell, and these tests run.
"""

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium", reason="the extra askwell[gym] is not installed")
sb3 = pytest.importorskip("stable_baselines3", reason="stable-baselines3 (and PyTorch) is not installed")

from stable_baselines3.common.env_checker import check_env  # noqa: E402

from askwell.data import Dataset  # noqa: E402
from askwell.games import GAMES  # noqa: E402
from askwell.gym import IDS  # noqa: E402
from test_gym import SETTINGS  # noqa: E402


def clumps():
    """Two thirds of the points lie in one clump of one class; the other two classes have a clump each."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 0, 0, 0, 1, 2], 40).astype(np.int32)
    x = (rng.normal(0, 0.1, (240, 2)) + np.array([[0, 0], [3, 0], [0, 3]])[y]).astype(np.float32)
    return Dataset("clumps", x, y, ("a", "b", "c"), np.arange(240).astype(str).astype(object))


CLUMPS = {"dataset": clumps(), "rounds": 3, "batch": 1, "splits": 4, "pool": 40}


# It advises other spaces than images or flat boxes of -1 to 1; they are what these games need.
@pytest.mark.filterwarnings("ignore::UserWarning:stable_baselines3")
@pytest.mark.parametrize("game", GAMES)
def test_its_own_check(game):
    check_env(gymnasium.make(IDS[game], **SETTINGS).unwrapped)


def test_ppo_learns_to_keep_its_labels_for_new_clumps():
    """Three labels, three clumps: who labels a point like one that it labelled before wastes one."""
    settings = CLUMPS | {"game_settings": {"every": 2}}
    env, judge = (gymnasium.make(IDS["label-or-skip"], **settings) for _ in range(2))

    def gain(act):
        """What a stream adds to the accuracy, on average over 40."""
        total = 0.0
        for seed in range(40):
            observation, _ = judge.reset(seed=seed)
            over = False
            while not over:
                observation, reward, over, _, _ = judge.step(act(observation))
                total += reward
        return total / 40

    flips = np.random.default_rng(0)
    at_random = gain(lambda _: flips.integers(2))
    agent = sb3.PPO(
        "MlpPolicy", env, n_steps=256, learning_rate=0.003, gamma=1.0, seed=0, device="cpu"
    ).learn(2048)
    learned = gain(lambda observation: agent.predict(observation)[0])
    assert (
        at_random + 0.1 < learned <= 2 / 3 + 1e-5
    )  # from 1/3 to all; at random .45, when this was written .63


def test_td3_asks_for_points_within_the_box():
    asked = []

    class Watched(gymnasium.ActionWrapper):
        def action(self, action):
            asked.append(action)
            return action

    env = Watched(gymnasium.make(IDS["point-queries"], **CLUMPS | {"batch": 2}))
    agent = sb3.TD3(
        "MlpPolicy", env, learning_starts=30, batch_size=16, buffer_size=100, seed=0, device="cpu"
    )
    before = [weights.detach().clone() for weights in agent.actor.parameters()]
    agent.learn(60)
    assert np.shape(asked) == (60, 2, 2)
    assert all(env.action_space.contains(action) for action in asked)
    assert np.ptp(asked, axis=0).min() > 5  # the box is used, not its middle alone
    assert any((old != new).any() for old, new in zip(before, agent.actor.parameters(), strict=True))
    observation, _ = env.reset(seed=0)
    points, _ = agent.predict(observation)
    picks = env.step(points)[-1]["picks"]
    nearest = np.argmin(np.linalg.norm(observation[:, :2] - points[0], axis=1))
    assert picks[0] == nearest
