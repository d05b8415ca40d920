"""A pointwise policy that is linear in its features: few weights, which few rewards can tell."""

from collections.abc import Sequence
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from askwell.core import AskwellError, unknown
from askwell.policies.features import CONTEXT, FEATURES
from askwell.policies.pointwise import AbstractPointwise, features_of, known


class Linear(AbstractPointwise):
    """Adds to a rule's score a sum of the features, with weights that may shift with what the round is like.

    So few weights that the natural gradient can be followed, and studied (`studies/transfer.py`).

    Attributes:
        context: names from ``askwell.policies.features.CONTEXT`` that weights shift with, a weight for each feature;
            by default only the place in the batch.
        rule, without: as `Pointwise`'s.
    """

    name: ClassVar[str] = "linear"
    base: Float[Array, " f"]
    shift: Float[Array, "g f"]
    context: tuple[str, ...] = eqx.field(static=True)
    rule: str = eqx.field(static=True)
    without: tuple[str, ...] = eqx.field(static=True)

    def __init__(
        self,
        key: PRNGKeyArray,
        context: Sequence[str] = ("slot",),
        rule: str = "margin-herding",
        without: Sequence[str] = (),
    ):
        del key  # every head is given one; this one has nothing to draw
        self.rule, self.without = known(rule), features_of(without)
        for name in context:
            if name not in CONTEXT:
                raise AskwellError(unknown("context", name, CONTEXT))
        self.context = tuple(context)
        self.base = jnp.zeros(len(FEATURES))
        self.shift = jnp.zeros((len(context), len(FEATURES)))

    def learned(self, features: Float[Array, "m f"], context: Float[Array, " g"]) -> Float[Array, " m"]:
        """See `AbstractPointwise.learned`."""
        read = jnp.array([CONTEXT.index(name) for name in self.context], int)
        return features @ (self.base + context[read] @ self.shift)
