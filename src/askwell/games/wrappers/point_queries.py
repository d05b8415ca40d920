"""Asking in the data space: a player names points, and the nearest rows of the pool are labelled."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import Points
from askwell.core.extreme import argmin
from askwell.core.geometry import square_distance
from askwell.games.base import Outcome, no_settings
from askwell.games.batch import BatchGame, BatchState
from askwell.games.wrappers.base import AbstractBatchWrapper


class PointQueries(AbstractBatchWrapper):
    """For each place of a batch a player names a point of the data space; the nearest row not yet asked is labelled.

    The action is continuous and no larger for a larger pool. What is bought is a row all the same, so the labels are
    those of real points.

    Attributes:
        game: the batch game underneath.
    """

    name: ClassVar[str] = "point-queries"
    environment: ClassVar[str] = "PointQueries"
    opponents: ClassVar[tuple[str, ...]] = (
        "row-points",
        "random-points",
        "uncertain-points",
        "herding-points",
    )
    game: BatchGame

    @classmethod
    def make(cls, settings: dict[str, Any], **batch: Any) -> "PointQueries":
        """See `AbstractGame.make`; it has no settings of its own."""
        no_settings(cls, settings)
        return cls(BatchGame(**batch))

    @property
    def space(self) -> Points:
        """See `AbstractGame.space`."""
        return Points(self.game.batch)

    def step(
        self, key: PRNGKeyArray, state: BatchState, action: Float[Array, "q d"]
    ) -> tuple[BatchState, Outcome]:
        """See `AbstractGame.step`."""
        return self.game.step(key, state, self.nearest(state, action))

    def nearest(self, state: BatchState, points: Float[Array, "q d"]) -> Int[Array, " q"]:
        """For each point in turn the nearest row that is left; ``n``, which is not legal, where it is no number."""
        n = len(state.answers)
        centre = jnp.mean(state.pool.x, axis=0)  # smaller numbers, less cancellation
        distance = square_distance(points - centre, state.pool.x - centre)

        def find(gone: Array, given: tuple[Array, Array]):
            row = argmin(jnp.where(gone, jnp.inf, given[0]))
            row = jnp.where(jnp.all(jnp.isfinite(given[1])), row, n)
            return gone.at[row].set(True, mode="drop"), row

        return jax.lax.scan(find, self.game.view(state).asked, (distance, points))[1]
