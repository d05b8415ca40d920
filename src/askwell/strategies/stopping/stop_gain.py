"""Stop when a batch costs more than it can be expected to bring."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from askwell.core import AbstractStopStrategy, AbstractStrategy, AskwellError, View
from askwell.strategies.stopping.base import agreements, stopping_of
from askwell.strategies.uherding import UHerding

SHARE = 0.2
"""How much of the predictions that a batch changes it puts right as a rule, less those that it spoils."""


def changed(view: View) -> Float[Array, ""]:
    """The share of the predictions that changed in a round, mean over the last two; 1 where a round began cold."""
    return 1 - jnp.mean(agreements(view, 2))


class StopGain(AbstractStopStrategy):
    """Stops when the expected gain is below the price: a share of the predictions that the last two rounds changed.

    Accuracy cannot gain more than predictions change, and changes are a noisy sign of gains, so the gain of the next
    batch is taken to be `share` of them.

    Attributes:
        share: the expected gain in accuracy over the share of the predictions that change, above 0, at most 1.
        strategy: picks the batches.
    """

    name: ClassVar[str] = "stop-gain"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    share: float = eqx.field(static=True, default=SHARE)
    strategy: AbstractStrategy = UHerding()

    def __check_init__(self):
        """Refuse a share that is none."""
        if not 0 < self.share <= 1:
            raise AskwellError(f"stop-gain's share is {self.share}; give a share above 0, at most 1.")

    def stop(self, key: PRNGKeyArray, view: View, q: int) -> Bool[Array, ""]:
        """See `AbstractStopStrategy.stop`."""
        return self.share * changed(view) < stopping_of(view).price * q
