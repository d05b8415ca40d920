"""Half-spaces that cut off a small cap around an uncertain row."""

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from askwell.core import AbstractCutStrategy, View
from askwell.core.geometry import cut
from askwell.strategies import uncertainty
from askwell.strategies.half_spaces.base import outward

SHARE = 0.05
"""Of the pool, in a cap."""

LEAST = 1e-6
"""Uncertainty of a row that is sure: its chance is small, not zero."""


class CapCuts(AbstractCutStrategy):
    """A twentieth of the pool, cut off in the direction of a row drawn by its margin uncertainty; of any row if cold.

    One answer stands for a cap of rows that lie together.
    """

    name: ClassVar[str] = "cap-cuts"
    needs: ClassVar[tuple[str, ...]] = ("probabilities",)

    def cuts(self, key: PRNGKeyArray, view: View, q: int) -> Float[Array, "q p"]:
        """See `AbstractCutStrategy.cuts`."""
        n = len(view.y)
        chance = jnp.log(uncertainty.margin(view) + LEAST)
        rows = jax.lax.top_k(chance + jax.random.gumbel(key, (n,)), q)[1]
        return cut(view.x, outward(view, view.x[rows]), jnp.full(q, max(1, round(SHARE * n))))
