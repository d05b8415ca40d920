"""A policy that scores every candidate, picks one, and scores the rest anew."""

from collections.abc import Sequence
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AskwellError, View, unknown
from askwell.policies.base import AbstractPolicy, Act
from askwell.policies.features import CONTEXT, FEATURES, Batch, add, look, see
from askwell.policies.narrow import narrow
from askwell.strategies import pickers

START = {"doubt": 6.0, "coarse": 6.0}
"""Margin-herding, the rule that an untrained policy follows, as logits: flat enough that a draw tries something else
now and then."""


class Pointwise(AbstractPolicy):
    """Scores every candidate with weights that depend on the round; each pick changes the scores of the rest.

    The score is that of a heuristic, margin × coverage gain, plus what is learned, which starts at zero: a sum of the
    features (`policies.features`), each with a weight that may shift with what the round is like. In a cold round
    nothing is added: all that is seen there is how the points lie, and what was learned about that from synthetic
    tasks did not carry over to real ones (docs/policies.md).

    Attributes:
        context: names from ``askwell.policies.features.CONTEXT`` that weights shift with, a weight for each feature;
            by default only the place in the batch.
    """

    name: ClassVar[str] = "pointwise"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    large: ClassVar[bool] = True
    inputs: ClassVar[tuple[str, ...]] = FEATURES + CONTEXT
    base: Float[Array, " f"]
    shift: Float[Array, "g f"]
    context: tuple[str, ...] = eqx.field(static=True)

    def __init__(self, key: PRNGKeyArray, context: Sequence[str] = ("slot",)):
        del key  # every head is given one; this one has nothing to draw
        for name in context:
            if name not in CONTEXT:
                raise AskwellError(unknown("context", name, CONTEXT))
        self.context = tuple(context)
        self.base = jnp.zeros(len(FEATURES))
        self.shift = jnp.zeros((len(context), len(FEATURES)))

    def score(self, features: Float[Array, "m f"], context: Float[Array, " g"]) -> Float[Array, " m"]:
        """How much each candidate is wanted, as a logit."""
        start = jnp.array([START.get(name, 0.0) for name in FEATURES])
        read = jnp.array([CONTEXT.index(name) for name in self.context], int)
        learned = self.base + context[read] @ self.shift
        return features @ (start + (1 - context[CONTEXT.index("cold")]) * learned)

    def act(
        self,
        key: PRNGKeyArray,
        view: View,
        q: int,
        rows: Int[Array, " m"] | None = None,
        decisions: Int[Array, " q"] | None = None,
    ) -> Act:
        """See `AbstractPolicy.act`; a decision is the row itself."""
        n = view.x.shape[0]
        rows = jnp.arange(n) if rows is None else rows
        sight, first = look(view, q, rows)

        def decide(carry: tuple[Batch, Bool[Array, " m"]], given: tuple[Array, Array | None]):
            batch, gone = carry
            key, row = given
            logit = jax.nn.log_softmax(jnp.where(gone, -jnp.inf, self.score(*see(sight, batch, q))))
            pick = jax.random.categorical(key, logit) if row is None else jnp.argmax(rows == row)
            logit = jnp.where(gone, 0.0, logit)  # minus infinity times nothing is not a number
            chance = jnp.where(gone, 0.0, jnp.exp(logit))
            told = rows[pick], rows[pick], logit[pick], -chance @ logit, jnp.zeros(n).at[rows].set(chance)
            return (add(sight, batch, pick), gone.at[pick].set(True)), told

        return Act(*jax.lax.scan(decide, (first, view.asked[rows]), (jax.random.split(key, q), decisions))[1])

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`: the highest score each time, ties at random."""
        some, key = jax.random.split(key)
        view, rows = narrow(some, view, q)
        sight, first = look(view, q, jnp.arange(len(rows)))

        def score(batch: Batch) -> Float[Array, " m"]:
            return self.score(*see(sight, batch, q))

        return rows[
            pickers.greedy(key, first, score, lambda batch, row: add(sight, batch, row), view.asked, q)
        ]
