"""The contract of everything that picks a batch."""

import abc
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Int, PRNGKeyArray

from askwell.core.view import View


class AbstractStrategy(eqx.Module):
    """Picks a batch from a view: a heuristic, a trained policy or the oracle alike.

    A concrete strategy is a final class with a `name`; its docstring's first line is its summary in lists.
    `cheats` marks ceilings that read ``view.truth``; no other strategy is ever given it.
    `needs` says in words what it reads ("probabilities", "geometry"), for `askwell list strategies`.
    `large` promises time and memory linear in the pool (no density, nothing ``n × n`` or ``n × b``), so that
    `askwell ask` shows it the whole of a large pool; all others are shown a sample of it.
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    cheats: ClassVar[bool] = False
    large: ClassVar[bool] = False

    @abc.abstractmethod
    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """Pick `q` distinct pool rows that were never asked, best first.

        The caller guarantees that at least `q` points are left to ask.
        """
