"""Stop after so many labels."""

from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Bool, PRNGKeyArray

from askwell.core import AbstractStopStrategy, AbstractStrategy, AskwellError, View
from askwell.strategies.uherding import UHerding


class StopAfter(AbstractStopStrategy):
    """Stops as soon as `labels` have been paid for: a budget fixed beforehand."""

    name: ClassVar[str] = "stop-after"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    labels: int = eqx.field(static=True, default=50)
    strategy: AbstractStrategy = UHerding()

    def __check_init__(self):
        """Refuse a negative budget."""
        if self.labels < 0:
            raise AskwellError(f"stop-after's labels is {self.labels}; give 0 or more.")

    def stop(self, key: PRNGKeyArray, view: View, q: int) -> Bool[Array, ""]:
        """See `AbstractStopStrategy.stop`."""
        return view.cost >= self.labels
