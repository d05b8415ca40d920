"""The batch of points nearest to the centres of weighted k-means."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core.extreme import argmax
from askwell.core.geometry import square_distance
from askwell.core.kmeans import kmeans

STEPS = 20

TIE = 1e-3
"""Squared distances that differ by a smaller share count as equal."""


def representatives(
    key: PRNGKeyArray,
    x: Float[Array, "n d"],
    weight: Float[Array, " n"],
    excluded: Bool[Array, " n"],
    q: int,
) -> Int[Array, " q"]:
    """For each of `q` k-means centres the nearest point that is not `excluded` nor taken by an earlier centre."""
    centre_key, tie_key = jax.random.split(key)
    x = x - jnp.mean(x, axis=0)  # smaller numbers, less cancellation in the distances
    centres, _ = kmeans(centre_key, x, q, weight=weight, steps=STEPS)
    return nearest(tie_key, x, centres, excluded)


def nearest(
    key: PRNGKeyArray, x: Float[Array, "n d"], centre: Float[Array, "q d"], excluded: Bool[Array, " n"]
) -> Int[Array, " q"]:
    """For each centre the nearest point that is not `excluded` nor taken by an earlier centre.

    If a cluster has two points, both are equally far from its centre apart from rounding; the draw decides.
    """
    distance = square_distance(centre, x)
    tie_break = jax.random.uniform(key, excluded.shape)

    def pick(taken: Bool[Array, " n"], distance: Float[Array, " n"]):
        distance = jnp.where(taken, jnp.inf, distance)
        equal = ~taken & (distance <= jnp.min(distance) * (1 + TIE) + 1e-12)
        row = argmax(jnp.where(equal, tie_break, -1.0))
        return taken.at[row].set(True), row

    return jax.lax.scan(pick, excluded, distance)[1]
