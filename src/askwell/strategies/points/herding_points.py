"""Where the learner is unsure and much of the pool lies that no label covers."""

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from askwell.core import AbstractPointStrategy, View
from askwell.core.geometry import rbf
from askwell.strategies.points.base import climb, to_landmarks, unsure


class HerdingPoints(AbstractPointStrategy):
    """Margin uncertainty times coverage gain, as `margin-herding`, but at any point; coverage gain in a cold round.

    Each point of the batch covers what lies around it before the next one is looked for.
    """

    name: ClassVar[str] = "herding-points"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")

    def points(self, key: PRNGKeyArray, view: View, q: int) -> Float[Array, "q d"]:
        """See `AbstractPointStrategy.points`."""
        kernel = lambda x: rbf(to_landmarks(view, x), view.geometry.widths[1])

        def place(cover: Float[Array, " l"], key: PRNGKeyArray):
            value = lambda x: unsure(view, x) * jnp.mean(jnp.maximum(kernel(x) - cover, 0.0), axis=1)
            point = climb(key, view, value)
            return jnp.maximum(cover, kernel(point[None])[0]), point

        # Of the evidence, not of the rows asked: in query synthesis answers are about no row.
        x, _, weight = view.evidence
        first = jnp.max(jnp.where(weight[:, None] > 0, kernel(x), 0.0), axis=0)
        return jax.lax.scan(place, first, jax.random.split(key, q))[1]
