"""What rules for half-spaces share: the direction in which a point stands out most."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from askwell.core import View
from askwell.core.inverse import inverse, over_rows

RIDGE = 0.1
"""Of the mean variance, added to each: pools have directions in which nothing varies."""


def outward(view: View, x: Float[Array, "q d"]) -> Float[Array, "q d"]:
    """For each point the normal along which it stands out most: ``Σ⁻¹ (x − mean)``, Fisher's (1936)."""
    mean, d = jnp.mean(view.x, axis=0), view.x.shape[1]
    away = view.x - mean
    covariance = over_rows(away, away) / len(away)
    floor = RIDGE * jnp.trace(covariance) / d + 1e-6
    return (x - mean) @ inverse(covariance + floor * jnp.eye(d))
