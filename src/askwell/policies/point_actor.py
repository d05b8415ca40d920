"""A head that names a point of the data space at once: a mean of the pool's rows, weighted by a network."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AbstractPointStrategy, View
from askwell.core.extreme import argmax, argmin
from askwell.core.geometry import rbf, square_distance
from askwell.policies import point_gain
from askwell.policies.base import AbstractHead
from askwell.policies.gain import HIDDEN
from askwell.strategies.points.base import apart, to_landmarks

FEATURES = tuple(name for name in point_gain.FEATURES if name != "away")  # a row is never away from the rows
SHARPEST = 8.0
"""What standardised ratings are multiplied with at most: a softmax that leaves one row alone has no slope any more."""

TINY = 1e-6


class Rated(eqx.Module):
    """Some rows of a pool, as an actor and its critics see them: no matter how many features or classes there are.

    Attributes:
        seen: the features of each, and the context.
        left: which may still be asked about.
        apart: squared distances between them, in units of twice the square of the fine kernel's width.
    """

    seen: Float[Array, "*s m f"]
    left: Bool[Array, "*s m"]
    apart: Float[Array, "*s m m"]

    def at(self, weight: Float[Array, " m"]) -> Float[Array, " f"]:
        """What is seen at a point, the weighted mean of the rows: the features of the rows near it, softly.

        The squared distance of the point to row ``j`` is that of ``(apart @ weight)[j]``, but for a number that all
        rows share, so neither the point itself nor the rows have to be known.
        """
        near = jax.nn.softmax(jnp.where(self.left, -self.apart @ weight, -jnp.inf))
        return near @ self.seen


class PointActor(AbstractPointStrategy, AbstractHead):
    """A deterministic actor in the data space: a network rates the rows, and the point is their mean, weighted.

    The weights are a softmax of the ratings. How sharp it is, is learned as well: from the middle of the pool to a few
    rows. The order of rows does not matter, and any number of them and of features will do. What is in the batch
    already covers its surroundings, and the row next to it has no more weight. In a cold round the row with the
    highest coverage gain is the point.
    """

    name: ClassVar[str] = "point-actor"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    inputs: ClassVar[tuple[str, ...]] = FEATURES + point_gain.CONTEXT
    network: eqx.nn.MLP
    sharp: Float[Array, ""]

    def __init__(self, key: PRNGKeyArray):
        self.network = eqx.nn.MLP(len(self.inputs), 1, HIDDEN, 2, jnp.tanh, use_final_bias=False, key=key)
        self.sharp = jnp.zeros(())

    def weights(self, seen: Float[Array, "m f"], left: Bool[Array, " m"]) -> Float[Array, " m"]:
        """How much each row weighs in the point; none that was asked about."""
        rating, among = jax.vmap(self.network)(seen)[:, 0], left / jnp.maximum(jnp.sum(left), 1)
        rating -= among @ rating
        score = SHARPEST * jax.nn.sigmoid(self.sharp) * rating / jnp.sqrt(among @ rating**2 + TINY)
        coverage = jnp.where(left, seen[:, self.inputs.index("coarse")], -jnp.inf)
        herded = jax.nn.one_hot(argmax(coverage), len(seen))
        warm = jax.nn.softmax(jnp.where(left, score, -jnp.inf))
        return jnp.where(seen[0, self.inputs.index("cold")] > 0, herded, warm)

    def rated(self, view: View, rows: Int[Array, " m"]) -> Rated:
        """Some rows, before anything is in the batch."""
        x = view.x[rows] - jnp.mean(view.x, axis=0)
        apart = square_distance(x, x) / (2 * view.geometry.widths[0] ** 2)
        return Rated(see(*point_gain.look(view), view.x[rows]), ~view.asked[rows], apart)

    def points(self, key: PRNGKeyArray, view: View, q: int) -> Float[Array, "q d"]:
        """See `AbstractPointStrategy.points`; nothing is left to chance."""
        sight, first = point_gain.look(view)

        def place(carry: tuple[Float[Array, " l"], Bool[Array, " n"]], _: None):
            cover, left = carry
            point = self.weights(see(sight, cover, view.x), left) @ view.x
            cover = jnp.maximum(cover, rbf(to_landmarks(view, point[None])[0], view.geometry.widths[1]))
            nearest = argmin(jnp.where(left, apart(view, point[None], view.x)[0], jnp.inf))
            return (cover, left.at[nearest].set(False)), point

        return jax.lax.scan(place, (first, ~view.asked), None, length=q)[1]


def see(sight: point_gain.Sight, cover: Float[Array, " l"], x: Float[Array, "m d"]) -> Float[Array, "m f"]:
    """The features of rows, given what is covered, and the context."""
    seen = point_gain.see(sight, cover, x)
    return jnp.delete(seen, point_gain.FEATURES.index("away"), axis=1)
