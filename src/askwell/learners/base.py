"""What all learners share: which classes were seen, and the probability of the others."""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

FLOOR = 1e-6
"""Probability of each class that was never answered, once another was."""


def seen_classes(y: Int[Array, " n"], weight: Float[Array, " n"], classes: int) -> Bool[Array, " c"]:
    """Which classes occur with positive weight."""
    return jnp.any((y[:, None] == jnp.arange(classes)) & (weight > 0)[:, None], axis=0)


def complete(log_proba: Float[Array, "m c"], seen: Bool[Array, " c"]) -> Float[Array, "m c"]:
    """Give every class never seen its floor; `log_proba` must be normalised over the seen ones."""
    unseen = jnp.sum(~seen)
    full = jnp.where(seen, log_proba + jnp.log1p(-FLOOR * unseen), jnp.log(FLOOR))
    return jnp.where(jnp.any(seen), full, -jnp.log(len(seen)))
