"""Greedy coverage."""

from typing import ClassVar

from jaxtyping import Array, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.strategies import coverage


class MaxHerding(AbstractStrategy):
    """Point that adds most to the pool's kernel coverage (Bae et al. 2024); the same in a cold round.

    Greedily maximises ``Σ_z max_asked k(x, z)`` over all points (or landmarks) ``z``, with an RBF kernel of
    the pool's coarse width.
    """

    name: ClassVar[str] = "maxherding"
    needs: ClassVar[tuple[str, ...]] = ("geometry",)
    large: ClassVar[bool] = True

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        return coverage.herd(key, view, coverage.similarity(view), q)
