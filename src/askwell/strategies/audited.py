"""Part of every batch at random, so that the labels tell how good the classifier is."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from askwell.core import NO_ANSWER, AbstractStrategy, AskwellError, View
from askwell.strategies.pickers import gumbel_top_k


class Audited(AbstractStrategy):
    """Another strategy's batch, but for a share of it that is drawn at random, and stands at its end.

    Every point that was never asked has the same chance to be drawn, so the drawn labels are a fair sample of what was
    left. The strategy chooses the rest and knows nothing of the draw, but for the points that it may not choose.
    """

    name: ClassVar[str] = "audited"
    strategy: AbstractStrategy
    share: float = eqx.field(static=True)

    def __check_init__(self):
        """Refuse a share that is none."""
        if not 0 < self.share <= 1:
            raise AskwellError(f"audit is {self.share}; give a share of the batch above 0, at most 1.")

    @property
    def large(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether the strategy looks at whole pools: so does the draw."""
        return self.strategy.large

    def drawn(self, q: int) -> int:
        """How many of a batch of `q` are drawn: the share, rounded, and at least one."""
        return max(1, round(self.share * q))

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        count = self.drawn(q)
        draw_key, select_key = jax.random.split(key)
        drawn = gumbel_top_k(draw_key, jnp.zeros(len(view.y)), view.asked, count)
        if count == q:
            return drawn
        rest = eqx.tree_at(lambda seen: seen.y, view, view.y.at[drawn].set(NO_ANSWER))
        return jnp.concatenate([self.strategy.select(select_key, rest, q - count), drawn])
