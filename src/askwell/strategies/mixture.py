"""A fixed linear mixture."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.strategies import coverage, uncertainty
from askwell.strategies.pickers import greedy


class Mixture(AbstractStrategy):
    """Highest weighted sum of uncertainty, diversity and density (a fixed mixture; no uncertainty when cold).

    Margin uncertainty, distance to the nearest point asked (the batch included) and log density, each standardised
    (less its mean, over its standard deviation) among the points left to ask, recomputed after every pick. In a
    cold round uncertainty is the same everywhere and drops out; so does diversity until a point is asked.
    The criteria are those of Shen et al. (2004), who add two of them with a fixed weight.
    """

    name: ClassVar[str] = "mixture"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    uncertainty: float = 1.0
    diversity: float = 1.0
    representativeness: float = 1.0

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        unsure, density = uncertainty.margin(view), jnp.log(view.geometry.density)

        def score(state: tuple[Array, Array]) -> Float[Array, " n"]:
            nearest, left = state
            distance = jnp.sqrt(jnp.where(jnp.isinf(nearest), 0.0, nearest))
            return (
                self.uncertainty * standard(unsure, left)
                + self.diversity * standard(distance, left)
                + self.representativeness * standard(density, left)
            )

        def update(state: tuple[Array, Array], row: Int[Array, ""]) -> tuple[Array, Array]:
            nearest, left = state
            distance = jnp.sum((view.x - view.x[row]) ** 2, axis=1)
            return jnp.minimum(nearest, distance), left.at[row].set(False)

        return greedy(key, (coverage.nearest(view), ~view.asked), score, update, view.asked, q)


def standard(value: Float[Array, " n"], left: Bool[Array, " n"]) -> Float[Array, " n"]:
    """Less the mean and over the standard deviation among the points `left`; 0 where they are all equal."""
    count = jnp.maximum(jnp.sum(left), 1)
    centred = value - jnp.sum(jnp.where(left, value, 0.0)) / count
    spread = jnp.sqrt(jnp.sum(jnp.where(left, centred**2, 0.0)) / count)
    # Rounding alone must not be stretched to a difference.
    constant = spread <= 1e-6 * jnp.max(jnp.abs(value))
    return jnp.where(constant, 0.0, centred / jnp.where(constant, 1.0, spread))
