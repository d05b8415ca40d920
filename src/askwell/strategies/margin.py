"""Margin sampling."""

from typing import ClassVar

from jaxtyping import Array, Float

from askwell.core import View
from askwell.strategies import uncertainty
from askwell.strategies.base import AbstractScoreStrategy


class Margin(AbstractScoreStrategy):
    """Smallest margin between the two top classes (Scheffer et al. 2001); random in a cold round."""

    name: ClassVar[str] = "margin"
    needs: ClassVar[tuple[str, ...]] = ("probabilities",)
    large: ClassVar[bool] = True

    def score(self, view: View) -> Float[Array, " n"]:
        """See `uncertainty.margin`."""
        return uncertainty.margin(view)
