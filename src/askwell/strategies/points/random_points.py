"""Anywhere in the data space."""

from typing import ClassVar

from jaxtyping import Array, Float, PRNGKeyArray

from askwell.core import AbstractPointStrategy, Points, View


class RandomPoints(AbstractPointStrategy):
    """Points from a normal distribution with the pool's mean and deviations; rows at its edge come too often."""

    name: ClassVar[str] = "random-points"

    def points(self, key: PRNGKeyArray, view: View, q: int) -> Float[Array, "q d"]:
        """See `AbstractPointStrategy.points`."""
        return Points(q).sample(key, view)
