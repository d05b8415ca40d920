"""Uncertainty measures that every strategy shares, each in 0..1, and the one rule for cold rounds."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from askwell.core import View


def _warm(view: View, uncertainty: Float[Array, " n"]) -> Float[Array, " n"]:
    """In a cold round (fewer than two classes seen) every point is as uncertain as any other."""
    return jnp.where(view.cold, 1.0, uncertainty)


def least_confidence(view: View) -> Float[Array, " n"]:
    """``1 − p₁``, the top class's probability short of certainty."""
    return _warm(view, 1.0 - jnp.max(view.proba, axis=1))


def margin(view: View) -> Float[Array, " n"]:
    """``1 − (p₁ − p₂)``, one less the margin between the two top classes."""
    proba = view.proba
    first = jnp.argmax(proba, axis=1)
    second = jnp.max(jnp.where(jnp.arange(proba.shape[1]) == first[:, None], -1.0, proba), axis=1)
    return _warm(view, 1.0 - (jnp.max(proba, axis=1) - second))


def entropy(view: View) -> Float[Array, " n"]:
    """``−Σ p log p / log c``, the entropy as a share of its maximum."""
    c = view.log_proba.shape[1]
    return _warm(view, -jnp.sum(view.proba * view.log_proba, axis=1) / jnp.log(c))
