"""What rules in the data space share: random rows to start from, and the way uphill."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from askwell.core import View
from askwell.core.geometry import square_distance
from askwell.strategies import uncertainty

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
    """The margin uncertainty at any points, see `askwell.strategies.uncertainty.margin`."""
    assert view.fitted is not None
    return uncertainty.margin_of(view, jnp.exp(view.fitted.log_proba(x)))


def apart(view: View, x: Float[Array, "m d"], others: Float[Array, "k d"]) -> Float[Array, "m k"]:
    """Squared distances of points of the space to others, about the pool's mean: smaller numbers, less cancellation."""
    centre = jnp.mean(view.x, axis=0)
    return square_distance(x - centre, others - centre)


def to_landmarks(view: View, x: Float[Array, "m d"]) -> Float[Array, "m l"]:
    """Squared distances of points of the space to the pool's landmarks."""
    return apart(view, x, view.x[view.geometry.landmarks])
