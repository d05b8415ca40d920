"""What rules in the data space share: random rows to start from, and the way uphill."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from askwell.core import View

STARTS, TRIES, STEPS = 8, 8, 6
"""Points that a search starts from; neighbours of each that are looked at a step; steps, each half as wide."""

Value = Callable[[Float[Array, "m d"]], Float[Array, " m"]]


def some_rows(key: PRNGKeyArray, view: View, count: int) -> Float[Array, "k d"]:
    """Where so many random rows lie that were not asked; some come twice if fewer are left."""
    noise = jax.random.uniform(key, view.y.shape)
    order = jax.lax.top_k(noise - view.asked, min(count, len(view.y)))[1]
    left = jnp.maximum(jnp.sum(~view.asked), 1)
    return view.x[order[jnp.arange(count) % jnp.minimum(left, len(order))]]


def climb(key: PRNGKeyArray, view: View, value: Value) -> Float[Array, " d"]:
    """A point of high value: random neighbours of the best so far are tried, in steps that get shorter.

    It needs no gradient, so it goes with every learner. Neighbours first lie about as far away as the pool's points do
    from each other.
    """
    start_key, key = jax.random.split(key)
    x = some_rows(start_key, view, STARTS)
    reach = view.geometry.widths[1] / view.x.shape[1] ** 0.5

    def step(carry: tuple[Array, Array], given: tuple[Array, Array]):
        x, best = carry
        key, width = given
        tried = x[:, None] + width * jax.random.normal(key, (STARTS, TRIES, x.shape[1]))
        found = value(tried.reshape(-1, x.shape[1])).reshape(STARTS, TRIES)
        top = jnp.argmax(found, axis=1)
        better = jnp.take_along_axis(found, top[:, None], axis=1)[:, 0]
        there = jnp.take_along_axis(tried, top[:, None, None], axis=1)[:, 0]
        x = jnp.where((better > best)[:, None], there, x)
        return (x, jnp.maximum(best, better)), None

    widths = reach * 0.5 ** jnp.arange(STEPS)
    (x, best), _ = jax.lax.scan(step, (x, value(x)), (jax.random.split(key, STEPS), widths))
    return x[jnp.argmax(best)]


def unsure(view: View, x: Float[Array, "m d"]) -> Float[Array, " m"]:
    """``1 − (p₁ − p₂)`` at any points; 1 in a cold round."""
    assert view.fitted is not None
    first, second = jax.lax.top_k(jnp.exp(view.fitted.log_proba(x)), 2)[0].T
    return jnp.where(view.cold, 1.0, 1 - (first - second))
