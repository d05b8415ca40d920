"""Label or skip in Gymnasium: its checks, its end, and the vector form whose environments end at different times."""

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium", reason="the extra askwell[gym] is not installed")

from gymnasium.error import InvalidAction, ResetNeeded  # noqa: E402
from gymnasium.utils.env_checker import check_env  # noqa: E402

from askwell.games import GAMES  # noqa: E402
from askwell.gym import IDS  # noqa: E402
from askwell.policies.group_features import CONTEXT  # noqa: E402
from askwell.policies.group_features import FEATURES as GROUPS  # noqa: E402
from askwell.policies.skip import INPUTS  # noqa: E402
from test_gym import blobs  # noqa: E402

ID = IDS["label-or-skip"]
SETTINGS = {"dataset": blobs(), "rounds": 2, "batch": 4, "splits": 3, "game_settings": {"every": 6}}
BUDGET = 8


@pytest.fixture(scope="module")
def env():
    return gymnasium.make(ID, **SETTINGS)


def test_every_game_has_an_environment():
    assert set(IDS) == set(GAMES)
    assert ID == "askwell/LabelOrSkip-v0"


def test_gymnasiums_own_check(env):
    check_env(env.unwrapped)
    assert env.action_space == gymnasium.spaces.Discrete(2)
    assert env.observation_space.shape == (len(INPUTS),)


def test_an_episode_ends_with_the_refit_after_the_budget_is_spent(env):
    env.reset(seed=0)
    costs, rewards = [], []
    turn, terminated = 0, False
    while not terminated:
        turn += 1
        _, reward, terminated, truncated, info = env.step(1)
        costs.append(info["cost"])
        rewards.append(reward)
        assert not truncated
    assert turn == 12  # eight labels, then the end of the second six points
    assert sum(costs) == BUDGET
    assert costs[BUDGET:] == [0] * 4
    assert [at for at, reward in enumerate(rewards, 1) if reward] in ([6, 12], [6], [12])
    # Undiscounted accuracy gains add up to the final accuracy, less the 1/c of a learner that knows nothing.
    assert sum(rewards) == pytest.approx(info["selection_accuracy"] - 1 / 3, abs=1e-5)
    with pytest.raises(ResetNeeded):
        env.unwrapped.step(1)


def test_skipping_ends_with_the_stream(env):
    observation, _ = env.reset(seed=0)
    progress, turns = [observation[INPUTS.index("progress")]], 0
    terminated = False
    while not terminated:
        observation, reward, terminated, _, info = env.step(0)
        assert (reward, info["cost"]) == (0, 0)
        progress.append(observation[INPUTS.index("progress")])
        turns += 1
    assert turns % 6 == 0
    assert progress == pytest.approx([turn / turns for turn in range(turns + 1)], abs=1e-5)


@pytest.mark.parametrize("action", [2, -1, 0.5, [1]])
def test_other_actions_are_refused(env, action):
    env.reset(seed=0)
    with pytest.raises(InvalidAction):
        env.unwrapped.step(action)


def test_the_vector_form_plays_what_gymnasiums_loop_over_single_ones_plays():
    """Environments label at different rates, so they end and begin anew at different times."""
    ours, loop = (
        gymnasium.make_vec(ID, num_envs=3, vectorization_mode=mode, **SETTINGS)
        for mode in ("vector_entry_point", "sync")
    )
    first = [envs.reset(seed=7) for envs in (ours, loop)]
    np.testing.assert_allclose(first[0][0], first[1][0], atol=1e-4)
    rng, ends = np.random.default_rng(0), 0
    for _ in range(60):
        actions = (rng.random(3) < [1.0, 0.5, 0.2]).astype(int)
        one, other = ours.step(actions), loop.step(actions)
        for ours_part, theirs in zip(one[:-1], other[:-1], strict=True):
            np.testing.assert_allclose(ours_part, theirs, atol=1e-4)
        for name in ("cost", "split"):
            assert (name in one[-1]) == (name in other[-1])
            if name in one[-1]:
                has = other[-1][f"_{name}"]
                np.testing.assert_array_equal(one[-1][f"_{name}"], has)
                np.testing.assert_array_equal(one[-1][name][has], other[-1][name][has])
        ends += int(one[2].sum()) * (1 if one[2].sum() < 3 else 0)
    assert ends >= 3  # some ended alone


def test_classes_are_asked_for_in_gymnasium():
    """The other game that is no batch of rows: one action for each place, one row of features for each class."""
    settings = SETTINGS | {"game_settings": {"error": 0.0}}
    env = gymnasium.make(IDS["class-queries"], **settings)
    check_env(env.unwrapped)
    assert env.action_space == gymnasium.spaces.MultiDiscrete([3] * 4)
    assert env.observation_space.shape == (3, len(GROUPS) + len(CONTEXT))
    env.reset(seed=0)
    _, reward, terminated, _, info = env.step(np.array([0, 0, 1, 2]))
    y = np.asarray(env.unwrapped.setup.pools.y)[env.unwrapped._episode.split]
    assert np.sort(y[info["picks"]]).tolist() == [0, 0, 1, 2]
    assert (info["cost"], info["replaced"], terminated) == (4, 0, False)
    assert reward > 0
    assert env.step(np.array([0, 0, 1, 2]))[2]
    envs = gymnasium.make_vec(
        IDS["class-queries"], num_envs=2, vectorization_mode="vector_entry_point", **settings
    )
    envs.reset(seed=0)
    same = envs.step(np.array([[0, 0, 1, 2]] * 2))[4]
    np.testing.assert_array_equal(same["picks"][0], info["picks"])


def test_points_are_asked_for_in_gymnasium():
    env = gymnasium.make(IDS["point-queries"], **{k: v for k, v in SETTINGS.items() if k != "game_settings"})
    check_env(env.unwrapped)
    assert env.action_space.shape == (4, 4)
    observation, _ = env.reset(seed=0)
    _, _, terminated, _, info = env.step(observation[[5, 5, 9, 2], :4])
    assert info["picks"][[0, 2, 3]].tolist() == [5, 9, 2]
    assert len(set(info["picks"].tolist())) == 4
    assert (info["cost"], terminated) == (4, False)
    with pytest.raises(InvalidAction):
        env.unwrapped.step(np.full((4, 4), 11.0))


def test_half_spaces_are_asked_about_in_gymnasium():
    env = gymnasium.make(IDS["half-spaces"], **{k: v for k, v in SETTINGS.items() if k != "game_settings"})
    check_env(env.unwrapped)
    assert env.action_space.shape == (4, 5)
    env.reset(seed=0)
    _, reward, terminated, _, info = env.step(np.eye(4, 5, dtype=np.float32))
    assert (info["cost"], terminated) == (4, False)
    assert np.isfinite(reward)
