"""Ceilings: strategies that cheat."""

from typing import ClassVar

from jaxtyping import Array, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, AskwellError, Truth, View
from askwell.strategies.search import Search


class Oracle(AbstractStrategy):
    """Ceiling: the batch whose labels help most on the selection split, found by exact refits; it cheats.

    Never less accurate there, after the refit, than its search's proposals from the same view. It looks only
    one round ahead and overfits a small selection split, so it is no strict bound on the report split.
    """

    name: ClassVar[str] = "oracle"
    needs: ClassVar[tuple[str, ...]] = ("hidden labels", "geometry", "learner")
    cheats: ClassVar[bool] = True
    search: Search = Search()

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        truth = _truth(self, view)
        return self.search(key, view, q, truth.selection_x, truth.selection_y)


class Clairvoyant(AbstractStrategy):
    """Ceiling: like the oracle, but on the very report split that it is scored on; it cheats twice.

    No strategy that does not see the report split can be expected to reach it.
    """

    name: ClassVar[str] = "clairvoyant"
    needs: ClassVar[tuple[str, ...]] = ("hidden labels", "report split", "geometry", "learner")
    cheats: ClassVar[bool] = True
    search: Search = Search()

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        truth = _truth(self, view)
        return self.search(key, view, q, truth.report_x, truth.report_y)


def _truth(strategy: AbstractStrategy, view: View) -> Truth:
    if view.truth is None or view.learner is None:
        raise AskwellError(
            f"The strategy '{strategy.name}' needs the hidden labels, which only a game on labelled data has; "
            "choose one that does not cheat."
        )
    return view.truth
