"""Label what is uncertain beyond a threshold that moves with what was labelled."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from askwell.core import AbstractStreamStrategy, AskwellError, Stream, View
from askwell.strategies.stream.base import affordable, least_confidence, stream_of


def threshold(stream: Stream, step: float, counts: Bool[Array, " n"]) -> Float[Array, ""]:
    """The threshold after the places that count: ``(1 − step)^labelled × (1 + step)^skipped``, starting at 1.

    Only places at which the budget let the rule spend are counted.
    """
    past = (jnp.arange(len(counts)) < stream.position) & affordable(stream) & counts
    labelled, skipped = (jnp.sum(past & kind) for kind in (stream.labelled, ~stream.labelled))
    return (1 - step) ** labelled * (1 + step) ** skipped


class VariableUncertainty(AbstractStreamStrategy):
    """Labels a point whose top class has a probability below a threshold; labels lower it, skips raise it.

    Žliobaitė et al. (2014): it asks only while less than its share of the budget is spent, and adapts only then. Their
    threshold is updated from point to point; here it is computed from what was labelled, which gives the same number.
    In a cold round it labels as long as the budget lets it.
    """

    name: ClassVar[str] = "variable-uncertainty"
    needs: ClassVar[tuple[str, ...]] = ("probabilities",)
    step: float = 0.01

    def __check_init__(self):
        """Refuse a step that is not between 0 and 1."""
        if not 0 < self.step < 1:
            raise AskwellError(f"variable-uncertainty's step is {self.step}; give one between 0 and 1.")

    def label(self, key: PRNGKeyArray, view: View) -> Bool[Array, ""]:
        """See `AbstractStreamStrategy.label`."""
        stream = stream_of(view)
        bound = threshold(stream, self.step, jnp.ones_like(stream.labelled))
        return affordable(stream)[stream.position] & (1 - least_confidence(view) < bound)
