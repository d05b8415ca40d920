"""The compiled programs of a training run: gradients, validation, and what the policy decides on a fixed pool."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from askwell import stats
from askwell.core import AbstractStrategy, Pool
from askwell.execution import Program
from askwell.games import BatchGame, rollout
from askwell.training.base import AbstractTrainer, Seen, class_shares, groups_of

EPISODES = 8
"""Drawn episodes that the decisions on the fixed pool are a mean of."""


def gradients(trainer: AbstractTrainer, game: BatchGame, static: PyTree) -> Program:
    """Of some tasks for each seed: sums of gradients, real and shuffled, and the mean of what was seen."""

    def one(
        params: PyTree, scale: jax.Array, usual: jax.Array, key: jax.Array, pools: Pool
    ) -> tuple[PyTree, PyTree, Seen]:
        policy = eqx.combine(params, static)
        keys = jax.random.split(key, pools.x.shape[0])
        gradient = lambda k, pool: trainer.gradient(policy, game, scale, k, pool, usual)
        right, shuffled, seen = jax.vmap(gradient)(keys, pools)
        total = lambda tree: jax.tree.map(lambda leaf: jnp.sum(leaf, axis=0), tree)
        return total(right), total(shuffled), jax.tree.map(lambda leaf: jnp.mean(leaf, axis=0), seen)

    return Program(jax.vmap(one))


def areas(game: BatchGame, strategy: AbstractStrategy, key: jax.Array, pools: Pool) -> jax.Array:
    """The area under the learning curve on the report split, for each task."""
    keys = jax.random.split(key, pools.x.shape[0])
    return jax.vmap(lambda k, pool: jnp.mean(rollout(game, strategy, k, pool).report.accuracy))(keys, pools)


def judge(game: BatchGame, static: PyTree) -> Program:
    """Areas of each seed's policy on the same tasks."""
    return Program(
        lambda params, key, pools: jax.vmap(lambda p: areas(game, eqx.combine(p, static), key, pools))(params)
    )


def probe(game: BatchGame, static: PyTree) -> Program:
    """Expected shares of groups ``[s, r, g]`` and classes ``[s, r, c]`` in each round's batch on one pool."""

    def episode(params: PyTree, pool: Pool, key: jax.Array):
        policy = eqx.combine(params, static)

        def play(state: Any, round: jax.Array):
            view, now = game.view(state), jax.random.fold_in(key, round)
            act = policy.act(now, view, game.batch)
            chance = jnp.mean(act.chance, axis=0)
            member = jax.nn.one_hot(pool.y, pool.classes)
            return game.step(now, state, act.picks)[0], (chance @ groups_of(view), chance @ member)

        return jax.lax.scan(play, game.reset(jax.random.key(0), pool), jnp.arange(game.rounds))[1]

    def mean(params: PyTree, pool: Pool):
        keys = jax.random.split(jax.random.key(1), EPISODES)
        return jax.tree.map(
            lambda leaf: jnp.mean(leaf, axis=0), jax.vmap(lambda k: episode(params, pool, k))(keys)
        )

    return Program(jax.vmap(mean, in_axes=(0, None)))


def agreement(game: BatchGame, pools: Pool) -> float:
    """How well the groups agree with the classes, mean over tasks; see `askwell.stats.agreement`."""
    tasks = range(len(pools.y))
    some = [jax.tree.map(lambda leaf, i=i: jnp.asarray(leaf[i]), pools) for i in tasks]
    groups = [np.asarray(game.view(game.reset(jax.random.key(i), some[i])).geometry.groups) for i in tasks]
    return float(np.mean([stats.agreement(groups[i], np.asarray(some[i].y)) for i in tasks]))


def shares_of(game: BatchGame, pool: Pool) -> tuple[np.ndarray, np.ndarray]:
    """Shares of groups and of classes in a pool."""
    view = game.view(game.reset(jax.random.key(0), pool))
    classes = class_shares(Pool(pool.x, pool.y, pool.x, pool.y, pool.x, pool.y, pool.classes))
    return np.asarray(jnp.mean(groups_of(view), axis=0)), np.asarray(classes)
