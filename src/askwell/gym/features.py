"""What an agent sees of a view: a few numbers in 0..1 for every candidate."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from askwell.core import View
from askwell.core.geometry import rbf, square_distance

FEATURES = (
    "asked",  # 1 if the row was asked already
    "top",  # probability of the likeliest class
    "second",  # probability of the next one
    "entropy",  # of the probabilities, as a share of its maximum
    "density",  # share of the pool that is less dense
    "nearness",  # kernel similarity to the nearest row asked, 0 if none was
    "group_size",  # share of the pool in the row's k-means group
    "group_asked",  # share of that group that was asked
    "progress",  # share of the rounds that are over; the same in every row
    "seen",  # share of the classes answered at least once; the same in every row
)
"""The observation's columns."""


def observe(view: View) -> Float[Array, "n f"]:
    """Scale-free features of every pool row, in the order of `FEATURES`.

    Multiplying all of the pool's features by a number changes nothing, nor does it matter how many classes
    or points there are; permuting the pool permutes the rows. Reads nothing but the view, so no hidden label.
    """
    n, c = view.log_proba.shape
    asked = view.asked.astype(jnp.float32)
    ordered = jnp.sort(view.proba, axis=1)
    density = view.geometry.density
    rank = jnp.searchsorted(jnp.sort(density), density) / n
    rows = jax.lax.optimization_barrier(
        view.rows
    )  # or XLA spends seconds on folding a cold start's constants
    distance = square_distance(view.x, view.x[jnp.minimum(rows, n - 1)])
    nearest = jnp.min(jnp.where(rows < n, distance, jnp.inf), axis=1)
    groups = view.geometry.groups
    size, taken = jnp.zeros((2, n)).at[:, groups].add(jnp.stack([jnp.ones(n), asked]))
    columns = [
        asked,
        ordered[:, -1],
        ordered[:, -2] if c > 1 else jnp.zeros(n),
        -jnp.sum(view.proba * view.log_proba, axis=1) / jnp.log(max(c, 2)),
        rank,
        rbf(nearest, view.geometry.widths[1]),
        size[groups] / n,
        taken[groups] / size[groups],
        jnp.full(n, view.round / view.rounds),
        jnp.full(n, jnp.mean(view.seen)),
    ]
    return jnp.clip(jnp.stack(columns, axis=1), 0.0, 1.0).astype(jnp.float32)
