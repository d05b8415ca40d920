"""Typical points of clusters without a label."""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.core.geometry import NEIGHBOURS, square_distance
from askwell.core.kmeans import kmeans
from askwell.strategies.pickers import from_groups

MAX_CLUSTERS = 500
MIN_CLUSTER = 5
ROWS, COLUMNS = 128, 256
"""Points that are compared at a time."""


class TypiClust(AbstractStrategy):
    """Most typical point of the largest clusters without a label (Hacohen et al. 2022); the same when cold.

    As many k-means clusters as labels paid for after this round, at most 500. Clusters with the fewest asked
    points come first, larger ones before smaller, those under 5 points last. Typicality is the inverse mean
    distance to the 20 nearest neighbours in the cluster.
    """

    name: ClassVar[str] = "typiclust"

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        # Smaller numbers, less cancellation in the distances.
        view = dataclasses.replace(view, x=view.x - jnp.mean(view.x, axis=0))
        centres, group = label_groups(key, view, q)
        clusters = centres.shape[0]

        def prefer(size: Float[Array, " g"], count: Float[Array, " g"]) -> tuple[Array, ...]:
            return size >= MIN_CLUSTER, -count, size

        # Each pick costs its cluster its turn, so the batch comes from the first q; only there density matters.
        size, count = (jnp.zeros(clusters).at[group].add(one) for one in (jnp.ones(group.shape), view.asked))
        last = jnp.lexsort((*prefer(size, count)[::-1], size > count))
        wanted = jnp.zeros(clusters, bool).at[last[-q:]].set(True)
        return from_groups(key, -reach(view.x, group, wanted), group, clusters, prefer, view.asked, q)


def reach(x: Float[Array, "n d"], group: Int[Array, " n"], wanted: Bool[Array, " g"]) -> Float[Array, " n"]:
    """Mean distance of each point to its 20 nearest of its group, for points of `wanted` groups; else inf.

    Points are put in the order of their groups and compared block by block: time grows with the points wanted times
    the size of their groups (or a block); memory does not grow.
    """
    n, groups = x.shape[0], wanted.shape[0]
    turn = jnp.where(wanted[group], group, groups)
    order = jnp.argsort(turn)
    turn, x = turn[order], jnp.pad(x[order], ((0, COLUMNS), (0, 0)))
    end = jnp.sum(turn < groups)
    padded = jnp.pad(turn, (0, COLUMNS), constant_values=-1)

    def block(i: Array, found: Float[Array, " m"]) -> Float[Array, " m"]:
        at = i * ROWS
        rows, own = (jax.lax.dynamic_slice_in_dim(a, at, ROWS) for a in (x, padded))
        start = jnp.searchsorted(turn, own[0])
        stop = jnp.searchsorted(turn, turn[jnp.minimum(at + ROWS, end) - 1], side="right")

        def compare(j: Array, nearest: Float[Array, "r k"]) -> Float[Array, "r k"]:
            place = start + j * COLUMNS
            columns, theirs = (jax.lax.dynamic_slice_in_dim(a, place, COLUMNS) for a in (x, padded))
            itself = (at + jnp.arange(ROWS))[:, None] == place + jnp.arange(COLUMNS)
            near = jnp.where((own[:, None] == theirs) & ~itself, square_distance(rows, columns), jnp.inf)
            return -jax.lax.top_k(-jnp.concatenate([nearest, near], axis=1), NEIGHBOURS)[0]

        none = jnp.full((ROWS, NEIGHBOURS), jnp.inf)
        nearest = jnp.sqrt(jax.lax.fori_loop(0, -((start - stop) // COLUMNS), compare, none))
        some = nearest < jnp.inf
        mean = jnp.sum(jnp.where(some, nearest, 0.0), axis=1) / jnp.maximum(jnp.sum(some, axis=1), 1)
        return jax.lax.dynamic_update_slice_in_dim(found, mean, at, 0)

    found = jax.lax.fori_loop(0, -(-end // ROWS), block, jnp.zeros(n + COLUMNS))
    return jnp.zeros(n).at[order].set(jnp.where(turn < groups, found[:n], jnp.inf))


def label_groups(key: PRNGKeyArray, view: View, q: int) -> tuple[Float[Array, "k d"], Int[Array, " n"]]:
    """As many k-means groups as labels paid for after this round, at most 500: centres, group of each point.

    Centres beyond that number are not used.
    """
    most = min(max(view.rows.shape[0], q), MAX_CLUSTERS, view.x.shape[0])
    return kmeans(key, view.x, most, jnp.minimum(jnp.sum(view.asked) + q, most))
