"""The batch game in Gymnasium: its checks, its seeds, its spaces, and a strategy that plays through it."""

import subprocess
import sys

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium", reason="the extra askwell[gym] is not installed")

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
from gymnasium.error import InvalidAction, ResetNeeded  # noqa: E402
from gymnasium.utils.env_checker import check_env, data_equivalence  # noqa: E402
from gymnasium.vector import AutoresetMode  # noqa: E402

from askwell.core import AskwellError  # noqa: E402
from askwell.data import Dataset  # noqa: E402
from askwell.games import BatchGame, rollout  # noqa: E402
from askwell.gym import FEATURES, IDS, legal  # noqa: E402
from askwell.strategies import Margin  # noqa: E402


def blobs():
    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    x = (rng.normal(0, 1, (120, 4)) + 2 * np.eye(4)[y]).astype(np.float32)
    return Dataset("blobs", x, y.astype(np.int32), ("a", "b", "c"), np.arange(120).astype(str).astype(object))


ID = IDS["batch"]
SETTINGS = {"dataset": blobs(), "rounds": 3, "batch": 4, "splits": 3}


@pytest.fixture(scope="module")
def env():
    return gymnasium.make(ID, **SETTINGS)


@pytest.fixture(scope="module")
def envs():
    return gymnasium.make_vec(ID, num_envs=3, vectorization_mode="vector_entry_point", **SETTINGS)


def play(env, seed, actions):
    """All that an episode gives, from the reset on."""
    return [env.reset(seed=seed), *(env.step(action) for action in actions)]


def test_gymnasiums_own_check(env):
    check_env(env.unwrapped)


