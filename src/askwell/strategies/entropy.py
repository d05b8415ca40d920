"""Entropy sampling."""

from typing import ClassVar

from jaxtyping import Array, Float

from askwell.core import View
from askwell.strategies import uncertainty
from askwell.strategies.base import AbstractScoreStrategy


class Entropy(AbstractScoreStrategy):
    """Highest predictive entropy (Settles 2009); random in a cold round."""

    name: ClassVar[str] = "entropy"
    needs: ClassVar[tuple[str, ...]] = ("probabilities",)
    large: ClassVar[bool] = True

    def score(self, view: View) -> Float[Array, " n"]:
        """See `uncertainty.entropy`."""
        return uncertainty.entropy(view)
