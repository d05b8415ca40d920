"""Least-confidence sampling."""

from typing import ClassVar

from jaxtyping import Array, Float

from askwell.core import View
from askwell.strategies import uncertainty
from askwell.strategies.base import AbstractScoreStrategy


class LeastConfidence(AbstractScoreStrategy):
    """Lowest top probability (Lewis & Gale 1994); random in a cold round."""

    name: ClassVar[str] = "least-confidence"
    needs: ClassVar[tuple[str, ...]] = ("probabilities",)
    large: ClassVar[bool] = True

    def score(self, view: View) -> Float[Array, " n"]:
        """See `uncertainty.least_confidence`."""
        return uncertainty.least_confidence(view)
