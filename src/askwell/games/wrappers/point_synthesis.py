"""Query synthesis: a player names points of the data space, and is told what lies there."""

from typing import Any, ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import Points
from askwell.core.extreme import argmin
from askwell.core.geometry import square_distance
from askwell.games.base import Outcome, no_settings
from askwell.games.batch import BatchGame, BatchState
from askwell.games.wrappers.base import AbstractBatchWrapper


class PointSynthesis(AbstractBatchWrapper):
    """For each place of a batch a player names a point of the data space, and gets the label of that very point.

    The learner is fitted to the point itself, which need not be a row (membership queries, Angluin 1988). The truth is
    known at rows alone, so the annotator says what the nearest row of the pool is. That is the truth where classes are
    regions with many rows, and a guess between regions and in many dimensions, as a person's is of a made-up example
    (Baum and Lang 1992).

    Attributes:
        game: the batch game underneath.
    """

    name: ClassVar[str] = "point-synthesis"
    environment: ClassVar[str] = "PointSynthesis"
    virtual: ClassVar[bool] = True
    opponents: ClassVar[tuple[str, ...]] = (
        "row-points",
        "random-points",
        "uncertain-points",
        "herding-points",
    )
    game: BatchGame

    @classmethod
    def make(cls, settings: dict[str, Any], **batch: Any) -> "PointSynthesis":
        """See `AbstractGame.make`; it has no settings of its own."""
        no_settings(cls, settings)
        return cls(BatchGame(**batch))

    @property
    def space(self) -> Points:
        """See `AbstractGame.space`."""
        return Points(self.game.batch)

    @property
    def informed(self) -> bool:
        """See `AbstractGame.informed`: the annotator answers from rows whose labels were not bought."""
        return True

    def step(
        self, key: PRNGKeyArray, state: BatchState, action: Float[Array, "q d"]
    ) -> tuple[BatchState, Outcome]:
        """See `AbstractGame.step`; numbers that are not finite are not legal."""
        before, q = state.cost, len(action)
        y, last = self.answers(state, action), state.round == self.game.rounds - 1
        heard = self.game.hear(state, action, y, jnp.ones(q))
        state, reward = self.game.refit(key, heard, before, q, last)
        nothing, legal = jnp.full(q, len(state.answers)), jnp.all(jnp.isfinite(action))
        return state, Outcome(nothing, y, state.cost - before, reward, state.selection, state.report, legal)

    def answers(self, state: BatchState, points: Float[Array, "q d"]) -> Int[Array, " q"]:
        """The label of the row nearest to each point."""
        centre = jnp.mean(state.pool.x, axis=0)  # smaller numbers, less cancellation
        return state.answers[argmin(square_distance(points - centre, state.pool.x - centre))]
