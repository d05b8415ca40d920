"""Information density."""

from typing import ClassVar

from jaxtyping import Array, Float

from askwell.core import View
from askwell.strategies import uncertainty
from askwell.strategies.base import AbstractScoreStrategy


class DensityWeighted(AbstractScoreStrategy):
    """Highest entropy times density to a power (Settles & Craven 2008); density alone in a cold round.

    The paper's density is the mean cosine similarity to all of the pool; here it is the inverse mean distance
    to the 20 nearest neighbours: that needs no pass over all pairs in a round, and does not favour the pool's centre.
    """

    name: ClassVar[str] = "density-weighted"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    power: float = 1.0

    def score(self, view: View) -> Float[Array, " n"]:
        """``entropy × density^power``."""
        return uncertainty.entropy(view) * view.geometry.density**self.power
