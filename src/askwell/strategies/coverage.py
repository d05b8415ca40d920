"""Kernel coverage: how well the asked points stand for the pool, and what one more point would add.

Generalised coverage (Bae et al. 2024): a landmark is covered as well as by its most similar asked point.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from askwell.core import View


def kernel(view: View) -> Float[Array, "n l"]:
    """Similarity of every point to every landmark, at the pool's coarse width."""
    return view.geometry.kernel(view.geometry.widths[1])


def covered(view: View, kernel: Float[Array, "n l"]) -> Float[Array, " l"]:
    """How well each landmark is covered by the points asked so far, in 0..1."""
    asked = kernel.at[view.rows].get(mode="fill", fill_value=0.0)
    return jnp.max(asked, axis=0, initial=0.0)


def gain(kernel: Float[Array, "n l"], cover: Float[Array, " l"]) -> Float[Array, "n l"]:
    """What asking each point would add to each landmark's cover."""
    return jnp.maximum(kernel - cover, 0.0)


def add(kernel: Float[Array, "n l"], cover: Float[Array, " l"], row: Int[Array, ""]) -> Float[Array, " l"]:
    """The cover once `row` is asked too."""
    return jnp.maximum(cover, kernel[row])
