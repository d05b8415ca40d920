"""Query synthesis: a player names points of the data space, and is told what lies there."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from askwell.core.extreme import argmin
from askwell.games.batch import BatchGame, BatchState
from askwell.games.wrappers.base import AbstractAnswers, AbstractPoints, distances


class PointSynthesis(AbstractPoints, AbstractAnswers):
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
    game: BatchGame

    def told(
        self, state: BatchState, action: Float[Array, "q d"]
    ) -> tuple[Float[Array, "q d"], Int[Array, " q"], Float[Array, " q"]]:
        """The points themselves, with the labels of the rows nearest to them."""
        return action, state.answers[argmin(distances(state, action))], jnp.ones(len(action))
