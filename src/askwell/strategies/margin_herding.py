"""Margin times coverage gain."""

from typing import ClassVar

from jaxtyping import Array, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.strategies import coverage, uncertainty


class MarginHerding(AbstractStrategy):
    """A point's margin uncertainty times what it adds to the pool's coverage; coverage alone in a cold round.

    UHerding weighs the points that are *covered* by their uncertainty; this rule weighs the point that is *asked*.
    It was the strongest hand-made rule in this project's prototypes.
    """

    name: ClassVar[str] = "margin-herding"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    large: ClassVar[bool] = True

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        return coverage.herd(key, view, coverage.similarity(view), q, factor=uncertainty.margin(view))
