"""Any half-space."""

from typing import ClassVar

from jaxtyping import Array, Float, PRNGKeyArray

from askwell.core import AbstractCutStrategy, HalfSpaces, View


class RandomCuts(AbstractCutStrategy):
    """Random directions, with any number of rows beyond."""

    name: ClassVar[str] = "random-cuts"

    def cuts(self, key: PRNGKeyArray, view: View, q: int) -> Float[Array, "q p"]:
        """See `AbstractCutStrategy.cuts`."""
        return HalfSpaces(q).sample(key, view)
