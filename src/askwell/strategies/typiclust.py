"""Typical points of clusters without a label."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.core.kmeans import kmeans
from askwell.strategies.pickers import from_groups

MAX_CLUSTERS = 500
MIN_CLUSTER = 5


class TypiClust(AbstractStrategy):
    """Most typical point of the largest clusters without a label (Hacohen et al. 2022); the same when cold.

    As many k-means clusters as labels paid for after this round, at most 500. Clusters with the fewest asked
    points come first, larger ones before smaller, those under 5 points last. Typicality is the inverse mean
    distance to the 20 nearest neighbours *in the pool* (the paper: in the cluster, which differs at borders).
    """

    name: ClassVar[str] = "typiclust"
    needs: ClassVar[tuple[str, ...]] = ("geometry",)

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        centres, group = label_groups(key, view, q)
        return from_groups(
            key,
            view.geometry.density,
            group,
            centres.shape[0],
            lambda size, count: (size >= MIN_CLUSTER, -count, size),
            view.asked,
            q,
        )


def label_groups(key: PRNGKeyArray, view: View, q: int) -> tuple[Float[Array, "k d"], Int[Array, " n"]]:
    """As many k-means groups as labels paid for after this round, at most 500: centres, group of each point.

    Centres beyond that number are not used.
    """
    most = min(view.rows.shape[0] + q, MAX_CLUSTERS, view.x.shape[0])
    return kmeans(key, view.x, most, jnp.minimum(jnp.sum(view.asked) + q, most))
