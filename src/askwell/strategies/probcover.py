"""Greedy coverage by balls."""

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.core.kmeans import kmeans
from askwell.strategies import coverage


class ProbCover(AbstractStrategy):
    """Point whose ball holds most points not covered yet (Yehuda et al. 2022); the same in a cold round.

    The balls' radius is `delta`, or by default the paper's rule: the largest one at which a share `purity` of
    the pool's balls hold points of a single k-means group, with as many groups as classes. The paper tries
    radii on a grid; here the rule is solved exactly (see `pure_radius`). In pools with landmarks, balls hold
    landmarks. Radius and picks depend on the features' scale as the paper's do.
    """

    name: ClassVar[str] = "probcover"
    needs: ClassVar[tuple[str, ...]] = ("geometry",)
    large: ClassVar[bool] = True
    delta: float | None = None
    purity: float = 0.95

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        # By the rule balls are open.
        limit = (
            pure_radius(view, self.purity) ** 2
            if self.delta is None
            else jnp.nextafter(self.delta**2, jnp.inf)
        )
        distance = coverage.distances(view)
        return coverage.herd(key, view, lambda rows: (distance(rows) < limit).astype(view.x.dtype), q)


def pseudo_labels(view: View) -> Int[Array, " n"]:
    """k-means groups of the pool, as many as classes: the same in every round and for every order of rows."""
    n, classes = view.x.shape[0], view.log_proba.shape[1]
    # The seeds are rows, so put the rows in an order of their own.
    order = jnp.argsort(jnp.sum(view.x**2, axis=1))
    group = kmeans(jax.random.key(0), view.x[order], min(classes, n))[1]
    return jnp.zeros_like(group).at[order].set(group)


def pure_radius(view: View, purity: float) -> Float[Array, ""]:
    """The radius below which the share of open balls that hold a single pseudo-label is at least `purity`.

    A ball is pure up to the distance of its nearest point with another pseudo-label: the radius is the
    ``1 − purity`` quantile of these distances; ``inf`` where all pseudo-labels are one.
    """
    label, distance = pseudo_labels(view), coverage.distances(view)
    of_landmark = label[view.geometry.landmarks]

    def other(rows: coverage.Some) -> Float[Array, " k"]:
        return jnp.min(jnp.where(label[rows][:, None] != of_landmark, distance(rows), jnp.inf), axis=1)

    nearest = coverage.each(view, other)
    impure = int((1 - purity) * nearest.shape[0] + 1e-6)
    return jnp.sqrt(jnp.max(-jax.lax.top_k(-nearest, impure + 1)[0]))
