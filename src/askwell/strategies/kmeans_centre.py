"""Centres of clusters."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.strategies.pickers import from_groups
from askwell.strategies.typiclust import label_groups

TIE = 1e-4
"""Relative difference of squared distances that counts as none."""


class KMeansCentre(AbstractStrategy):
    """Point nearest the centre of k-means groups without a label (Zhdanov 2019, unweighted); the same cold.

    As many groups as labels paid for after this round, at most 500. Groups with the fewest asked points come
    first, larger ones before smaller: TypiClust with the centre in the place of the densest point.
    """

    name: ClassVar[str] = "kmeans-centre"

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        centres, group = label_groups(key, view, q)
        distance = jnp.sum((view.x - centres[group]) ** 2, axis=1)
        # Both points of a pair are as near its centre, but for rounding, which must not decide.
        left = jnp.where(view.asked, jnp.inf, distance)
        nearest = jnp.full(centres.shape[0], jnp.inf).at[group].min(left)[group]
        return from_groups(
            key,
            -jnp.where(distance <= (1 + TIE) * nearest, 0.0, distance),
            group,
            centres.shape[0],
            lambda size, count: (-count, size),
            view.asked,
            q,
        )
