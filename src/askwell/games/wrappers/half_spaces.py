"""Asking about half-spaces: an annotator says which class rules beyond a hyperplane."""

import dataclasses
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from askwell.core import AskwellError, HalfSpaces, unknown
from askwell.core.extreme import argmax
from askwell.games.batch import BatchGame, BatchState
from askwell.games.wrappers.base import AbstractAnswers

POINT = {
    "class": "the mean of the region's rows of that class: the annotator also shows what is typical of it there",
    "region": "the mean of all of the region's rows: the annotator says no more than the class",
}


class HalfSpaceQueries(AbstractAnswers):
    """For each place of a batch a player names a half-space; an annotator says which class most of its rows are of.

    The learner gets one virtual point for each answer, with the answer as its label. An answer costs one label; an
    empty region has none, and its point has weight 0. The annotator looks at the answers to all rows of the pool, wrong
    ones included.

    Attributes:
        game: the batch game underneath.
        point: where the virtual point lies, a name from ``POINT``.
        layers: so many places of a batch in a row belong together, and each is asked about the intersection of its
            half-space with those before it; 1 asks about half-spaces alone.
    """

    name: ClassVar[str] = "half-spaces"
    environment: ClassVar[str] = "HalfSpaces"
    opponents: ClassVar[tuple[str, ...]] = ("random-cuts", "row-cuts", "bisecting-cuts", "cap-cuts")
    game: BatchGame
    point: str = eqx.field(static=True, default="class")
    layers: int = eqx.field(static=True, default=1)

    def __check_init__(self):
        """Refuse impossible settings."""
        _check(self.point, self.layers)

    @classmethod
    def make(cls, settings: dict[str, Any], **batch: Any) -> "HalfSpaceQueries":
        """See `AbstractGame.make`; its settings are `point` and `layers`."""
        known = [field.name for field in dataclasses.fields(cls) if field.name != "game"]
        for name in set(settings) - set(known):
            raise AskwellError(unknown("setting of the game 'half-spaces'", name, known))
        _check(settings.get("point", "class"), settings.get("layers", 1))
        return cls(BatchGame(**batch), **settings)

    @property
    def space(self) -> HalfSpaces:
        """See `AbstractGame.space`."""
        return HalfSpaces(self.game.batch)

    def regions(self, state: BatchState, action: Float[Array, "q p"]) -> Bool[Array, "q n"]:
        """Which rows lie in the region that each place of a batch asks about."""
        beyond = action[:, :-1] @ state.pool.x.T > action[:, -1:]
        place = jnp.arange(len(action))
        together = (place[:, None] // self.layers == place // self.layers) & (place <= place[:, None])
        return jnp.all(beyond | ~together[:, :, None], axis=1)

    def told(
        self, state: BatchState, action: Float[Array, "q p"]
    ) -> tuple[Float[Array, "q d"], Int[Array, " q"], Float[Array, " q"]]:
        """The virtual point of each region, its class (the first of equally frequent ones) and its weight.

        A weight that is the share of that class in the region was tried: learning curves are lower.
        """
        regions = self.regions(state, action)
        count = regions @ jax.nn.one_hot(state.answers, state.pool.classes)
        y = argmax(count)
        meant = regions & (state.answers == y[:, None]) if self.point == "class" else regions
        x = meant @ state.pool.x / jnp.maximum(jnp.sum(meant, axis=1), 1)[:, None]
        return x, y, jnp.any(regions, axis=1).astype(x.dtype)


def _check(point: Any, layers: Any) -> None:
    if point not in POINT:
        raise AskwellError(unknown("point", str(point), POINT))
    if not isinstance(layers, int) or layers < 1:
        raise AskwellError(f"The game's layers are a whole number of at least 1; {layers} was given.")
