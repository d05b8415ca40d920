"""What is computed once per pool, from the features alone."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from askwell.core.kmeans import kmeans

LANDMARKS = 1024
"""Pools up to this size are covered point by point; larger ones by this many landmarks."""

SCALE = 256
"""Landmarks whose neighbours give larger pools their kernel widths."""

NEIGHBOURS = 20
GROUPS = 16
CACHED = 2**20
"""Distances that are looked through at a time: as many as stay in the processor's cache."""

SIDE_BY_SIDE = 16
"""But so many rows at least: reading a large pool once for each row takes three times as long."""


class Geometry(eqx.Module):
    """Distances, density, groups and kernel widths of one pool.

    Inside a compiled episode the fields that a strategy never reads cost nothing: the compiler drops them.

    Attributes:
        landmarks: rows that coverage is measured at; all rows while ``n <= LANDMARKS``.
        square_distance: squared Euclidean distance of every point to every landmark.
        similarity: RBF similarity of every point to every landmark at the coarse width, in 0..1.
        neighbour_distance: distances to the nearest other points, ascending.
        density: inverse mean neighbour distance (*typicality*, Hacohen et al. 2022), never infinite.
        widths: two RBF kernel widths, a fine and a coarse one, in the features' own unit.
        groups: k-means group of every point.
        centres: the groups' centres, in coordinates that have the pool's mean at 0: compare with ``x - mean(x)``.
        named: whether the groups are not k-means ones but guesses at the classes, group 0 for class 0.
    """

    landmarks: Int[Array, " l"]
    square_distance: Float[Array, "n l"]
    similarity: Float[Array, "n l"]
    neighbour_distance: Float[Array, "n k"]
    density: Float[Array, " n"]
    widths: Float[Array, "2"]
    groups: Int[Array, " n"]
    centres: Float[Array, "g d"]
    named: bool = eqx.field(static=True, default=False)

    def kernel(self, width: Float[Array, ""]) -> Float[Array, "n l"]:
        """RBF similarity ``exp(-distance² / (2 width²))`` of every point to every landmark, in 0..1."""
        return rbf(self.square_distance, width)


def rbf(square_distance: Float[Array, "..."], width: Float[Array, ""]) -> Float[Array, "..."]:
    """Similarity of points at these squared distances, in 0..1."""
    return jnp.exp(-square_distance / (2 * width**2))


def square_distance(a: Float[Array, "n d"], b: Float[Array, "m d"]) -> Float[Array, "n m"]:
    """Squared Euclidean distances, never negative."""
    cross = a @ b.T
    return jnp.maximum(jnp.sum(a * a, 1)[:, None] - 2 * cross + jnp.sum(b * b, 1), 0.0)


def measure(x: Float[Array, "n d"]) -> Geometry:
    """The geometry of a pool. Deterministic; memory grows with ``n × landmarks``, never with ``n²``."""
    n = x.shape[0]
    x = x - jnp.mean(x, axis=0)  # smaller numbers, less cancellation in the distances
    key = jax.random.key(0)
    landmarks = (
        jnp.arange(n) if n <= LANDMARKS else jax.lax.top_k(jax.random.uniform(key, (n,)), LANDMARKS)[1]
    )
    distance = square_distance(x, x[landmarks])
    near = min(NEIGHBOURS, max(n - 1, 1))
    neighbour = jnp.sqrt(_neighbours(x, jnp.arange(n), near))
    # Some landmarks are enough for the pool's scale, a mean; so the density, at a cost of n², is left out if not read.
    scale = (
        jnp.mean(neighbour if n <= LANDMARKS else jnp.sqrt(_neighbours(x, landmarks[:SCALE], near))) + 1e-6
    )
    # A point's own density is bounded by that scale, so duplicates do not make it infinite.
    density = 1.0 / (jnp.mean(neighbour, axis=1) + 1e-3 * scale)
    widths = jnp.stack([0.5 * scale, scale])
    centres, groups = kmeans(key, x, min(GROUPS, n))
    return Geometry(landmarks, distance, rbf(distance, scale), neighbour, density, widths, groups, centres)


def _neighbours(x: Float[Array, "n d"], rows: Int[Array, " m"], k: int) -> Float[Array, "m k"]:
    """Squared distances of some `rows` to their `k` nearest other points, ascending, block by block."""
    n = x.shape[0]
    if n == 1:
        return jnp.zeros((1, 1))

    def nearest(row: Int[Array, ""]) -> Float[Array, " k"]:
        d = square_distance(x[row][None], x)[0].at[row].set(jnp.inf)
        return -jax.lax.top_k(-d, k)[0]

    return jax.lax.map(nearest, rows, batch_size=min(max(CACHED // n, SIDE_BY_SIDE), len(rows)))


def extended(x: Float[Array, "m d"]) -> Float[Array, "m p"]:
    """Points with a 1 at the end, for the intercept."""
    return jnp.concatenate([x, jnp.ones((len(x), 1), x.dtype)], axis=1)


def cut(x: Float[Array, "n d"], normals: Float[Array, "q d"], count: Int[Array, " q"]) -> Float[Array, "q p"]:
    """Half-spaces with `count` of the points beyond each, 1..n-1: the offset is midway between two points' heights."""
    height = jnp.sort(normals @ x.T, axis=1)
    above = len(x) - count
    at = jnp.clip(jnp.stack([above - 1, above], axis=1), 0, len(x) - 1)
    offset = jnp.mean(jnp.take_along_axis(height, at, axis=1), axis=1)
    return jnp.concatenate([normals, offset[:, None]], axis=1)
