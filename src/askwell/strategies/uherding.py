"""Uncertainty herding."""

from typing import ClassVar

from jaxtyping import Array, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.strategies import coverage, uncertainty


class UHerding(AbstractStrategy):
    """Greedy coverage of the uncertain points (Bae et al. 2025); plain coverage in a cold round.

    Maximises ``Σ_z u(z) · max_asked k(x, z)`` with the margin uncertainty ``u`` at every landmark ``z``. The
    kernel width is the pool's; the paper's two adaptations (temperature scaling of ``u``, a width that
    shrinks with the labels) are left out.
    """

    name: ClassVar[str] = "uherding"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    large: ClassVar[bool] = True

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        weight = uncertainty.margin(view)[view.geometry.landmarks]
        return coverage.herd(key, view, coverage.similarity(view), q, weight=weight)
