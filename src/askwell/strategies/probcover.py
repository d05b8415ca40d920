"""Greedy coverage by balls."""

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, UInt32

from askwell.core import AbstractStrategy, View
from askwell.core.kmeans import kmeans
from askwell.strategies import coverage, pickers

WORD = 32
"""Landmarks that a word has bits for."""


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
        ball = _balls(view, limit)
        used = view.rows < view.x.shape[0]
        cover = jnp.where(used, ball[:, jnp.where(used, view.rows, 0)], 0)
        cover = jax.lax.reduce(cover, jnp.uint32(0), jnp.bitwise_or, (1,))

        def gain(cover: UInt32[Array, " w"]) -> Float[Array, " n"]:
            # Words along the first axis: sums along rows are slow on CPU.
            added = jax.lax.population_count(ball & ~cover[:, None])
            return jnp.sum(added, axis=0).astype(view.x.dtype)

        return pickers.greedy(key, cover, gain, lambda cover, row: cover | ball[:, row], view.asked, q)


def _balls(view: View, limit: Float[Array, ""]) -> UInt32[Array, "w n"]:
    """Which landmarks lie in each point's ball, one bit for each: so 32 are counted at a time."""
    count = view.geometry.landmarks.shape[0]
    distance = coverage.distances(view)
    bit = jnp.uint32(1) << jnp.arange(WORD, dtype=jnp.uint32)

    def pack(rows: coverage.Some) -> UInt32[Array, "k w"]:
        inside = jnp.pad(distance(rows) < limit, ((0, 0), (0, -count % WORD)))
        return jnp.sum(
            jnp.where(inside.reshape(-1, -(-count // WORD), WORD), bit, 0), axis=2, dtype=jnp.uint32
        )

    return coverage.each(view, pack).T


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
    ``1 − purity`` quantile of these distances; ``inf`` if all pseudo-labels are the same.
    """
    label, distance = pseudo_labels(view), coverage.distances(view)
    of_landmark = label[view.geometry.landmarks]

    def other(rows: coverage.Some) -> Float[Array, " k"]:
        return jnp.min(jnp.where(label[rows][:, None] != of_landmark, distance(rows), jnp.inf), axis=1)

    nearest = coverage.each(view, other)
    impure = int((1 - purity) * nearest.shape[0] + 1e-6)
    return jnp.sqrt(jnp.max(-jax.lax.top_k(-nearest, impure + 1)[0]))
