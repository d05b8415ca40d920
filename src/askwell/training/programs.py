"""The compiled programs of a training run: play, validation, and what the policy decides on a fixed pool."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from askwell import stats
from askwell.core import METRICS, AbstractPlayer, Packed, Pool
from askwell.execution import Program
from askwell.games import AbstractGame, Outcome, Turn, rollout, trajectory
from askwell.policies import AbstractHead, AbstractPolicy
from askwell.strategies.classes.base import members
from askwell.training.base import AbstractTrainer, AbstractTrainerState

EPISODES = 8
"""Drawn episodes that the decisions on the fixed pool are a mean of."""


def collector(trainer: AbstractTrainer, game: AbstractGame, place: int) -> Program:
    """What each seed's trainer collects from some tasks: of keys, states and pools ``[s, …]``."""

    def collect(key: jax.Array, state: AbstractTrainerState, pools: Pool) -> Any:
        return trainer.collect(key, state, place, game, pools)

    return Program(jax.vmap(collect))


def areas(
    game: AbstractGame, player: AbstractPlayer, key: jax.Array, pools: Pool, score: str = "accuracy"
) -> Float[Array, " e"]:
    """The area under the learning curve over labels on the report split, for each task; see `area`."""
    keys = jax.random.split(key, pools.x.shape[0])
    return jax.vmap(lambda k, pool: area(game, rollout(game, player, k, pool), score))(keys, pools)


def area(game: AbstractGame, outcome: Outcome, score: str = "accuracy") -> Float[Array, ""]:
    """Mean of a score over numbers of labels, a batch apart up to the budget, as `askwell.stats.episodes` has it.

    Where labels have a price, it is the score at the end less what they cost, as `askwell.stats.net` has it.
    """
    value = getattr(outcome.report, score)[game.turns_a_round - 1 :: game.turns_a_round]
    if game.price is not None:
        sign = next(metric.sign for metric in METRICS.values() if metric.column == score)
        return value[-1] - sign * game.price * jnp.sum(outcome.cost)
    spent = jnp.cumsum(jnp.sum(outcome.cost.reshape(len(value), -1), axis=1))
    labels = jnp.arange(game.curve_step, game.budget - game.start_labels + 1, game.curve_step)
    last = jnp.searchsorted(spent, labels, side="right") - 1
    known = last >= 0
    return jnp.sum(jnp.where(known, value[last], 0.0)) / jnp.maximum(jnp.sum(known), 1)


def judge(game: AbstractGame, score: str) -> Program:
    """Areas of each seed's head on the same tasks."""

    def one(head: Packed[AbstractHead], key: jax.Array, pools: Pool) -> Float[Array, " e"]:
        return areas(game, head.open(), key, pools, score)

    return Program(jax.vmap(one, in_axes=(0, None, None)))


def probe(game: AbstractGame) -> Program:
    """Expected shares of groups ``[s, r, g]`` and classes ``[s, r, c]`` in each round's batch on one pool."""

    def episode(policy: AbstractPolicy, pool: Pool, key: jax.Array):
        def act(turn: Turn, state: Any, memory: None):
            view = game.view(state)
            act = policy.act(turn.act, view, game.space)
            assert act.chance is not None
            chance = jnp.mean(act.chance, axis=0)
            member = jax.nn.one_hot(pool.y, pool.classes)
            return (
                game.step(turn.game, state, act.action)[0],
                memory,
                (chance @ members(view), chance @ member),
            )

        return trajectory(game, act, (jax.random.key(0), key), pool)[0]

    def mean(head: Packed[AbstractPolicy], pool: Pool):
        keys, policy = jax.random.split(jax.random.key(1), EPISODES), head.open()
        return jax.tree.map(
            lambda leaf: jnp.mean(leaf, axis=0), jax.vmap(lambda k: episode(policy, pool, k))(keys)
        )

    return Program(jax.vmap(mean, in_axes=(0, None)))


def agreement(game: AbstractGame, pools: Pool) -> float:
    """How well the groups agree with the classes, mean over tasks; see `askwell.stats.agreement`."""
    tasks = range(len(pools.y))
    some = [jax.tree.map(lambda leaf, i=i: jax.device_put(leaf[i]), pools) for i in tasks]
    groups = [np.asarray(game.view(game.reset(jax.random.key(i), some[i])).geometry.groups) for i in tasks]
    return float(np.mean([stats.agreement(groups[i], np.asarray(some[i].y)) for i in tasks]))


def shares_of(game: AbstractGame, pool: Pool) -> tuple[np.ndarray, np.ndarray]:
    """Shares of groups and of classes in a pool."""
    view = game.view(game.reset(jax.random.key(0), pool))
    classes = jnp.mean(jax.nn.one_hot(pool.y, pool.classes), axis=0)
    return np.asarray(jnp.mean(members(view), axis=0)), np.asarray(classes)
