"""Kernel coverage: how well the asked points represent the pool, and what one more point would add.

Generalised coverage (Bae et al. 2024): a landmark is covered as well as by its most similar asked point.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, Shaped

from askwell.core import View
from askwell.core.extreme import argmax
from askwell.core.geometry import rbf, square_distance

RECHECKED = 32
"""Fewest points whose gain is computed anew at a time; in large pools it is one in 128, at most `BLOCK`."""

BLOCK = 512
"""Rows of pools with landmarks that are compared to them at a time: so many distances stay in the processor's cache."""

Some = Int[Array, " k"] | slice
"""Rows of the pool."""

ByRow = Callable[[Some], Float[Array, "k l"]]
"""Something of given rows and every landmark."""


def similarity(view: View) -> ByRow:
    """Similarity of given rows to every landmark, at the pool's coarse width."""
    if not sampled(view):
        return lambda rows: view.geometry.similarity[rows]
    distance = distances(view)
    return lambda rows: rbf(distance(rows), view.geometry.widths[1])


def distances(view: View) -> ByRow:
    """Squared distances of given rows to every landmark.

    Looked up if every point is a landmark; otherwise computed when needed, since storing all of it takes longer.
    """
    geometry = view.geometry
    if not sampled(view):
        return lambda rows: geometry.square_distance[rows]
    some = view.x[geometry.landmarks]
    centre = jnp.mean(some, axis=0)  # smaller numbers, less cancellation
    return lambda rows: square_distance(view.x[rows] - centre, some - centre)


def sampled(view: View) -> bool:
    """Whether only some points are landmarks."""
    return view.geometry.landmarks.shape[0] < view.x.shape[0]


def each(view: View, value: Callable[[Some], Shaped[Array, "k ..."]]) -> Shaped[Array, "n ..."]:
    """A value of every row; block by block if only some points are landmarks."""
    if not sampled(view):
        return value(slice(None))
    return jax.lax.map(lambda row: value(row[None])[0], jnp.arange(view.x.shape[0]), batch_size=BLOCK)


def covered(view: View, similar: ByRow) -> Float[Array, " l"]:
    """How well each landmark is covered by the points asked so far, in 0..1."""
    n = view.x.shape[0]

    def cover(best: Float[Array, " l"], rows: Int[Array, " k"]):
        used = (rows < n)[:, None]
        return jnp.maximum(
            best, jnp.max(jnp.where(used, similar(jnp.minimum(rows, n - 1)), 0.0), axis=0)
        ), None

    return jax.lax.scan(cover, jnp.zeros(view.geometry.landmarks.shape[0]), _asked(view, BLOCK))[0]


def nearest(view: View) -> Float[Array, " n"]:
    """Squared distance of every point to the nearest one asked so far, ``inf`` before the first."""
    used = view.rows < len(view.x)
    some = view.x[jnp.where(used, view.rows, 0)]
    return each(
        view, lambda rows: jnp.min(jnp.where(used, square_distance(view.x[rows], some), jnp.inf), axis=1)
    )


def _asked(view: View, most: int) -> Int[Array, "b k"]:
    """The rows asked so far in blocks of at most `most`; ``n`` in the places not used."""
    n, budget = view.x.shape[0], view.rows.shape[0]
    block = max(1, min(budget, most))
    return jnp.pad(view.rows, (0, -budget % block), constant_values=n).reshape(-1, block)


def gain(kernel: Float[Array, "n l"], cover: Float[Array, " l"]) -> Float[Array, "n l"]:
    """What asking each point would add to each landmark's cover."""
    return jnp.maximum(kernel - cover, 0.0)


def herd(
    key: PRNGKeyArray,
    view: View,
    similar: ByRow,
    q: int,
    factor: Float[Array, " n"] | float = 1.0,
    weight: Float[Array, " l"] | float = 1.0,
) -> Int[Array, " q"]:
    """`q` points one after another, each of the highest ``factor × Σ weight × gain``, ties at random.

    The same picks as those of `greedy`, faster. What a point adds can only shrink as the batch grows, so its last
    known value is an upper bound (Minoux 1978): only the points of the highest bounds are computed anew, until one
    is above all other bounds. `factor` and `weight` must not be negative.
    """
    asked = view.asked
    n = asked.shape[0]
    factor, weight = jnp.broadcast_to(factor, (n,)), jnp.broadcast_to(weight, view.geometry.landmarks.shape)
    tie_break = jax.random.uniform(key, (n,))  # who goes first among equals

    def value(rows: Some, cover: Float[Array, " l"]) -> Float[Array, " k"]:
        return factor[rows] * (
            gain(similar(rows), cover) @ weight
        )  # a product: sums along rows are slow on CPU

    def unsure(bounds: tuple[Float[Array, " n"], Bool[Array, " n"]]) -> Bool[Array, ""]:
        bound, known = bounds
        best = jnp.max(jnp.where(known, bound, -jnp.inf))
        return jnp.any(~known & (bound >= best))  # equal bounds too: they may tie

    def recheck(bounds: tuple[Float[Array, " n"], Bool[Array, " n"]], cover: Float[Array, " l"]):
        bound, known = bounds
        rows = jax.lax.top_k(jnp.where(known, -jnp.inf, bound), min(max(RECHECKED, min(n // 128, BLOCK)), n))[
            1
        ]
        return bound.at[rows].min(value(rows, cover)), known.at[rows].set(True)

    def pick(carry: tuple[Float[Array, " n"], Float[Array, " l"]], _):
        bound, cover = carry
        known = bound <= 0  # what adds nothing will never add anything; and points asked
        bound, known = jax.lax.while_loop(unsure, lambda b: recheck(b, cover), (bound, known))
        best = known & (bound == jnp.max(bound))
        row = argmax(jnp.where(best, tie_break, -1.0))
        return (bound.at[row].set(-jnp.inf), jnp.maximum(cover, similar(row[None])[0])), row

    cover = covered(view, similar)
    first = each(view, lambda rows: value(rows, cover))
    return jax.lax.scan(pick, (jnp.where(asked, -jnp.inf, first), cover), None, length=q)[1]
