"""The classes that the learner is least sure about."""

from typing import ClassVar

from jaxtyping import Array, Float

from askwell.core import View
from askwell.strategies import uncertainty
from askwell.strategies.classes.base import AbstractShares, members


class NeededShares(AbstractShares):
    """The sum of the margin uncertainties of a class's points that are left; the pool's shares in a cold round.

    In spirit "inverse" of Lomasky et al. 2007, which asks a class the more, the less accurate the learner is on it.
    From few labels that accuracy cannot be measured, so the learner's own uncertainty stands in.
    """

    name: ClassVar[str] = "needed-shares"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")

    def shares(self, view: View, q: int) -> Float[Array, " g"]:
        """See `AbstractShares.shares`."""
        return (~view.asked * uncertainty.margin(view)) @ members(view)
