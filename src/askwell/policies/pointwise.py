"""Policies that score every candidate, pick one, and score the rest anew."""

import abc
from collections.abc import Sequence
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AbstractSpace, AskwellError, Rows, View, unknown
from askwell.core.extreme import argmax
from askwell.policies.base import AbstractRowsPolicy, Act
from askwell.policies.features import CONTEXT, FEATURES, Batch, add, look, see
from askwell.policies.narrow import greedy

HIDDEN = 16
RULES = {
    "margin-herding": {"margin": 6.0, "coarse": 6.0},
    "uherding": {"weighted": 6.0},
    "herding": {"margin": 3.0, "coarse": 3.0, "weighted": 3.0},
}
"""Rules that an untrained policy follows, as logits: flat enough that a draw tries something else now and then. The
last is the geometric mean of the others."""


class AbstractPointwise(AbstractRowsPolicy):
    """Scores every candidate; each pick changes the scores of the rest.

    In a cold round the score is the rule's, coverage gain, and nothing learned is added: all that is seen there is how
    the points lie, and what was learned about that from synthetic tasks did not carry over to real ones
    (docs/policies.md).
    """

    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    large: ClassVar[bool] = True
    inputs: ClassVar[tuple[str, ...]] = FEATURES + CONTEXT
    rule: eqx.AbstractVar[str]
    without: eqx.AbstractVar[tuple[str, ...]]

    @abc.abstractmethod
    def learned(self, features: Float[Array, "m f"], context: Float[Array, " g"]) -> Float[Array, " m"]:
        """What is added to the heuristic's score; zero before training."""

    def score(self, features: Float[Array, "m f"], context: Float[Array, " g"]) -> Float[Array, " m"]:
        """How much each candidate is wanted, as a logit."""
        start = features @ jnp.array([RULES[self.rule].get(name, 0.0) for name in FEATURES])
        if self.without:
            features = features * jnp.array([float(name not in self.without) for name in FEATURES])
        return start + (1 - context[CONTEXT.index("cold")]) * self.learned(features, context)

    def act(
        self,
        key: PRNGKeyArray,
        view: View,
        space: AbstractSpace,
        rows: Int[Array, " m"] | None = None,
        decisions: Int[Array, " q"] | None = None,
    ) -> Act:
        """See `AbstractPolicy.act`; a decision is the row itself."""
        assert isinstance(space, Rows)
        n, q = view.x.shape[0], space.q
        rows = jnp.arange(n) if rows is None else rows
        sight, first = look(view, q, rows)

        def decide(carry: tuple[Batch, Bool[Array, " m"]], given: tuple[Array, Array | None]):
            batch, gone = carry
            key, row = given
            logit = jax.nn.log_softmax(jnp.where(gone, -jnp.inf, self.score(*see(sight, batch, q))))
            pick = jax.random.categorical(key, logit) if row is None else argmax(rows == row)
            logit = jnp.where(gone, 0.0, logit)  # minus infinity times nothing is not a number
            chance = jnp.where(gone, 0.0, jnp.exp(logit))
            told = rows[pick], logit[pick], -chance @ logit, rows[pick], jnp.zeros(n).at[rows].set(chance)
            return (add(sight, batch, pick), gone.at[pick].set(True)), told

        return Act(*jax.lax.scan(decide, (first, view.asked[rows]), (jax.random.split(key, q), decisions))[1])

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`: the highest score each time, ties at random."""
        return greedy(key, view, q, self.score)


class Pointwise(AbstractPointwise):
    """Scores every candidate with weights that depend on the round; each pick changes the scores of the rest.

    The score is that of a rule plus what is learned: a function linear in the features (`policies.features`), with
    weights that a small network reads off the context, and a small network on both.

    Attributes:
        rule: what an untrained policy does, a name from `RULES`: by default margin × coverage gain.
        without: features that nothing is learned of, names from `askwell.policies.features.FEATURES`.
    """

    name: ClassVar[str] = "pointwise"
    rule: str = eqx.field(static=True)
    without: tuple[str, ...] = eqx.field(static=True)
    base: Float[Array, " f"]
    of_context: eqx.nn.MLP
    inner: Float[Array, "f h"]
    outer: Float[Array, "g h"]
    bias: Float[Array, " h"]
    last: Float[Array, " h"]

    def __init__(self, key: PRNGKeyArray, rule: str = "margin-herding", without: Sequence[str] = ()):
        self.rule, self.without = known(rule), features_of(without)
        f, g = len(FEATURES), len(CONTEXT)
        first, inner, outer = jax.random.split(key, 3)
        self.base = jnp.zeros(f)
        self.of_context = _silent(eqx.nn.MLP(g, f, HIDDEN, 1, jnp.tanh, key=first))
        self.inner = jax.random.normal(inner, (f, HIDDEN)) / (f + g) ** 0.5
        self.outer = jax.random.normal(outer, (g, HIDDEN)) / (f + g) ** 0.5
        self.bias, self.last = jnp.zeros(HIDDEN), jnp.zeros(HIDDEN)

    def learned(self, features: Float[Array, "m f"], context: Float[Array, " g"]) -> Float[Array, " m"]:
        """See `AbstractPointwise.learned`."""
        linear = features @ (self.base + self.of_context(context))
        # The context goes through the first layer once, not once a candidate.
        hidden = jnp.tanh(features @ self.inner + (context @ self.outer + self.bias))
        return linear + hidden @ self.last


def known(rule: str) -> str:
    """The rule's name.

    Raises:
        AskwellError: for one that there is not.
    """
    if rule not in RULES:
        raise AskwellError(unknown("rule", rule, RULES))
    return rule


def features_of(names: Sequence[str]) -> tuple[str, ...]:
    """The names of some features.

    Raises:
        AskwellError: for one that there is not.
    """
    for name in names:
        if name not in FEATURES:
            raise AskwellError(unknown("feature", name, FEATURES))
    return tuple(names)


def _silent(network: eqx.nn.MLP) -> eqx.nn.MLP:
    """The network with a last layer of zeros."""
    return eqx.tree_at(
        lambda n: n.layers[-1], network, replace_fn=lambda last: jax.tree.map(jnp.zeros_like, last)
    )
