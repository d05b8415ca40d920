"""Diverse gradient embeddings."""

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.strategies.pickers import proportional


class Badge(AbstractStrategy):
    """k-means++ on hallucinated gradients (Ash et al. 2020); k-means++ on the features in a cold round.

    A point's gradient is ``(p − onehot(argmax p)) ⊗ x``. The first pick has the longest gradient, each
    other is drawn by its squared distance to the nearest one in the batch. In a cold round all points are
    equally uncertain: the factor before ``x`` is the same for all, and the first pick is random.

    Distances of outer products follow from norms and inner products of the two factors, so no gradient is
    ever written down: O(n (c + d)) for a pick. scikit-activeml 1.0.1 also keeps the origin as a centre (it
    takes the smaller of distance and norm), which the paper and its code do not.
    """

    name: ClassVar[str] = "badge"
    needs: ClassVar[tuple[str, ...]] = ("probabilities",)
    large: ClassVar[bool] = True

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        factor = jnp.where(view.cold, jnp.eye(view.log_proba.shape[1])[0], error(view.proba))
        length = square_length(factor, view.x)
        longest = length == jnp.max(jnp.where(view.asked, -jnp.inf, length))
        first = jnp.where(view.cold | longest, 1.0, 0.0)

        def mass(nearest: Float[Array, " n"]) -> Float[Array, " n"]:
            return jnp.where(jnp.isinf(nearest), first, nearest)

        def update(nearest: Float[Array, " n"], row: Int[Array, ""]) -> Float[Array, " n"]:
            return jnp.minimum(nearest, square_distance(factor, view.x, length, row))

        return proportional(key, jnp.full_like(length, jnp.inf), mass, update, view.asked, q)


def error(proba: Float[Array, "n c"]) -> Float[Array, "n c"]:
    """``p − onehot(argmax p)``: the log-loss gradient at the logits if the predicted class is right."""
    return proba - jax.nn.one_hot(jnp.argmax(proba, axis=1), proba.shape[1])


def square_length(factor: Float[Array, "n c"], x: Float[Array, "n d"]) -> Float[Array, " n"]:
    """``|factor ⊗ x|²``."""
    return jnp.sum(factor**2, axis=1) * jnp.sum(x**2, axis=1)


def square_distance(
    factor: Float[Array, "n c"], x: Float[Array, "n d"], length: Float[Array, " n"], row: Int[Array, ""]
) -> Float[Array, " n"]:
    """``|factor_i ⊗ x_i − factor_row ⊗ x_row|²`` for all ``i``, never negative, 0 at `row`."""
    inner = (factor @ factor[row]) * (x @ x[row])
    return jnp.maximum(length + length[row] - 2 * inner, 0.0).at[row].set(0.0)
