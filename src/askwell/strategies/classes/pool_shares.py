"""Each class as often as the pool has it."""

from typing import ClassVar

from jaxtyping import Array, Float

from askwell.core import View
from askwell.strategies.classes.base import AbstractShares, remaining


class PoolShares(AbstractShares):
    """The shares of what is left of the pool: random sampling, stratified by guessed class."""

    name: ClassVar[str] = "pool-shares"
    needs: ClassVar[tuple[str, ...]] = ("geometry",)

    def shares(self, view: View, q: int) -> Float[Array, " g"]:
        """See `AbstractShares.shares`."""
        return remaining(view)
