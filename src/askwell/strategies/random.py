"""Random sampling."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.strategies.pickers import gumbel_top_k


class Random(AbstractStrategy):
    """Every point with the same probability, drawn without replacement: the baseline."""

    name: ClassVar[str] = "random"
    large: ClassVar[bool] = True

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        return gumbel_top_k(key, jnp.zeros(view.x.shape[0]), view.asked, q)
