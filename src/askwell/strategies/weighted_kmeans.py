"""k-means over weighted points, and the batch of points that stand for its centres."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core.geometry import square_distance

STEPS = 20

TIE = 1e-3
"""Squared distances that differ by a smaller share count as equal."""


def seeds(key: PRNGKeyArray, x: Float[Array, "n d"], weight: Float[Array, " n"], k: int) -> Int[Array, " k"]:
    """k-means++ seeding (Arthur & Vassilvitskii 2007): each row drawn by weight times squared distance."""

    def draw(nearest: Float[Array, " n"], chance: Float[Array, ""]):
        mass = jnp.cumsum(weight * nearest)
        # Without mass all points of any weight coincide with seeds, and one of those serves as well as any.
        mass = jnp.where(mass[-1] > 0, mass, jnp.cumsum(weight))
        row = jnp.argmax(mass > chance * mass[-1])
        return jnp.minimum(nearest, jnp.sum((x - x[row]) ** 2, axis=1)), row

    first_key, key = jax.random.split(key)
    mass = jnp.cumsum(weight)
    first = jnp.argmax(mass > jax.random.uniform(first_key) * mass[-1])
    nearest = jnp.sum((x - x[first]) ** 2, axis=1)
    _, rest = jax.lax.scan(draw, nearest, jax.random.uniform(key, (k - 1,)))
    return jnp.concatenate([first[None], rest])


def centres(
    key: PRNGKeyArray, x: Float[Array, "n d"], weight: Float[Array, " n"], k: int
) -> Float[Array, "k d"]:
    """`k` centres after k-means++ and 20 Lloyd steps; points of weight 0 have no say."""
    norm = jnp.sum(x * x, axis=1)[:, None]

    def step(centre: Float[Array, "k d"], _):
        group = jnp.argmin(norm - 2 * x @ centre.T + jnp.sum(centre**2, axis=1), axis=1)
        total = jnp.zeros(k).at[group].add(weight)[:, None]
        moved = jnp.zeros_like(centre).at[group].add(weight[:, None] * x)
        return jnp.where(total > 0, moved / jnp.where(total > 0, total, 1.0), centre), None

    return jax.lax.scan(step, x[seeds(key, x, weight, k)], None, length=STEPS)[0]


def representatives(
    key: PRNGKeyArray,
    x: Float[Array, "n d"],
    weight: Float[Array, " n"],
    excluded: Bool[Array, " n"],
    q: int,
) -> Int[Array, " q"]:
    """For each of `q` centres the nearest point that is not `excluded` nor taken by an earlier centre."""
    centre_key, tie_key = jax.random.split(key)
    return nearest(tie_key, x, centres(centre_key, x, weight, q), excluded)


def nearest(
    key: PRNGKeyArray, x: Float[Array, "n d"], centre: Float[Array, "q d"], excluded: Bool[Array, " n"]
) -> Int[Array, " q"]:
    """For each centre the nearest point that is not `excluded` nor taken by an earlier centre.

    Two points that make a cluster are equally far from its centre but for rounding; luck decides.
    """
    distance = square_distance(centre, x)
    luck = jax.random.uniform(key, excluded.shape)

    def pick(taken: Bool[Array, " n"], distance: Float[Array, " n"]):
        distance = jnp.where(taken, jnp.inf, distance)
        equal = ~taken & (distance <= jnp.min(distance) * (1 + TIE) + 1e-12)
        row = jnp.argmax(jnp.where(equal, luck, -1.0))
        return taken.at[row].set(True), row

    return jax.lax.scan(pick, excluded, distance)[1]
