"""Discriminative active learning."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, AskwellError, View
from askwell.strategies.pickers import top_k
from askwell.strategies.separators import logistic


class Discriminative(AbstractStrategy):
    """Least like the labelled points for a classifier (Gissin & Shalev-Shwartz 2019); the same in a cold round.

    Highest probability of being unlabelled by L2 logistic regression on the pool's own features, refitted
    after each of `sub_batches` parts of the batch, whose points then count as labelled. It never reads
    labels; with no point labelled yet the first part is random.
    """

    name: ClassVar[str] = "discriminative"
    sub_batches: int = eqx.field(static=True, default=10)

    def __check_init__(self):
        """Refuse fewer than one part."""
        if self.sub_batches < 1:
            raise AskwellError(f"discriminative's sub_batches is {self.sub_batches}; it must be at least 1.")

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        size = -(-q // self.sub_batches)

        def part(carry: tuple[Bool[Array, " n"], Float[Array, " d1"]], key: PRNGKeyArray):
            asked, w = carry
            # From the fit of the part before: the same answer in fewer steps.
            w = logistic(view.x, (~asked).astype(view.x.dtype), start=w) * jnp.any(asked)
            picks = top_k(key, view.x @ w[:-1], asked, size)
            return (asked.at[picks].set(True), w), picks

        first = view.asked, jnp.zeros(view.x.shape[1] + 1)
        _, picks = jax.lax.scan(part, first, jax.random.split(key, -(-q // size)))
        return picks.ravel()[:q]  # the last part may be too large
