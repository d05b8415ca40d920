"""Stop as an action in Gymnasium: its checks, its end, and what is paid."""

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium", reason="the extra askwell[gym] is not installed")

from gymnasium.utils.env_checker import check_env  # noqa: E402

from askwell.gym import FEATURES, IDS  # noqa: E402
from test_gym import blobs  # noqa: E402

SETTINGS = {"dataset": blobs(), "rounds": 3, "batch": 4, "splits": 3, "game_settings": {"price": 0.01}}


@pytest.fixture(scope="module")
def env():
    return gymnasium.make(IDS["stop"], **SETTINGS)


def test_gymnasiums_own_check(env):
    check_env(env.unwrapped)
    n = env.observation_space.shape[0]
    assert env.observation_space.shape == (n, 2 + len(FEATURES))
    assert env.action_space == gymnasium.spaces.MultiDiscrete([2, n, n, n, n])


def test_going_on_is_paid_for_and_stopping_ends(env):
    observation, _ = env.reset(seed=0)
    np.testing.assert_allclose(observation[:, 0], 0.01)
    _, reward, terminated, _, info = env.step([1, 3, 4, 5, 6])
    assert (info["picks"].tolist(), int(info["cost"]), terminated) == ([3, 4, 5, 6], 4, False)
    assert reward == pytest.approx(info["selection_accuracy"] - 1 / 3 - 0.04, abs=1e-5)
    _, reward, terminated, _, info = env.step([0, 7, 8, 9, 10])
    assert (reward, int(info["cost"]), int(info["replaced"]), terminated) == (0, 0, 0, True)
    assert len(set(info["picks"].tolist())) == 1
