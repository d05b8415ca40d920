"""Pickers: from scores to a batch of distinct points that were never asked, best first.

Ties are always broken at random: the order of rows in a file says nothing.
"""

import math
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key, PRNGKeyArray

from askwell.core.extreme import argmax

S = TypeVar("S")


def top_k(key: PRNGKeyArray, score: Float[Array, " n"], asked: Bool[Array, " n"], q: int) -> Int[Array, " q"]:
    """The `q` points of highest score."""
    score = jnp.where(asked, -jnp.inf, score)
    value, row = jax.lax.top_k(score, q)
    last = jnp.min(value)  # not value[-1]: XLA would then sort the whole pool
    # top_k breaks ties by row. Redraw those that tie at the last place, keep all above it.
    tied = (score == last) & ~asked
    chance = jax.random.uniform(key, score.shape)
    drawn = jax.lax.top_k(jnp.where(tied, chance, -chance), q)[1]  # top_k is slow on many equal values
    above = value > last
    rank = jnp.cumsum(~above) - 1
    return jnp.where(above, row, drawn[rank])


def gumbel_top_k(
    key: PRNGKeyArray, logit: Float[Array, " n"], asked: Bool[Array, " n"], q: int
) -> Int[Array, " q"]:
    """`q` points drawn without replacement with probability ``∝ exp(logit)`` (Kool et al. 2019)."""
    # A finite floor keeps points of probability 0 askable when nothing else is left.
    logit = jnp.maximum(logit, -1e9) + jax.random.gumbel(key, logit.shape)
    return jax.lax.top_k(jnp.where(asked, -jnp.inf, logit), q)[1]


def greedy(
    key: PRNGKeyArray,
    state: S,
    score: Callable[[S], Float[Array, " n"]],
    update: Callable[[S, Int[Array, ""]], S],
    asked: Bool[Array, " n"],
    q: int,
) -> Int[Array, " q"]:
    """`q` points one after another, each the best given those before it in the batch.

    `score` rates every point from the state; `update` takes the picked row into the state.
    """
    tie_break = jax.random.uniform(key, asked.shape)  # who goes first among equals

    def choose(_, state: S, asked: Bool[Array, " n"]) -> Int[Array, ""]:
        value = jnp.where(asked, -jnp.inf, score(state))
        best = (value == jnp.max(value)) & ~asked
        return argmax(jnp.where(best, tie_break, -1.0))

    return _one_by_one(choose, None, state, update, asked, q)


def proportional(
    key: PRNGKeyArray,
    state: S,
    mass: Callable[[S], Float[Array, " n"]],
    update: Callable[[S, Int[Array, ""]], S],
    asked: Bool[Array, " n"],
    q: int,
) -> Int[Array, " q"]:
    """`q` points one after another, each drawn in proportion to its mass given those before it in the batch.

    `mass` (0 or more) and `update` are as in `greedy`. Where no point has mass, all are drawn alike.
    """

    def choose(key: PRNGKeyArray, state: S, asked: Bool[Array, " n"]) -> Int[Array, ""]:
        weight = jnp.where(asked, 0.0, mass(state))
        return draw(key, jnp.where(jnp.any(weight > 0), weight, ~asked))

    return _one_by_one(choose, jax.random.split(key, q), state, update, asked, q)


def _one_by_one(
    choose: Callable[[Any, S, Bool[Array, " n"]], Int[Array, ""]],
    keys: Key[Array, " q"] | None,
    state: S,
    update: Callable[[S, Int[Array, ""]], S],
    asked: Bool[Array, " n"],
    q: int,
) -> Int[Array, " q"]:
    def pick(carry: tuple[S, Bool[Array, " n"]], key: PRNGKeyArray | None):
        state, asked = carry
        row = choose(key, state, asked)
        return (update(state, row), asked.at[row].set(True)), row

    return jax.lax.scan(pick, (state, asked), keys, length=q)[1]


def draw(key: PRNGKeyArray, mass: Float[Array, " n"]) -> Int[Array, ""]:
    """One row, with probability in proportion to its mass; never one without mass if another has some.

    Draws a block of about √n rows, then a row in it: noise for 2√n numbers instead of n, and sums that stay
    exact where a running sum over a million rows would not.
    """
    n = mass.shape[0]
    width = math.isqrt(n - 1) + 1
    blocks = jnp.pad(mass, (0, -n % width)).reshape(-1, width)
    block_key, row_key = jax.random.split(key)
    block = jax.random.categorical(block_key, jnp.log(jnp.sum(blocks, axis=1)))
    return block * width + jax.random.categorical(row_key, jnp.log(blocks[block]))


def from_groups(
    key: PRNGKeyArray,
    score: Float[Array, " n"],
    group: Int[Array, " n"],
    groups: int,
    prefer: Callable[[Float[Array, " g"], Float[Array, " g"]], tuple[Array, ...]],
    asked: Bool[Array, " n"],
    q: int,
) -> Int[Array, " q"]:
    """`q` points one after another, each the best of the groups preferred then.

    ``prefer(size, count)`` gives what makes a group preferred, most important first: `size` are the groups'
    points, `count` those asked so far, the batch included.
    """
    size = jnp.zeros(groups).at[group].add(1.0)
    count = jnp.zeros(groups).at[group].add(asked)

    def rate(count: Float[Array, " g"]) -> Float[Array, " n"]:
        best = size > count  # groups that still have a point to ask
        for preference in prefer(size, count):
            best &= preference == jnp.max(jnp.where(best, preference, -jnp.inf))
        return jnp.where(best[group], score, -jnp.inf)

    return greedy(key, count, rate, lambda count, row: count.at[group[row]].add(1.0), asked, q)
