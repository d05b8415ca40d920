"""The points that a Gaussian mixture is centred on."""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.strategies.pickers import from_groups
from askwell.strategies.typiclust import label_groups

STEPS = 10
FLOOR = 1e-3
"""The least variance of a component, as a share of the pool's: a component of one point has some, too."""


class GaussianMixture(AbstractStrategy):
    """Likeliest point of each component of a Gaussian mixture (Bae et al. 2024); the same when cold.

    The mixture has as many components as labels paid for after this round, at most 500, each with a variance of its
    own that is the same in all directions. It is fitted to the whole pool by expectation and maximisation, from
    k-means. Components with the fewest asked points come first, those with more points before others. The paper
    chooses one batch from nothing; that later batches pass over components with a label is ours, as in `typiclust`.
    """

    name: ClassVar[str] = "gaussian-mixture"

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        view = dataclasses.replace(view, x=view.x - jnp.mean(view.x, axis=0))
        centres, group = label_groups(key, view, q)
        log_density = fit(view.x, centres, group)
        component = jnp.argmax(log_density, axis=0)
        # Two points of one component are equally likely but for rounding: luck decides between them.
        own = jnp.round(jnp.take_along_axis(log_density, component[None], axis=0)[0], 2)

        def prefer(size: Float[Array, " g"], count: Float[Array, " g"]) -> tuple[Array, ...]:
            return -count, size

        return from_groups(key, own, component, len(centres), prefer, view.asked, q)


def fit(x: Float[Array, "n d"], centres: Float[Array, "k d"], group: Int[Array, " n"]) -> Float[Array, "k n"]:
    """Logarithm of each component's weight times its density at each point.

    It begins with k-means: `centres`, and the group of each point. A centre without points is not used.
    """
    (n, d), norm = x.shape, jnp.sum(x * x, axis=1)
    floor = FLOOR * jnp.mean(norm) / d + 1e-12

    def moments(member: Float[Array, "k n"]):
        count = jnp.sum(member, axis=1)
        safe = jnp.maximum(count, 1e-6)
        mean = member @ x / safe[:, None]
        variance = (member @ norm / safe - jnp.sum(mean**2, axis=1)) / d
        return mean, jnp.maximum(variance, 0.0) + floor, count / n

    def joint(mean: Array, variance: Array, weight: Array) -> Float[Array, "k n"]:
        apart = jnp.maximum(jnp.sum(mean**2, axis=1)[:, None] + norm - 2 * mean @ x.T, 0.0)
        scale = jnp.where(weight > 0, jnp.log(jnp.maximum(weight, 1e-12)), -jnp.inf)
        return (scale - 0.5 * d * jnp.log(variance))[:, None] - 0.5 * apart / variance[:, None]

    def step(found: tuple[Array, Array, Array], _: None):
        return moments(jax.nn.softmax(joint(*found), axis=0)), None

    start = moments((group == jnp.arange(len(centres))[:, None]).astype(x.dtype))
    found, _ = jax.lax.scan(step, start, None, length=STEPS)
    return joint(*found)
