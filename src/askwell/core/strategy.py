"""The contracts of everything that decides in a game."""

import abc
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core.spaces import AbstractSpace, Classes, HalfSpaces, Points, Rows, RowsOrStop, Skip
from askwell.core.view import View


class AbstractPlayer(eqx.Module):
    """Decides in every game whose actions are of its `space`: a rule, a trained policy or a ceiling alike.

    A concrete player is a final class with a `name`; its docstring's first line is its summary in lists.
    `cheats` marks ceilings that read ``view.truth``; no other player is ever given it.
    `needs` says in words what it reads ("probabilities", "geometry"), for `askwell list strategies`.
    `large` promises time and memory linear in the pool (no density, nothing ``n × n`` or ``n × b``), so that
    `askwell ask` shows it the whole of a large pool; all others are shown a sample of it.
    """

    name: ClassVar[str]
    space: ClassVar[type[AbstractSpace]]
    needs: ClassVar[tuple[str, ...]] = ()
    cheats: ClassVar[bool] = False
    large: ClassVar[bool] = False

    @abc.abstractmethod
    def decide(self, key: PRNGKeyArray, view: View, space: AbstractSpace) -> Array:
        """An action of `space`, which is of the kind that `self.space` names. The key is the only source of chance."""


class AbstractStrategy(AbstractPlayer):
    """Picks a batch from a view."""

    space: ClassVar[type[AbstractSpace]] = Rows

    @abc.abstractmethod
    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """Pick `q` distinct pool rows that were never asked, best first.

        The caller guarantees that at least `q` points are left to ask.
        """

    def decide(self, key: PRNGKeyArray, view: View, space: AbstractSpace) -> Int[Array, " q"]:
        """See `AbstractPlayer.decide`: the batch that `select` picks."""
        assert isinstance(space, Rows)
        return self.select(key, view, space.q)


class AbstractStopStrategy(AbstractPlayer):
    """Says each round whether to stop; until then `strategy` picks the batches, the same as if it played alone."""

    space: ClassVar[type[AbstractSpace]] = RowsOrStop
    strategy: eqx.AbstractVar[AbstractStrategy]

    @abc.abstractmethod
    def stop(self, key: PRNGKeyArray, view: View, q: int) -> Bool[Array, ""]:
        """Whether to end the episode here instead of buying `q` labels more; see ``view.stopping``."""

    def decide(self, key: PRNGKeyArray, view: View, space: AbstractSpace) -> Int[Array, " q"]:
        """See `AbstractPlayer.decide`: a batch, or ``n`` in every place."""
        assert isinstance(space, RowsOrStop)
        rows = self.strategy.select(key, view, space.q)
        return jnp.where(self.stop(jax.random.fold_in(key, 1), view, space.q), len(view.y), rows)


class AbstractClassStrategy(AbstractPlayer):
    """Says of which classes the points of a batch shall be."""

    space: ClassVar[type[AbstractSpace]] = Classes

    @abc.abstractmethod
    def classes(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """For each place of the batch, a group of the view's geometry; any may come several times."""

    def decide(self, key: PRNGKeyArray, view: View, space: AbstractSpace) -> Int[Array, " q"]:
        """See `AbstractPlayer.decide`."""
        assert isinstance(space, Classes)
        return self.classes(key, view, space.q)


class AbstractPointStrategy(AbstractPlayer):
    """Says where in the data space the points of a batch shall be."""

    space: ClassVar[type[AbstractSpace]] = Points

    @abc.abstractmethod
    def points(self, key: PRNGKeyArray, view: View, q: int) -> Float[Array, "q d"]:
        """`q` points, in the view's features."""

    def decide(self, key: PRNGKeyArray, view: View, space: AbstractSpace) -> Float[Array, "q d"]:
        """See `AbstractPlayer.decide`."""
        assert isinstance(space, Points)
        return self.points(key, view, space.q)


class AbstractCutStrategy(AbstractPlayer):
    """Says about which half-spaces a batch asks."""

    space: ClassVar[type[AbstractSpace]] = HalfSpaces

    @abc.abstractmethod
    def cuts(self, key: PRNGKeyArray, view: View, q: int) -> Float[Array, "q p"]:
        """`q` half-spaces in the view's features, see `HalfSpaces`: ``p = d + 1``."""

    def decide(self, key: PRNGKeyArray, view: View, space: AbstractSpace) -> Float[Array, "q p"]:
        """See `AbstractPlayer.decide`."""
        assert isinstance(space, HalfSpaces)
        return self.cuts(key, view, space.q)


class AbstractStreamStrategy(AbstractPlayer):
    """Says of one point after another whether to label it."""

    space: ClassVar[type[AbstractSpace]] = Skip

    @abc.abstractmethod
    def label(self, key: PRNGKeyArray, view: View) -> Bool[Array, ""]:
        """Whether to buy the label of ``view.stream.row``; once the budget is spent, the answer changes nothing."""

    def decide(self, key: PRNGKeyArray, view: View, space: AbstractSpace) -> Bool[Array, ""]:
        """See `AbstractPlayer.decide`."""
        return self.label(key, view)
