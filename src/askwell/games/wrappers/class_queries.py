"""Asking for a class: a labeller looks for points of the classes that are wanted, and may be wrong about them."""

import dataclasses
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AskwellError, Classes, Geometry, Pool, unknown
from askwell.core.extreme import argmax
from askwell.core.inverse import over_rows
from askwell.games.base import Outcome
from askwell.games.batch import BatchGame, BatchState, annotate
from askwell.games.wrappers.base import AbstractBatchWrapper

BY = {
    "class": "a labeller guesses each point's class, and looks where it guesses the class that is wanted",
    "group": "k-means groups stand for classes",
}
WITHIN = {
    "random": "any point",
    "centre": "the point nearest the group's centre",
    "uncertain": "the point of highest margin uncertainty",
}
DECIMALS = 4
"""What differs by less than this, in distances over their mean or in uncertainty, differs by rounding."""

TIE = 0.5 * 10.0**-DECIMALS
"""So much of chance tells points apart that do not differ, and no others."""


class ClassQueries(AbstractBatchWrapper):
    """A player asks for classes, a labeller who guesses classes finds the points, and the batch game buys their labels.

    The labeller's guess of each point is fixed at reset and the same for all players; it is wrong with probability
    `error`, and then any of the other classes. The guesses are the groups of the view's geometry: besides the labels
    that were bought, they are all that a view knows of the truth. Where no point of a wanted class is left, any point
    is taken, so each round buys a whole batch.

    Attributes:
        game: the batch game underneath.
        by: a name from ``BY``.
        error: how often the labeller's guess is wrong, 0..1; of no use by "group".
        within: which point of the class is found, a name from ``WITHIN``.
    """

    name: ClassVar[str] = "class-queries"
    environment: ClassVar[str] = "ClassQueries"
    opponents: ClassVar[tuple[str, ...]] = ("pool-shares", "equal-shares", "filling-shares", "needed-shares")
    game: BatchGame
    by: str = eqx.field(static=True, default="class")
    error: float = eqx.field(static=True, default=0.2)
    within: str = eqx.field(static=True, default="random")

    def __check_init__(self):
        """Refuse impossible settings."""
        if self.by not in BY:
            raise AskwellError(unknown("by", self.by, BY))
        if self.within not in WITHIN:
            raise AskwellError(unknown("choice within a class", self.within, WITHIN))
        _check(self.error)

    @classmethod
    def make(cls, settings: dict[str, Any], **batch: Any) -> "ClassQueries":
        """See `AbstractGame.make`; its settings are `by`, `error` and `within`."""
        known = [field.name for field in dataclasses.fields(cls) if field.name != "game"]
        for name in set(settings) - set(known):
            raise AskwellError(unknown("setting of the game 'class-queries'", name, known))
        _check(settings.get("error", 0.0))
        own: dict[str, Any] = dict(settings)
        if "error" in own:  # a whole number is a probability too
            own["error"] = float(own["error"])
        return cls(BatchGame(**batch), **own)

    @property
    def space(self) -> Classes:
        """See `AbstractGame.space`."""
        return Classes(self.game.batch)

    @property
    def informed(self) -> bool:
        """See `AbstractGame.informed`: the labeller."""
        return self.by == "class"

    def reset(self, key: PRNGKeyArray, pool: Pool) -> BatchState:
        """See `AbstractGame.reset`."""
        state = self.game.reset(key, pool)
        if self.by == "group":
            return state
        guess = annotate(jax.random.fold_in(key, len(pool.y)), pool.y, pool.classes, self.error)
        return dataclasses.replace(state, geometry=regroup(state.geometry, pool.x, guess, pool.classes))

    def step(
        self, key: PRNGKeyArray, state: BatchState, action: Int[Array, " q"]
    ) -> tuple[BatchState, Outcome]:
        """See `AbstractGame.step`."""
        rows = self.found(jax.random.fold_in(key, len(state.answers)), state, action)
        state, outcome = self.game.step(key, state, rows)
        known = jnp.all((action >= 0) & (action < len(state.geometry.centres)))
        return state, dataclasses.replace(outcome, legal=outcome.legal & known)

    def found(self, key: PRNGKeyArray, state: BatchState, action: Int[Array, " q"]) -> Int[Array, " q"]:
        """The rows that the labeller finds: of each wanted class the best that is left, else the best of all."""
        view, n = self.game.view(state), len(state.answers)
        score = self._score(state) + jax.random.uniform(key, (n,), maxval=TIE)

        def find(gone: Array, wanted: Int[Array, ""]):
            right = ~gone & (view.geometry.groups == wanted)
            row = argmax(jnp.where(jnp.where(jnp.any(right), right, ~gone), score, -jnp.inf))
            return gone.at[row].set(True), row

        return jax.lax.scan(find, view.asked, action)[1]

    def _score(self, state: BatchState) -> Float[Array, " n"]:
        """What decides among the points of a class, highest first."""
        view = self.game.view(state)
        if self.within == "random":
            return jnp.zeros(len(view.y))
        if self.within == "uncertain":
            first, second = jax.lax.top_k(view.proba, 2)[0].T
            return jnp.where(view.cold, 0.0, jnp.round(second - first, DECIMALS))
        x = view.x - jnp.mean(view.x, axis=0)  # as the centres are
        distance = jnp.sqrt(jnp.sum((x - view.geometry.centres[view.geometry.groups]) ** 2, axis=1))
        return -jnp.round(distance / (jnp.mean(distance) + 1e-6), DECIMALS)


def _check(error: Any) -> None:
    if not isinstance(error, int | float) or not 0 <= error <= 1:
        raise AskwellError(f"The labeller's guess is wrong with a probability in 0..1; {error} was given.")


def regroup(geometry: Geometry, x: Float[Array, "n d"], groups: Int[Array, " n"], count: int) -> Geometry:
    """The geometry with other groups than its k-means ones, `count` of them; an empty one lies at the origin."""
    member = jax.nn.one_hot(groups, count)
    total = over_rows(member, x - jnp.mean(x, axis=0))  # centred, as all of the geometry is
    centres = total / jnp.maximum(jnp.sum(member, axis=0), 1.0)[:, None]
    return dataclasses.replace(geometry, groups=groups, centres=centres, named=True)
