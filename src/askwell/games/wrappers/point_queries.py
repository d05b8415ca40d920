"""Asking in the data space: a player names points, and the nearest rows of the pool are labelled."""

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core.extreme import argmin
from askwell.games.base import Outcome
from askwell.games.batch import BatchGame, BatchState
from askwell.games.wrappers.base import AbstractPoints, distances


class PointQueries(AbstractPoints):
    """For each place of a batch a player names a point of the data space; the nearest row not yet asked is labelled.

    The action is continuous and no larger for a larger pool. What is bought is a row all the same, so the labels are
    those of real points.

    Attributes:
        game: the batch game underneath.
    """

    name: ClassVar[str] = "point-queries"
    environment: ClassVar[str] = "PointQueries"
    game: BatchGame

    def step(
        self, key: PRNGKeyArray, state: BatchState, action: Float[Array, "q d"]
    ) -> tuple[BatchState, Outcome]:
        """See `AbstractGame.step`."""
        return self.game.step(key, state, self.nearest(state, action))

    def nearest(self, state: BatchState, points: Float[Array, "q d"]) -> Int[Array, " q"]:
        """For each point in turn the nearest row that is left; ``n``, which is not legal, where it is no number."""
        n = len(state.answers)

        def find(gone: Array, given: tuple[Array, Array]):
            row = argmin(jnp.where(gone, jnp.inf, given[0]))
            row = jnp.where(jnp.all(jnp.isfinite(given[1])), row, n)
            return gone.at[row].set(True, mode="drop"), row

        return jax.lax.scan(find, self.game.view(state).asked, (distances(state, points), points))[1]
