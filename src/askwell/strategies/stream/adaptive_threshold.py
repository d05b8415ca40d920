"""Label what is among the most uncertain, as many as the budget allows."""

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, PRNGKeyArray

from askwell.core import AbstractStreamStrategy, View
from askwell.strategies import uncertainty
from askwell.strategies.stream.base import stream_of


class AdaptiveThreshold(AbstractStreamStrategy):
    """Labels a point that is among the most uncertain of the pool, at the rate that spends the budget; cold: at random.

    The threshold is a quantile of the margin uncertainty of all points without a label, moved at every step: if a
    tenth of the points still to come can be paid for, the point must be among the most uncertain tenth. Among
    points that are equally uncertain the decision is drawn.
    """

    name: ClassVar[str] = "adaptive-threshold"
    needs: ClassVar[tuple[str, ...]] = ("probabilities",)

    def label(self, key: PRNGKeyArray, view: View) -> Bool[Array, ""]:
        """See `AbstractStreamStrategy.label`."""
        stream, left = stream_of(view), ~view.asked
        value = uncertainty.margin(view)
        own, count = value[stream.row], jnp.maximum(jnp.sum(left), 1)
        above, alike = (jnp.sum(left & beats) / count for beats in (value > own, value == own))
        return above + jax.random.uniform(key) * alike < stream.rate
