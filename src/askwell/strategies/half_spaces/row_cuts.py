"""Half-spaces with one row beyond."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from askwell.core import AbstractCutStrategy, View
from askwell.core.geometry import cut
from askwell.strategies.half_spaces.base import outward
from askwell.strategies.points.base import some_rows


class RowCuts(AbstractCutStrategy):
    """The outermost row in the direction of a random one, alone: each answer is the label of a row.

    Of a row in the middle of the pool no half-space asks alone, so rows at its edge come too often.
    """

    name: ClassVar[str] = "row-cuts"

    def cuts(self, key: PRNGKeyArray, view: View, q: int) -> Float[Array, "q p"]:
        """See `AbstractCutStrategy.cuts`."""
        return cut(view.x, outward(view, some_rows(key, view, q)), jnp.ones(q, int))
