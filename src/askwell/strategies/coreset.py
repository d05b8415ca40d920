"""k-centre greedy."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.core.geometry import square_distance
from askwell.strategies.pickers import greedy


class Coreset(AbstractStrategy):
    """Farthest point from all asked so far, again and again (Sener & Savarese 2018); starts at a random point.

    The greedy 2-approximation of k-centre, on the pool's features. It never reads probabilities, so a cold
    round is like any other, but for its first point.
    """

    name: ClassVar[str] = "coreset"

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        used = view.rows < view.x.shape[0]
        labelled = jnp.where(used[:, None], view.labelled_x, 0.0)
        distance = jnp.where(used, square_distance(view.x, labelled), jnp.inf)
        nearest = jnp.min(distance, axis=1, initial=jnp.inf)

        def update(nearest, row):
            return jnp.minimum(nearest, jnp.sum((view.x - view.x[row]) ** 2, axis=1))

        return greedy(key, nearest, lambda nearest: nearest, update, view.asked, q)
