"""k-centre greedy."""

from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.core.extreme import argmax
from askwell.core.geometry import square_distance
from askwell.strategies import coverage
from askwell.strategies.pickers import greedy, top_k

MANY = 2**16
"""Points of which not all are looked at for each pick."""

FARTHEST, TOGETHER = 512, 16
"""Points that are looked at for each pick instead, and picks after which all are."""


class Coreset(AbstractStrategy):
    """Farthest point from all asked so far, again and again (Sener & Savarese 2018); starts at random.

    The greedy 2-approximation of k-centre, on the pool's features. It never reads probabilities, so a cold
    round is like any other, except for its first point.
    """

    name: ClassVar[str] = "coreset"
    large: ClassVar[bool] = True

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        if len(view.x) > MANY:
            return farthest(key, view, q)
        x = view.x
        length = jnp.sum(x * x, axis=1)

        def update(nearest, row):
            # By inner products: 20 times faster than differences where the pool does not fit the cache.
            return jnp.minimum(nearest, jnp.maximum(length + length[row] - 2 * (x @ x[row]), 0.0))

        return greedy(key, coverage.nearest(view), lambda nearest: nearest, update, view.asked, q)


class _Far(NamedTuple):
    """What is known within a batch.

    Attributes:
        nearest: squared distances to the nearest point asked, as they were when last computed for all.
        rows: the farthest points then.
        value: their `nearest`, as it is now.
        others: the most that any other point's may be.
        picks: those picked since; ``n`` in places that are not used.
    """

    nearest: Float[Array, " n"]
    rows: Int[Array, " m"]
    value: Float[Array, " m"]
    others: Float[Array, ""]
    picks: Int[Array, " p"]


def farthest(key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
    """The picks of k-centre greedy, in large pools sooner: all points are looked at once for many picks.

    A distance to the nearest point asked can only shrink. So the farthest point is among those that were farthest
    before, as long as one of these is farther than all others were.
    """
    x, n = view.x, len(view.x)
    tie_break = jax.random.uniform(key, (n,))

    def looked(nearest: Float[Array, " n"]) -> _Far:
        # With this key `top_k` prefers among equals those whom `tie_break` prefers.
        rows = top_k(key, nearest, view.asked, min(FARTHEST, n))
        value = jnp.where(view.asked[rows], -jnp.inf, nearest[rows])
        return _Far(nearest, rows, value, jnp.min(value), jnp.full(TOGETHER, n))

    def anew(now: _Far) -> _Far:
        own = jnp.minimum(now.picks, n - 1)
        apart = square_distance(x, x[own])
        nearest = jnp.minimum(now.nearest, jnp.min(jnp.where(now.picks < n, apart, jnp.inf), axis=1))
        return looked(nearest.at[now.picks].set(-jnp.inf, mode="drop"))

    def pick(far: _Far, _: None):
        stale = (jnp.max(far.value) <= far.others) | (far.picks[-1] < n)
        far = jax.lax.cond(stale, anew, lambda same: same, far)
        place = argmax(jnp.where(far.value == jnp.max(far.value), tie_break[far.rows], -1.0))
        row = far.rows[place]
        apart = square_distance(x[far.rows], x[row][None])[:, 0]
        value = jnp.minimum(far.value, apart).at[place].set(-jnp.inf)
        return far._replace(value=value, picks=far.picks.at[jnp.sum(far.picks < n)].set(row)), row

    return jax.lax.scan(pick, looked(coverage.nearest(view)), None, length=q)[1]