def test_a_fresh_interpreter_finds_it_by_module_and_name():
    code = (
        "import gymnasium; env = gymnasium.make('askwell.gym:askwell/BatchPool-v0', dataset='wine', rounds=2); "
        "print(env.reset(seed=0)[0].shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "(89, 10)\n", done.stderr


def test_askwell_itself_does_not_need_gymnasium():
    code = (
        "import sys; sys.modules['gymnasium'] = None\n"
        "import askwell, askwell.cli, askwell.comparison, askwell.plots; askwell.compare"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_an_episode_ends_after_its_rounds(env):
    results = play(env, 0, [env.action_space.sample() for _ in range(3)])
    assert [(terminated, truncated) for _, _, terminated, truncated, _ in results[1:]] == [
        (False, False),
        (False, False),
        (True, False),
    ]
    progress = FEATURES.index("progress")
    assert [o[0, progress] for o, *_ in results] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    with pytest.raises(ResetNeeded):
        env.unwrapped.step(env.action_space.sample())


def test_rewards_are_the_games(env):
    # Undiscounted accuracy gains add up to the final accuracy, less the 1/c of a learner that knows nothing.
    results = play(env, 5, [env.action_space.sample() for _ in range(3)])
    total = sum(reward for _, reward, *_ in results[1:])
    assert total == pytest.approx(results[-1][-1]["selection_accuracy"] - 1 / 3, abs=1e-5)


def test_picks_are_the_action_and_never_repeat(env):
    env.reset(seed=1)
    *_, first = env.step(np.array([7, 3, 11, 0]))
    assert (first["picks"].tolist(), first["replaced"]) == ([7, 3, 11, 0], 0)
    observation, *_, second = env.step(np.array([7, 5, 5, 2]))
    assert second["picks"].tolist()[:2] == [5, 2]
    assert second["replaced"] == 2
    asked = np.flatnonzero(observation[:, FEATURES.index("asked")])
    assert asked.tolist() == sorted({*first["picks"].tolist(), *second["picks"].tolist()})
    assert len(asked) == 8


@pytest.mark.parametrize("seed", range(20))
def test_any_action_becomes_a_legal_batch(seed):
    rng = np.random.default_rng(seed)
    n, q = 12, 5
    asked = np.arange(n) >= rng.integers(q, n + 1)
    action = rng.integers(n, size=q)
    picks, replaced = jax.tree.map(
        np.asarray, legal(jax.random.key(seed), jnp.array(action), jnp.array(asked))
    )
    wanted = list(dict.fromkeys(row for row in action.tolist() if not asked[row]))
    assert picks.tolist()[: len(wanted)] == wanted
    assert replaced == q - len(wanted)
    assert len(set(picks.tolist())) == q
    assert not asked[picks].any()


def test_replacements_are_random():
    batches = {
        tuple(legal(jax.random.key(s), jnp.zeros(3, int), jnp.zeros(50, bool))[0].tolist()) for s in range(20)
    }
    assert len(batches) > 15
    assert all(batch[0] == 0 for batch in batches)


@pytest.mark.parametrize("action", [[0, 1, 2, 60], [0, 1, 2, -1], [0, 1, 2], [0.5, 1.5, 2.5, 3.5]])
def test_an_action_outside_the_space_is_refused(env, action):
    env.reset(seed=0)
    with pytest.raises(InvalidAction):
        env.unwrapped.step(np.array(action))


def test_the_same_seed_gives_the_same_episode_and_another_another(env):
    actions = [np.array([0, 1, 2, 2])] * 3  # repeated rows, so replacements are drawn too
    one, two, other = (play(env, seed, actions) for seed in (3, 3, 4))
    assert data_equivalence(one, two, exact=True)
    assert not data_equivalence(one, other)


def test_a_reset_without_a_seed_goes_on_drawing(env):
    env.reset(seed=0)
    drawn = [env.reset()[1]["split"] for _ in range(30)]
    assert set(drawn) == {0, 1, 2}
    env.reset(seed=0)
    assert drawn == [env.reset()[1]["split"] for _ in range(30)]


def test_options_fix_the_split(env):
    assert {env.reset(options={"split": 2})[1]["split"] for _ in range(5)} == {2}
    for wrong in ({"split": 3}, {"split": -1}, {"split": "all"}, {"slpit": 1}):
        with pytest.raises(AskwellError, match="split"):
            env.reset(options=wrong)


def test_wrong_settings_say_so():
    with pytest.raises(AskwellError, match="rounds is 0"):
        gymnasium.make(ID, **{**SETTINGS, "rounds": 0})
    with pytest.raises(AskwellError, match="Unknown learner 'logistik'"):
        gymnasium.make(ID, **{**SETTINGS, "learner": "logistik"})
    with pytest.raises(AskwellError, match="the budget is 400 labels"):
        gymnasium.make(ID, **{**SETTINGS, "rounds": 100})
    with pytest.raises(AskwellError, match="give at least 1"):
        gymnasium.make_vec(ID, num_envs=0, **SETTINGS)


def test_the_vector_form_has_gymnasiums_spaces_and_metadata(env, envs):
    assert envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    assert envs.single_observation_space == env.observation_space
    assert envs.single_action_space == env.action_space
    like = gymnasium.make_vec(ID, num_envs=3, vectorization_mode="sync", **SETTINGS)
    assert (envs.observation_space, envs.action_space) == (like.observation_space, like.action_space)
    observation, _ = envs.reset(seed=0)
    assert envs.observation_space.contains(observation)
    observation, reward, terminated, truncated, _ = envs.step(envs.action_space.sample())
    assert envs.observation_space.contains(observation)
    for array, kind in ((reward, np.float64), (terminated, np.bool_), (truncated, np.bool_)):
        assert (array.shape, array.dtype) == ((3,), kind)


def test_the_vector_form_plays_what_gymnasiums_loop_over_single_ones_plays(envs):
    loop = gymnasium.make_vec(ID, num_envs=3, vectorization_mode="sync", **SETTINGS)
    envs.action_space.seed(0)
    actions = [envs.action_space.sample() for _ in range(9)]  # through two automatic resets
    for ours, theirs in zip(play(envs, 11, actions), play(loop, 11, actions), strict=True):
        for one, other in zip(ours[:-1], theirs[:-1], strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4)
        for name in ("picks", "replaced", "split"):
            assert (name in ours[-1]) == (name in theirs[-1])
            if name in ours[-1]:
                np.testing.assert_array_equal(ours[-1][name], theirs[-1][name])
                np.testing.assert_array_equal(ours[-1][f"_{name}"], theirs[-1][f"_{name}"])


def test_the_vector_form_resets_in_the_step_after_the_last(envs):
    envs.reset(seed=0)
    for _ in range(3):
        *_, terminated, _, _ = envs.step(envs.action_space.sample())
    assert terminated.all()
    observation, reward, terminated, truncated, info = envs.step(envs.action_space.sample())
    assert not reward.any()
    assert not terminated.any()
    assert not truncated.any()
    assert not observation[:, :, FEATURES.index("asked")].any()
    assert info["_split"].all()


def test_the_vector_forms_seeds_and_options(envs):
    actions = [envs.action_space.sample() for _ in range(4)]
    assert data_equivalence(play(envs, 3, actions), play(envs, 3, actions), exact=True)
    assert data_equivalence(play(envs, 3, actions), play(envs, [3, 4, 5], actions), exact=True)
    assert not data_equivalence(play(envs, 3, actions), play(envs, 4, actions))
    assert envs.reset(options={"split": [2, 0, 1]})[1]["split"].tolist() == [2, 0, 1]
    assert envs.reset(options={"split": 1})[1]["split"].tolist() == [1, 1, 1]
    with pytest.raises(AskwellError, match="2 seeds were given for 3 environments"):
        envs.reset(seed=[0, 1])
    with pytest.raises(AskwellError, match="2 splits were given for 3 environments"):
        envs.reset(options={"split": [0, 1]})


def test_what_was_returned_is_never_changed(envs):
    first, _ = envs.reset(seed=0)
    kept = first.copy()
    envs.step(envs.action_space.sample())
    np.testing.assert_array_equal(first, kept)
    first[:] = 0.5  # nor can a user change the game through it


def test_a_strategy_plays_as_well_here_as_in_the_game():
    """Margin through actions: the agent reads nothing but the observation."""
    env = gymnasium.make(ID, **{**SETTINGS, "rounds": 6})
    observed = []
    for split in range(3):
        observation, _ = env.reset(seed=split, options={"split": split})
        total = 0.0
        for _ in range(6):
            uncertainty = 1 - observation[:, 1] + observation[:, 2] - 2 * observation[:, 0]
            observation, _, _, _, info = env.step(np.argsort(-uncertainty, kind="stable")[:4])
            assert info["replaced"] == 0
            total += info["report_accuracy"] / 6
        observed.append(total)
    setup = env.unwrapped.setup
    assert isinstance(setup.game, BatchGame)
    pools = [jax.tree.map(lambda field, s=s: field[s], setup.pools) for s in range(3)]
    played = [rollout(setup.game, Margin(), jax.random.key(0), pool).report.accuracy.mean() for pool in pools]
    assert np.mean(observed) == pytest.approx(np.mean(played), abs=0.15)
