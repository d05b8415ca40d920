"""Learning from what is remembered: a replay buffer, and what trainers share that have one."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from askwell.core import AbstractBatchSpace, AskwellError, Pool
from askwell.training.base import Task

Kept = TypeVar("Kept", bound=PyTree)


def put(kept: Kept, seen: Int[Array, ""], new: Kept) -> Kept:
    """The buffer ``[s, …]`` with what is new ``[t, …]`` in the place of its oldest; `seen` were put in before."""

    def one(old: Array, new: Array) -> Array:
        size, count = len(old), len(new)
        fit = min(size, count)
        return old.at[(seen + count - fit + jnp.arange(fit)) % size].set(new[count - fit :])

    return jax.tree.map(one, kept, new)


def some(key: PRNGKeyArray, kept: Kept, seen: Int[Array, ""], count: int) -> Kept:
    """So many of what is in the buffer, drawn at random; `seen` were put in so far, at least one."""
    size = len(jax.tree.leaves(kept)[0])
    places = jax.random.randint(key, (count,), 0, jnp.minimum(seen, size))
    return jax.tree.map(lambda leaf: leaf[places], kept)


def towards(old: Kept, new: Kept, share: float) -> Kept:
    """A running average that moves so far towards what is new."""
    return jax.tree.map(lambda o, n: o + share * (n - o), old, new)


def episodes(key: PRNGKeyArray, play: Callable[[PRNGKeyArray, Pool], Any], pools: Pool, count: int) -> Any:
    """`count` episodes on each pool; what `play` tells of each turn, one turn after the other: ``[s, …]``."""
    keys = jax.random.split(key, (len(pools.y), count))
    told = jax.vmap(lambda keys, pool: jax.vmap(lambda key: play(key, pool))(keys))(keys, pools)
    return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[3:]), told)


def joined(collected: Sequence[tuple[Kept, Float[Array, ""]]]) -> tuple[Kept, Float[Array, ""]]:
    """The moves of several sources, one after the other, and the mean of their accuracies."""
    moves, accuracies = zip(*collected, strict=True)
    return jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *moves), jnp.mean(jnp.stack(accuracies))


def counted(
    key: PRNGKeyArray, moves: Any, unit: Float[Array, ""], seen: Int[Array, ""], shuffled: bool
) -> tuple[Any, Float[Array, ""], dict[str, Float[Array, ""]]]:
    """Moves with their `reward` in units of the first rewards' spread, that unit, and the spread of these as a metric.

    On demand rewards change places.
    """
    reward = jax.random.permutation(jax.random.fold_in(key, 1), moves.reward) if shuffled else moves.reward
    spread = jnp.std(reward)
    unit = jnp.where(seen > 0, unit, spread + 1e-6)
    return eqx.tree_at(lambda m: m.reward, moves, reward / unit), unit, {"spread": spread}


def correlation(a: Float[Array, " s"], b: Float[Array, " s"]) -> Float[Array, ""]:
    """Their correlation, 0 where one of them is always the same."""
    a, b = a - jnp.mean(a), b - jnp.mean(b)
    return jnp.sum(a * b) / (jnp.sqrt(jnp.sum(a**2) * jnp.sum(b**2)) + 1e-12)


def one_label(trainer: str, games: Sequence[Task]) -> None:
    """Refuse games in which an action is more than one label.

    Raises:
        AskwellError: naming the game, and what to set.
    """
    for game, _ in games:
        assert isinstance(game.space, AbstractBatchSpace)
        if game.space.q != 1:
            raise AskwellError(
                f"The trainer '{trainer}' tries one label at a time, and a batch of the game '{game.name}' is "
                "larger; set batch = 1 in its sources. The policy can pick batches of any size."
            )
