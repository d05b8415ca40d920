"""Label what is uncertain beyond a fixed threshold."""

from typing import ClassVar

from jaxtyping import Array, Bool, PRNGKeyArray

from askwell.core import AbstractStreamStrategy, AskwellError, View
from askwell.strategies.stream.base import least_confidence


class FixedThreshold(AbstractStreamStrategy):
    """Labels a point whose top class has a probability below `threshold`; every point in a cold round.

    "Fixed uncertainty" of Žliobaitė et al. (2014). It does not look at the budget, and may spend it early, or never.
    """

    name: ClassVar[str] = "fixed-threshold"
    needs: ClassVar[tuple[str, ...]] = ("probabilities",)
    threshold: float = 0.9

    def __check_init__(self):
        """Refuse a threshold that is no probability."""
        if not 0 < self.threshold <= 1:
            raise AskwellError(
                f"fixed-threshold's threshold is {self.threshold}; give a probability in 0..1."
            )

    def label(self, key: PRNGKeyArray, view: View) -> Bool[Array, ""]:
        """See `AbstractStreamStrategy.label`."""
        return least_confidence(view) > 1 - self.threshold
