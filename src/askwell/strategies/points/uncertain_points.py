"""Where the learner is least sure."""

from typing import ClassVar

import jax
from jaxtyping import Array, Float, PRNGKeyArray

from askwell.core import AbstractPointStrategy, View
from askwell.strategies.points.base import climb, unsure


class UncertainPoints(AbstractPointStrategy):
    """Peaks of margin uncertainty in the space, each found from random rows uphill; random rows in a cold round.

    Query synthesis (Angluin 1988) with the nearest row in place of what was made up: a peak may lie where no point is.
    """

    name: ClassVar[str] = "uncertain-points"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")

    def points(self, key: PRNGKeyArray, view: View, q: int) -> Float[Array, "q d"]:
        """See `AbstractPointStrategy.points`."""
        find = lambda key: climb(key, view, lambda x: unsure(view, x))
        return jax.vmap(find)(jax.random.split(key, q))
