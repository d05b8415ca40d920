"""A large pool, narrowed to what a head can weigh point by point, and the batch that it picks there."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import View, measure
from askwell.policies.features import Batch, add, look, see
from askwell.strategies import pickers

MOST = 4096
"""Points that a policy weighs; of a larger pool it sees the asked ones and a random sample of the rest."""


def narrow(key: PRNGKeyArray, view: View, q: int) -> tuple[View, Int[Array, " m"]]:
    """A view of at most `MOST` points (or the budget and a batch, if that is more), and their rows in the pool."""
    n, budget = view.x.shape[0], view.rows.shape[0]
    most = max(MOST, budget + q)
    if n <= most:
        return view, jnp.arange(n)
    first = jnp.where(view.asked, 1e9, 0.0)
    rows = pickers.gumbel_top_k(key, first, jnp.zeros(n, bool), most)
    place = jnp.full(n, most).at[rows].set(jnp.arange(most))
    x = view.x[rows]
    few = dataclasses.replace(
        view,
        x=x,
        geometry=measure(x),
        log_proba=view.log_proba[rows],
        y=view.y[rows],
        rows=place.at[view.rows].get(mode="fill", fill_value=most).astype(view.rows.dtype),
    )
    return few, rows


def greedy(
    key: PRNGKeyArray,
    view: View,
    q: int,
    score: Callable[[Float[Array, "m f"], Float[Array, " g"]], Float[Array, " m"]],
) -> Int[Array, " q"]:
    """The rows of the highest scores, ties at random; each pick changes the features of the rest, and so their scores.

    `score` is given the candidates' features and the context, see `askwell.policies.features`.
    """
    some, key = jax.random.split(key)
    view, rows = narrow(some, view, q)
    sight, first = look(view, q, jnp.arange(len(rows)))
    rate = lambda batch: score(*see(sight, batch, q))

    def take(batch: Batch, row: Int[Array, ""]) -> Batch:
        return add(sight, batch, row)

    return rows[pickers.greedy(key, first, rate, take, view.asked, q)]
