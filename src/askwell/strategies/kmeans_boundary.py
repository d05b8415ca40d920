"""Borders between clusters."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.core.geometry import square_distance
from askwell.strategies.pickers import from_groups

ROUNDING = 1e-2
"""Ratios of distances below this are rounding of zero."""


class KMeansBoundary(AbstractStrategy):
    """Points most undecided between two k-means centres, from the groups in turn; the same in a cold round.

    A point is undecided if the ratio of its nearest to its second nearest distance is close to 1. Each pick is from the
    groups with the fewest points asked (of the pool's 16), so a batch does not lie on one border. This
    project's own rule: uncertainty of the features' clusters instead of a learner's.
    """

    name: ClassVar[str] = "kmeans-boundary"
    needs: ClassVar[tuple[str, ...]] = ("geometry",)

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        geometry = view.geometry
        return from_groups(
            key,
            indecision(view),
            geometry.groups,
            geometry.centres.shape[0],
            lambda size, count: (-count,),
            view.asked,
            q,
        )


def indecision(view: View) -> Float[Array, " n"]:
    """Distance to the nearest of the pool's k-means centres over that to the second nearest, in 0..1."""
    centres = view.geometry.centres
    if centres.shape[0] < 2:
        return jnp.zeros(view.x.shape[0])
    x = view.x - jnp.mean(view.x, axis=0)  # as the centres are
    distance = square_distance(x, centres)
    first = jnp.argmin(distance, axis=1)
    second = jnp.min(jnp.where(jnp.arange(centres.shape[0]) == first[:, None], jnp.inf, distance), axis=1)
    ratio = jnp.sqrt(jnp.min(distance, axis=1) / jnp.where(second > 0, second, 1.0))
    # A point alone in its group is its own centre: what is left of its distance is rounding.
    return jnp.where((second > 0) & (ratio > ROUNDING), ratio, 0.0)
