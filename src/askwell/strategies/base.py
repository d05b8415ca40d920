"""Strategies that score points; the picker makes the batch."""

import abc

from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.strategies.pickers import top_k


class AbstractScoreStrategy(AbstractStrategy):
    """Rates each point on its own and asks for the top `q`."""

    @abc.abstractmethod
    def score(self, view: View) -> Float[Array, " n"]:
        """A score for each point, the highest are asked; points already asked may get any finite number."""

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        return top_k(key, self.score(view), view.asked, q)
