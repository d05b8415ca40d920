"""The view: all that a player may see before it decides."""

from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from askwell.core.geometry import Geometry, measure
from askwell.core.learner import AbstractFitted, AbstractLearner

NOT_ASKED = -1
NO_ANSWER = -2
"""In place of a label: never asked, and asked about without an answer."""


class Truth(eqx.Module):
    """What only a player that cheats may see: what the annotator would answer, and the evaluation sets."""

    answers: Int[Array, " n"]
    selection_x: Float[Array, "m1 d"]
    selection_y: Int[Array, " m1"]
    report_x: Float[Array, "m2 d"]
    report_y: Int[Array, " m2"]


class Evidence(NamedTuple):
    """What the learner is fitted to: points, their labels and weights; weight 0 in a place not used yet.

    Most of the points are rows of the pool that were bought; a game may add points that are no rows.
    """

    x: Float[Array, "b d"]
    y: Int[Array, " b"]
    weight: Float[Array, " b"]

    def added(
        self,
        place: Int[Array, ""],
        x: Float[Array, "q d"],
        y: Int[Array, " q"],
        count: Int[Array, ""],
        weight: Float[Array, " q"] | None = None,
    ) -> "Evidence":
        """With the first `count` of some labelled points at the places from `place` on, by default of weight 1."""
        new, at = inserted(place, len(self.y), len(y), count)
        given = jnp.ones((), self.weight.dtype) if weight is None else weight[at]
        x, y = jnp.where(new[:, None], x[at], self.x), jnp.where(new, y[at], self.y)
        return Evidence(x, y, jnp.where(new, given, self.weight))


def inserted(
    place: Int[Array, ""], room: int, q: int, count: Int[Array, ""]
) -> tuple[Bool[Array, " b"], Int[Array, " b"]]:
    """Where the first `count` of `q` things go among `room` places, from `place` on.

    Returns which places are filled, and for each place the number of its thing.
    """
    at = jnp.arange(room) - place
    return (at >= 0) & (at < count), jnp.clip(at, 0, q - 1)


def gathered(x: Float[Array, "n d"], y: Int[Array, " n"], rows: Int[Array, " b"]) -> Evidence:
    """The evidence of some rows of the pool, with weight 1; ``n`` stands for a place not used yet."""
    used = rows < len(y)
    at = jnp.where(used, rows, 0)
    return Evidence(x[at], jnp.where(used, y[at], 0), used.astype(x.dtype))


class Stream(eqx.Module):
    """Where points come one at a time: the one that is offered now, and what happened to those before it.

    Attributes:
        row: the pool row that is offered now.
        offered: the rows in the order in which they came, the present one last; then ``n`` for those still to come.
        labelled: for each of those places, whether its label was bought.
        position: how many came before.
        length: how many come in all.
        bought: labels bought in the stream so far.
        budget: labels that may be bought in all.
    """

    row: Int[Array, ""]
    offered: Int[Array, " n"]
    labelled: Bool[Array, " n"]
    position: Int[Array, ""]
    bought: Int[Array, ""]
    length: int = eqx.field(static=True)
    budget: int = eqx.field(static=True)

    @property
    def rate(self) -> Float[Array, ""]:
        """The share of the points still to come whose labels can be paid for, the present one included; 0..1."""
        return jnp.minimum((self.budget - self.bought) / jnp.maximum(self.length - self.position, 1), 1.0)


class Stopping(eqx.Module):
    """Where a player may end the episode: what going on costs, and how far the learner has settled.

    Attributes:
        price: what one label costs, in accuracy.
        agreement: for each round so far, the share of the pool whose predicted class it left as it was; 0 where it
            began cold, and for rounds still to come.
        ended: whether the player has stopped.
    """

    price: Float[Array, ""]
    agreement: Float[Array, " r"]
    ended: Bool[Array, ""]


class View(eqx.Module):
    """What is known before an action. It never holds a hidden label.

    `log_proba` is the current learner's belief about every pool point; `y` holds the answers so far, ``NOT_ASKED``
    elsewhere, or ``NO_ANSWER`` (answers may be wrong); `rows` the rows bought so far, in order, filled up with ``n`` to
    the whole budget ``b``; `evidence` what the learner is fitted to; `cost` the labels paid for so far;
    `round` counts refits from 0. `learner` is the kind of classifier that is refitted, for players that try out labels
    (None where only its probabilities are known), `fitted` the classifier as it stands.
    `stream` is None unless points come one at a time, `stopping` unless the player may stop, and `truth` unless the
    player declares ``cheats``. `given` says that `log_proba` was not fitted to `y`: it comes from the user's own model,
    which knows its classes before the first answer.
    """

    x: Float[Array, "n d"]
    geometry: Geometry
    log_proba: Float[Array, "n c"]
    y: Int[Array, " n"]
    rows: Int[Array, " b"]
    evidence: Evidence
    cost: Int[Array, ""]
    round: Int[Array, ""]
    rounds: int = eqx.field(static=True)
    learner: AbstractLearner | None = None
    fitted: AbstractFitted | None = None
    stream: Stream | None = None
    stopping: Stopping | None = None
    truth: Truth | None = None
    given: bool = eqx.field(static=True, default=False)

    @classmethod
    def of(
        cls,
        x: Float[Array, "n d"],
        log_proba: Float[Array, "n c"],
        y: Int[Array, " n"],
        rows: Int[Array, " b"],
        round: int = 0,
        rounds: int = 1,
        **more: Any,
    ) -> "View":
        """A view of answers that came from anywhere: geometry, evidence and cost follow from them."""
        cost = jnp.sum(rows < len(y))
        evidence = gathered(x, y, rows)
        return cls(x, measure(x), log_proba, y, rows, evidence, cost, jnp.array(round), rounds, **more)

    @property
    def asked(self) -> Bool[Array, " n"]:
        """Which points have been asked about."""
        return self.y != NOT_ASKED

    @property
    def proba(self) -> Float[Array, "n c"]:
        """Class probabilities of the current learner."""
        return jnp.exp(self.log_proba)

    @property
    def seen(self) -> Bool[Array, " c"]:
        """Which classes have been answered at least once."""
        c = self.log_proba.shape[1]
        used = self.evidence.weight > 0
        return jnp.any((self.evidence.y[:, None] == jnp.arange(c)) & used[:, None], axis=0)

    @property
    def cold(self) -> Bool[Array, ""]:
        """True while fewer than two classes have been seen: probabilities then say nothing, unless `given`.

        The one rule for every player that needs probabilities: in a cold round all points
        count as equally uncertain (see `askwell.strategies.uncertainty`).
        """
        return (jnp.sum(self.seen) < 2) & (not self.given)
