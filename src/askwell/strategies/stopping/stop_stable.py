"""Stop when predictions have stabilised."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, PRNGKeyArray

from askwell.core import AbstractStopStrategy, AbstractStrategy, AskwellError, View
from askwell.strategies.stopping.base import agreements
from askwell.strategies.uherding import UHerding


class StopStable(AbstractStopStrategy):
    """Stops when each of the last rounds left a share of the predictions as it was (Bloodgood and Vijay-Shanker 2009).

    The paper takes agreement beyond chance (kappa), here it is the plain share, as `askwell.Session` has it. A round
    that began cold counts as a share of 0. The price plays no part.

    Attributes:
        threshold: the least share, 0..1.
        rounds: how many rounds must reach it, 1 or more.
        strategy: picks the batches.
    """

    name: ClassVar[str] = "stop-stable"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    threshold: float = eqx.field(static=True, default=0.98)
    rounds: int = eqx.field(static=True, default=3)
    strategy: AbstractStrategy = UHerding()

    def __check_init__(self):
        """Refuse what always or never holds."""
        if not 0 < self.threshold <= 1 or self.rounds < 1:
            raise AskwellError(
                f"stop-stable's threshold is a share above 0, at most 1, and rounds at least 1; given {self.threshold} "
                f"and {self.rounds}."
            )

    def stop(self, key: PRNGKeyArray, view: View, q: int) -> Bool[Array, ""]:
        """See `AbstractStopStrategy.stop`."""
        return jnp.all(agreements(view, self.rounds) >= self.threshold)
