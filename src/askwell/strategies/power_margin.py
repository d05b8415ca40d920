"""Stochastic batch acquisition on the margin."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.strategies import uncertainty
from askwell.strategies.pickers import gumbel_top_k


class PowerMargin(AbstractStrategy):
    """Drawn in proportion to the margin uncertainty to a power (Kirsch et al. 2023); random in a cold round."""

    name: ClassVar[str] = "power-margin"
    needs: ClassVar[tuple[str, ...]] = ("probabilities",)
    large: ClassVar[bool] = True
    power: float = 1.0

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        return gumbel_top_k(key, self.power * jnp.log(uncertainty.margin(view)), view.asked, q)
