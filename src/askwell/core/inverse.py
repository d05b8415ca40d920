"""The inverse of a small positive definite matrix, without LAPACK."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


def inverse(matrix: Float[Array, "d d"]) -> Float[Array, "d d"]:
    """`jnp.linalg.inv` of a symmetric, positive definite matrix, by Gauss–Jordan elimination without pivoting.

    For tens of columns on CPU it is as fast as LAPACK, and several times as fast under `vmap`; and it cannot hang:
    JAX 0.10 spreads the LU factors of a batch over the pool that its programs run in, and waits for them there; once
    every thread of the pool waits for others (two programs, two inverses each, four threads), all wait for ever.
    """
    at = jnp.arange(matrix.shape[0])

    def sweep(k: Int[Array, ""], rest: Float[Array, "d d"]) -> Float[Array, "d d"]:
        row, column, here = rest[k], rest[:, k], at == k
        pivot = 1 / row[k]
        others = rest - jnp.outer(jnp.where(here, 0.0, column), row) * pivot
        others = jnp.where(here[:, None], row * pivot, others)
        return jnp.where(here, jnp.where(here, 1.0, -column)[:, None] * pivot, others)

    return jax.lax.fori_loop(0, len(at), sweep, matrix)
