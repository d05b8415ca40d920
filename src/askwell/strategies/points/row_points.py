"""Where random rows lie."""

from typing import ClassVar

from jaxtyping import Array, Float, PRNGKeyArray

from askwell.core import AbstractPointStrategy, View
from askwell.strategies.points.base import some_rows


class RowPoints(AbstractPointStrategy):
    """The places of random rows that were not asked: random sampling."""

    name: ClassVar[str] = "row-points"

    def points(self, key: PRNGKeyArray, view: View, q: int) -> Float[Array, "q d"]:
        """See `AbstractPointStrategy.points`."""
        return some_rows(key, view, q)
