"""Typical points of clusters without a label."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.core.kmeans import kmeans
from askwell.strategies.pickers import greedy

MAX_CLUSTERS = 500
MIN_CLUSTER = 5


class TypiClust(AbstractStrategy):
    """Most typical point of the largest clusters without a label (Hacohen et al. 2022); the same in a cold round.

    As many k-means clusters as labels paid for after this round, at most 500. Clusters with the fewest asked
    points come first, larger ones before smaller, those under 5 points last. Typicality is the inverse mean
    distance to the 20 nearest neighbours *in the pool* (the paper: in the cluster, which differs at borders).
    """

    name: ClassVar[str] = "typiclust"
    needs: ClassVar[tuple[str, ...]] = ("geometry",)

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        n, density = view.x.shape[0], view.geometry.density
        most = min(view.rows.shape[0] + q, MAX_CLUSTERS, n)
        active = jnp.minimum(jnp.sum(view.asked) + q, most)
        _, group = kmeans(key, view.x, most, active)
        size = jnp.zeros(most).at[group].add(1.0)
        count = jnp.zeros(most).at[group].add(view.asked)

        def score(count):
            best = size > count  # clusters that still have a point to ask
            for preference in (size >= MIN_CLUSTER, -count, size):
                best &= preference == jnp.max(jnp.where(best, preference, -jnp.inf))
            return jnp.where(best[group], density, -1.0)

        return greedy(key, count, score, lambda count, row: count.at[group[row]].add(1.0), view.asked, q)
