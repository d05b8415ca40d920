"""k-means that compiles: a fixed number of Lloyd steps, and a number of groups that may be traced.

scikit-learn's k-means is the better choice on the host; inside an episode's scan it cannot run.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core.extreme import argmin

STEPS = 10

SEEN = 2**16
"""Rows that centres are learned from: some hundred or thousand for each, and their place hardly changes with more."""


def seeds(
    key: PRNGKeyArray, x: Float[Array, "n d"], k: int, weight: Float[Array, " n"] | None = None
) -> Int[Array, " k"]:
    """k-means++ seeding (Arthur & Vassilvitskii 2007): rows, each drawn by weight times squared distance to the others.

    Where nothing of any weight is apart from the seeds, a row is drawn by weight alone; without weights it is row 0.
    """
    norm = jnp.sum(x * x, axis=1)

    def distance(row: Int[Array, ""]) -> Float[Array, " n"]:
        return jnp.maximum(norm + norm[row] - 2 * x @ x[row], 0.0)

    def draw(nearest: Float[Array, " n"], chance: Float[Array, ""]):
        if weight is None:
            mass = jnp.cumsum(nearest)
            row = jnp.where(mass[-1] > 0, _drawn(mass, chance), 0)
        else:
            mass = jnp.cumsum(weight * nearest)
            row = _drawn(jnp.where(mass[-1] > 0, mass, jnp.cumsum(weight)), chance)
        return jnp.minimum(nearest, distance(row)), row

    if weight is None:
        first = jax.random.randint(key, (), 0, x.shape[0])
    else:
        key, first_key = jax.random.split(key)
        first = _drawn(jnp.cumsum(weight), jax.random.uniform(first_key))
    _, rest = jax.lax.scan(draw, distance(first), jax.random.uniform(key, (k - 1,)))
    return jnp.concatenate([first[None], rest])


def _drawn(mass: Float[Array, " n"], chance: Float[Array, "*k"]) -> Int[Array, "*k"]:
    """The rows that chances in 0..1 fall on, where `mass` is the running sum of what each row weighs."""
    return jnp.minimum(jnp.searchsorted(mass, chance * mass[-1], side="right"), len(mass) - 1)


def _lowest(apart: Float[Array, "k n"]) -> Float[Array, " n"]:
    """The minimum of each column, by halves: that is what the processor vectorises."""
    while len(apart) > 8:
        half = (len(apart) + 1) // 2  # the middle row of an odd number is in both
        apart = jnp.minimum(apart[:half], apart[-half:])
    return jnp.min(apart, axis=0)


def kmeans(
    key: PRNGKeyArray,
    x: Float[Array, "n d"],
    k: int,
    active: Int[Array, ""] | int | None = None,
    weight: Float[Array, " n"] | None = None,
    steps: int = STEPS,
) -> tuple[Float[Array, "k d"], Int[Array, " n"]]:
    """Centres and the group of each point; of the `k` groups only the first `active` are used, if that is given.

    Points of weight 0 have no say in where the centres lie. In a pool of more than `SEEN` rows the centres are those of
    so many, drawn by weight.
    """
    unused = jnp.where(jnp.arange(k) < (k if active is None else active), 0.0, jnp.inf)
    across = x.T  # points run along the last axis: that is what the processor vectorises

    def distance(centres: Float[Array, "k d"]) -> Float[Array, "k n"]:
        """Squared, less what is the same for all centres of a point."""
        return (jnp.sum(centres**2, axis=1) + unused)[:, None] - 2 * centres @ across

    def step(centres: Float[Array, "k d"], _):
        # Without a barrier distances are computed anew for every half that the minimum is taken of.
        apart = jax.lax.optimization_barrier(distance(centres))
        # A point as near to two centres counts for both; to tell the first takes longer than all the rest.
        member = (apart == _lowest(apart)).astype(x.dtype)
        member = member if weight is None else member * weight
        count = jnp.sum(member, axis=1)[:, None]
        # Where a group has no weight its centre stays.
        return jnp.where(count > 0, member @ x / jnp.where(count > 0, count, 1), centres), None

    if len(x) > SEEN:
        key, sample_key = jax.random.split(key)
        mass = jnp.cumsum(jnp.ones(len(x)) if weight is None else weight)
        some = _drawn(mass, jax.random.uniform(sample_key, (SEEN,)))
        centres, _ = kmeans(key, x[some], k, active, steps=steps)
    else:
        centres, _ = jax.lax.scan(step, x[seeds(key, x, k, weight)], None, length=steps)
    return centres, argmin(distance(centres), axis=0)
