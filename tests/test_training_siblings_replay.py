"""Remembered siblings: exact on the tiny game, learn there from old batches, and not from shuffled rewards."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from askwell.core import AskwellError
from askwell.games import BatchGame, LabelOrSkip
from askwell.policies import Linear, SkipPolicy
from askwell.testing.pools import make_pool, stack
from askwell.training import SiblingsReplay, TaskSource, TrainingSpec, train
from askwell.training.optimiser import Optimiser
from test_training_exact import (
    APART,
    BANDIT,
    CLEAR,
    GAME,
    HEADS,
    KEYS,
    POOLS,
    STARTS,
    enumerate_all,
    exact,
    meets,
    perturbed,
)

KEY = jax.random.key(0)
EXACT = SiblingsReplay(k=3, entropy=0.0, cap=float("inf"))
OLD = {head: perturbed(STARTS[head](jax.random.key(0)), -0.2) for head in ("linear", "pointwise")}
"""The policy that played; the one that learns from it is another."""


@eqx.filter_jit
def gradients(trainer, policy, old, corrected=True):
    """The direction of ascent for a policy from each of many episodes ``[s, w]`` that an old one played."""

    def one(key):
        episode, _ = trainer.played(key, old, GAME, POOLS["rows"])
        if not corrected:
            now, _ = trainer.likelihood(policy, episode)
            episode = eqx.tree_at(lambda e: e.log_prob, episode, now)
        return ravel_pytree(trainer.gradient(policy, episode, jnp.ones(GAME.rounds))[0])[0]

    return jax.lax.map(one, jax.random.split(jax.random.key(4), KEYS), batch_size=512)


@pytest.mark.parametrize("head", OLD)
def test_an_old_policys_batches_climb_the_new_ones_expected_reward(head):
    """Exact in the mean, states included; and it is the weights that make it so."""
    target = exact(head)[1][0.0]
    right = gradients(EXACT, HEADS[head], OLD[head])
    assert meets(right, 0.0) > 2 * APART, "the true gradient must stand out, or the next line says nothing"
    assert meets(right, target) < APART
    assert meets(gradients(EXACT, HEADS[head], OLD[head], corrected=False), target) > APART


def test_shuffled_returns_have_no_gradient():
    trainer = SiblingsReplay(k=3, entropy=0.0, cap=float("inf"), shuffled=True)
    assert meets(gradients(trainer, HEADS["linear"], OLD["linear"]), 0.0) < APART


def test_what_is_remembered_is_as_likely_to_the_policy_that_drew_it():
    """So the weights of fresh batches are 1."""
    policy = HEADS["pointwise"]
    trainer = SiblingsReplay(k=3, cap=1.5, candidates=4)
    episode, _ = eqx.filter_jit(trainer.played)(KEY, policy, GAME, POOLS["rows"])
    assert episode.rows is not None
    assert episode.rows.shape == (2, 4)
    now, entropy = eqx.filter_jit(trainer.likelihood)(policy, episode)
    np.testing.assert_allclose(now, episode.log_prob, atol=1e-5)
    assert entropy > 0
    np.testing.assert_allclose(trainer.weights(now, episode.log_prob), 1.0, atol=1e-4)


def test_a_state_counts_as_the_batches_that_led_to_it():
    then = jnp.zeros((3, 2))
    now = jnp.log(jnp.array([[1.2, 0.5], [0.5, 4.0], [1.0, 1.0]]))
    free, capped = SiblingsReplay(cap=float("inf")), SiblingsReplay(cap=2.0)
    wanted = [[1.2, 0.5], [1.2 * 0.5, 1.2 * 4], [0.6, 0.6]]
    np.testing.assert_allclose(free.weights(now, then), wanted, rtol=1e-5)
    np.testing.assert_allclose(capped.weights(now, then), [[1.2, 0.5], [0.6, 1.2 * 2], [0.6, 0.6]], rtol=1e-5)


UPDATES, SEEDS = 60, 6


@pytest.mark.parametrize("head", OLD)
def test_a_bandit_is_solved_and_shuffled_rewards_teach_nothing(head):
    """From few episodes, each of which is learned from many times."""
    policy, pools = STARTS[head](jax.random.key(0)), stack([CLEAR[True]] * 4)

    def expected(policy):
        log_prob, reward, possible = enumerate_all(policy, BANDIT, CLEAR[True])
        chance = jnp.where(possible, jnp.exp(log_prob), 0.0)
        return jnp.sum(chance * reward), jnp.max(jnp.where(possible, reward, -jnp.inf))

    def after(shuffled):
        adam = Optimiser(step=0.03, average=1.0, updates=UPDATES)
        trainer = SiblingsReplay(
            k=8, entropy=0.05, buffer=32, minibatch=16, shuffled=shuffled, optimiser=adam
        )

        def run(key):
            state = trainer.init(key, policy, [(BANDIT, CLEAR[True])])
            update = lambda state, key: (trainer.update(key, state, BANDIT, pools)[0], None)
            return expected(trainer.head(jax.lax.scan(update, state, jax.random.split(key, UPDATES))[0]))[0]

        return np.asarray(jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(7), SEEDS)))

    start, best = map(float, eqx.filter_jit(expected)(policy))
    learned, gained = after(False), after(True) - start
    assert best - start > 0.2
    assert np.all(learned > start + 0.9 * (best - start))
    assert gained.std() > 0
    assert gained.mean() < 4 * gained.std(ddof=1) / SEEDS**0.5
    assert gained.mean() < 0.2 * (best - start)


def test_the_newest_episodes_are_kept_and_a_source_not_played_yet_counts_nothing():
    games = [BatchGame(rounds=2, batch=3), BatchGame(rounds=1, batch=2)]
    pools = [make_pool(n=24), make_pool(n=16)]
    trainer = SiblingsReplay(k=3, buffer=5, steps=1, minibatch=4)
    state = trainer.init(KEY, Linear(KEY), list(zip(games, pools, strict=True)))
    parts = [
        trainer.collect(jax.random.fold_in(KEY, i), state, 0, games[0], stack([pools[0]] * 3)) for i in (1, 2)
    ]
    after, told = trainer.learn(KEY, state, [0, 0], parts)
    assert [int(n) for n in after.seen] == [6, 0]
    last = np.concatenate([np.asarray(part[0].returns) for part in parts])[1:]
    assert sorted(map(bytes, np.asarray(after.kept[0].returns))) == sorted(map(bytes, last))
    assert not np.any(after.kept[1].returns)
    assert all(np.isfinite(value) for value in told.values())
    assert told["effective"] == pytest.approx(1)
    assert not np.array_equal(trainer.head(after).base, trainer.head(state).base)


@pytest.mark.parametrize("datasets", [(), ("iris",)])
def test_a_source_says_the_shapes_of_its_tasks(datasets):
    """What a buffer is made from before anything is drawn."""
    source = TaskSource(
        datasets=datasets, pool=24, rounds=2, batch=3, features=5, classes=4, selection=32, report=8
    )
    drawn = jax.tree.map(lambda leaf: leaf[0], source.tasks().draw((0, 1, 2), 1))
    like = source.like()
    assert jax.tree.structure(like) == jax.tree.structure(drawn)
    told = [[(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(pool)] for pool in (like, drawn)]
    assert told[0] == told[1]


@pytest.mark.parametrize("settings", [{"k": 1}, {"buffer": 0}, {"steps": 0}, {"minibatch": 0}, {"cap": 0.5}])
def test_settings_that_nothing_can_be_learned_with_are_refused(settings):
    with pytest.raises(AskwellError, match="2 batches or more"):
        SiblingsReplay(**settings)


def test_a_buffer_that_is_too_large_is_refused():
    with pytest.raises(AskwellError, match="GiB is the most; set buffer or the pools smaller"):
        SiblingsReplay(buffer=2**24).init(KEY, Linear(KEY), [(GAME, POOLS["rows"])])


def test_a_game_of_skips_is_refused():
    with pytest.raises(AskwellError, match="plays games whose actions are"):
        SiblingsReplay().check(SkipPolicy, [LabelOrSkip(BatchGame(rounds=2, batch=3), every=8)])


def test_a_run_goes_on_to_the_same_bits(tmp_path):
    """The buffer is in the checkpoint."""
    source = {"pool": 24, "rounds": 2, "batch": 3, "features": 4, "classes": 3, "selection": 32}
    spec = TrainingSpec(
        trainer="siblings-replay", algorithm={"k": 3, "buffer": 16, "minibatch": 4}, updates=12, every=12,
        tasks=8, judged=4, against=("random",), head="linear", sources=[source],
    )  # fmt: skip
    whole = train(spec, tmp_path / "whole")

    class Enough(Exception):
        pass

    def stop(row):
        if row.get("update") == 11:
            raise Enough

    with pytest.raises(Enough):
        train(spec, tmp_path / "parts", watch=stop)
    again = train(spec, tmp_path / "parts")
    assert whole.histories["training"].drop("seconds").equals(again.histories["training"].drop("seconds"))
    assert eqx.tree_equal(whole.policy, again.policy)
