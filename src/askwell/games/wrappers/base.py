"""What games share that wrap the batch game."""

import abc
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import Points, Pool, Truth, View
from askwell.core.geometry import square_distance
from askwell.games.base import AbstractGame, Outcome, State, no_settings
from askwell.games.batch import BatchGame, BatchState


class AbstractWrapper(AbstractGame[State]):
    """A game around the batch game `game`, with its budget."""

    game: eqx.AbstractVar[BatchGame]

    @property
    def start_labels(self) -> int:
        """See `AbstractGame.start_labels`: those of the batch game."""
        return self.game.start_labels

    @property
    def budget(self) -> int:
        """See `AbstractGame.budget`: that of the batch game."""
        return self.game.budget

    def turns(self, n: int) -> int:
        """See `AbstractGame.turns`: those of the batch game."""
        return self.game.turns(n)


class AbstractBatchWrapper(AbstractWrapper[BatchState]):
    """The batch game and its state, with another meaning of an action: `make`, `space` and `step` are left to say."""

    def over(self, state: BatchState) -> Bool[Array, ""]:
        """See `AbstractGame.over`."""
        return self.game.over(state)

    def reset(self, key: PRNGKeyArray, pool: Pool) -> BatchState:
        """See `AbstractGame.reset`."""
        return self.game.reset(key, pool)

    def view(self, state: BatchState) -> View:
        """See `AbstractGame.view`."""
        return self.game.view(state)

    def reveal(self, state: BatchState) -> Truth:
        """See `AbstractGame.reveal`."""
        return self.game.reveal(state)


class AbstractAnswers(AbstractBatchWrapper):
    """Answers that are about no row of the pool: the learner gets a weighted point for each. `told` is left to say."""

    virtual: ClassVar[bool] = True

    @property
    def informed(self) -> bool:
        """See `AbstractGame.informed`: the annotator answers from rows whose labels were not bought."""
        return True

    @abc.abstractmethod
    def told(
        self, state: BatchState, action: Array
    ) -> tuple[Float[Array, "q d"], Int[Array, " q"], Float[Array, " q"]]:
        """For each place of a batch the point that the learner is fitted to, its label and its weight."""

    def step(self, key: PRNGKeyArray, state: BatchState, action: Array) -> tuple[BatchState, Outcome]:
        """See `AbstractGame.step`; numbers that are not finite are not legal."""
        before, q = state.cost, len(action)
        x, y, weight = self.told(state, action)
        last = state.round == self.game.rounds - 1
        state, reward = self.game.refit(key, self.game.hear(state, x, y, weight), before, q, last)
        nothing, legal = jnp.full(q, len(state.answers)), jnp.all(jnp.isfinite(action))
        return state, Outcome(nothing, y, state.cost - before, reward, state.selection, state.report, legal)


class AbstractPoints(AbstractBatchWrapper):
    """A player names a point of the data space for each place of a batch; there are no settings of its own."""

    opponents: ClassVar[tuple[str, ...]] = (
        "row-points",
        "random-points",
        "uncertain-points",
        "herding-points",
    )

    @classmethod
    def make(cls, settings: dict[str, Any], **batch: Any) -> "AbstractPoints":
        """See `AbstractGame.make`; it has no settings of its own."""
        no_settings(cls, settings)
        make: Any = cls
        return make(BatchGame(**batch))

    @property
    def space(self) -> Points:
        """See `AbstractGame.space`."""
        return Points(self.game.batch)


def distances(state: BatchState, points: Float[Array, "q d"]) -> Float[Array, "q n"]:
    """Squared distances of points to the pool's rows, about its mean: smaller numbers, less cancellation."""
    centre = jnp.mean(state.pool.x, axis=0)
    return square_distance(points - centre, state.pool.x - centre)
