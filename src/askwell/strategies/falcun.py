"""Contrastive uncertainty in probability space."""

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.strategies import uncertainty
from askwell.strategies.pickers import proportional

MANY = 2**15
"""Points of which XLA's sum along the classes is slow on CPU (30 times with a million): they are added one by one."""


class Falcun(AbstractStrategy):
    """Drawn by margin plus distance in probability space (Gilhuber et al. 2024); random in a cold round.

    Each pick is drawn in proportion to ``(u + d)^γ`` with the margin uncertainty ``u``. ``d`` starts as ``u``, then
    is the smaller of that and the L1 distance to the probabilities of every point in the batch, and is
    stretched to 0..1 over the points left to ask. That is the authors' code; scikit-activeml 1.0.1 stretches
    in place, so from the third pick on it compares stretched with plain distances, and it counts points
    already picked in the stretch.
    """

    name: ClassVar[str] = "falcun"
    needs: ClassVar[tuple[str, ...]] = ("probabilities",)
    large: ClassVar[bool] = True
    gamma: float = 10.0

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        unsure = uncertainty.margin(view)
        # Points along the last axis: sums along rows are slow on CPU.
        proba = jnp.where(view.cold, 0.0, view.proba).T

        def update(state: tuple[Array, Array], row: Int[Array, ""]) -> tuple[Array, Array]:
            distance, left = state
            return jnp.minimum(distance, apart(proba, row)), left.at[row].set(False)

        state = (unsure, ~view.asked)
        return proportional(key, state, lambda s: relevance(unsure, *s, self.gamma), update, view.asked, q)


def apart(proba: Float[Array, "c n"], row: Int[Array, ""]) -> Float[Array, " n"]:
    """The L1 distance of each point's probabilities to those of one."""
    if proba.shape[1] <= MANY:
        return jnp.sum(jnp.abs(proba - proba[:, row][:, None]), axis=0)

    def further(total: Float[Array, " n"], own: Float[Array, " n"]):
        return total + jnp.abs(own - own[row]), None

    return jax.lax.scan(further, jnp.zeros_like(proba[0]), proba, unroll=8)[0]


def relevance(
    unsure: Float[Array, " n"], distance: Float[Array, " n"], left: Bool[Array, " n"], gamma: float
) -> Float[Array, " n"]:
    """``(u + d)^γ`` with ``d`` stretched to 0..1 over the points left; up to a factor."""
    low = jnp.min(jnp.where(left, distance, jnp.inf))
    high = jnp.max(jnp.where(left, distance, -jnp.inf))
    total = unsure + (distance - low) / jnp.where(high > low, high - low, 1.0)
    # Points asked may lie outside 0..1, and a power of small numbers would vanish.
    total = jnp.where(left, total, 0.0)
    return (total / jnp.maximum(jnp.max(total), 1e-30)) ** gamma
