"""Uncertainty measures that every strategy shares, each in 0..1, and the one rule for cold rounds."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from askwell.core import View


def _warm(view: View, uncertainty: Float[Array, " m"]) -> Float[Array, " m"]:
    """In a cold round (fewer than two classes seen) every point is as uncertain as any other."""
    return jnp.where(view.cold, 1.0, uncertainty)


def _proba(view: View, rows: Int[Array, " m"] | None) -> Float[Array, "m c"]:
    return view.proba if rows is None else jnp.exp(view.log_proba[rows])


def least_confidence(view: View, rows: Int[Array, " m"] | None = None) -> Float[Array, " m"]:
    """``1 − p₁``, one less the top class's probability; of all points, or of some `rows`."""
    return _warm(view, 1.0 - jnp.max(_proba(view, rows), axis=1))


def margin(view: View, rows: Int[Array, " m"] | None = None) -> Float[Array, " m"]:
    """``1 − (p₁ − p₂)``, one less the margin between the two top classes; of all points, or of some `rows`."""
    return margin_of(view, _proba(view, rows))


def margin_of(view: View, proba: Float[Array, "m c"]) -> Float[Array, " m"]:
    """The same of any points, in the pool or not, from the learner's probabilities for them."""
    first = jnp.argmax(proba, axis=1)
    second = jnp.max(jnp.where(jnp.arange(proba.shape[1]) == first[:, None], -1.0, proba), axis=1)
    return _warm(view, 1.0 - (jnp.max(proba, axis=1) - second))


def entropy(view: View) -> Float[Array, " n"]:
    """``−Σ p log p / log c``, the entropy as a share of its maximum."""
    c = view.log_proba.shape[1]
    return _warm(view, -jnp.sum(view.proba * view.log_proba, axis=1) / jnp.log(c))
