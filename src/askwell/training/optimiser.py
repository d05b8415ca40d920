"""How weights follow a gradient: Adam with a falling step, or the natural gradient."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PyTree

from askwell.core import AskwellError, unknown

KINDS = ("adam", "natural")
MEMORY, RIDGE = 0.07, 0.1
"""Of the natural gradient: share of the newest update in the running means, and what is added to the diagonal."""


class Optimiser(eqx.Module):
    """Uphill steps that fall from `step` to a tenth of it along a cosine over `updates`.

    Attributes:
        kind: "adam", or "natural" for the natural gradient.
        step: the size of the first step; for "natural" how far decisions change an update: half its square is a
            divergence in nats an episode.
        clip: the longest gradient that "adam" does not shorten.
        average: share of the new weights in the running average that is judged and shipped.
    """

    kind: str = eqx.field(static=True, default="adam")
    step: float = eqx.field(static=True, default=0.005)
    clip: float = eqx.field(static=True, default=1.0)
    average: float = eqx.field(static=True, default=0.05)
    updates: int = eqx.field(static=True, default=300)

    def __check_init__(self):
        """Refuse an unknown kind."""
        if self.kind not in KINDS:
            raise AskwellError(unknown("optimiser", self.kind, KINDS))

    @property
    def natural(self) -> bool:
        """Whether it needs the Fisher matrix."""
        return self.kind == "natural"

    def over(self, steps: int) -> optax.GradientTransformationExtraArgs:
        """The same for a trainer that takes so many steps an update: the step falls over all of them."""
        return dataclasses.replace(self, updates=self.updates * steps).transformation()

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        """The same for Optax: ``init(params)``, ``update(gradient, state, fisher=…)``."""
        step = optax.cosine_decay_schedule(self.step, self.updates, 0.1)
        if self.natural:
            return natural(step)
        return optax.with_extra_args_support(
            optax.chain(optax.scale(-1), optax.clip_by_global_norm(self.clip), optax.adam(step, b2=0.99))
        )


class Moments(eqx.Module):
    """The natural gradient's running means: Fisher matrix, gradient, and updates so far."""

    fisher: Float[Array, "p p"]
    gradient: Float[Array, " p"]
    count: Float[Array, ""]


def natural(step: optax.Schedule) -> optax.GradientTransformationExtraArgs:
    """The natural gradient (Kakade 2001): the direction in which reward rises most for a given change of decisions.

    Equal to regressing the returns of batches on their scores (Peters and Schaal 2008): where features go together,
    the plain gradient follows what they share, and drowns in its noise. Each update goes `step` far in the metric of
    the Fisher matrix: half its square is the divergence of the new episode from the old one, in nats.
    """

    def init(params: PyTree) -> Moments:
        size = sum(leaf.size for leaf in jax.tree.leaves(params))
        return Moments(jnp.zeros((size, size)), jnp.zeros(size), jnp.zeros(()))

    def update(gradient: PyTree, state: Moments, params: PyTree = None, *, fisher: Array, **extra: Any):
        del params, extra
        flat, back = ravel_pytree(gradient)
        share = jnp.maximum(MEMORY, 1 / (state.count + 1))
        mean = state.fisher + share * (fisher - state.fisher)
        slope = state.gradient + share * (flat - state.gradient)
        direction = jnp.linalg.solve(ridged(mean), slope)
        length = jnp.sqrt(direction @ mean @ direction)
        change = back(step(state.count) / jnp.maximum(length, 1e-12) * direction)
        return change, Moments(mean, slope, state.count + 1)

    return optax.GradientTransformationExtraArgs(init, update)  # type: ignore[arg-type]


def ridged(fisher: Float[Array, "p p"]) -> Float[Array, "p p"]:
    """The matrix with a share of its diagonal added, so that it can be solved with."""
    return fisher + jnp.eye(len(fisher)) * (RIDGE * jnp.diagonal(fisher) + 1e-8)[:, None]


def whitened(gradient: PyTree, fisher: Float[Array, "p p"] | None) -> PyTree:
    """A gradient in coordinates in which decisions change alike in all directions; as it is without a matrix."""
    if fisher is None:
        return gradient
    lower = jnp.linalg.cholesky(ridged(fisher))
    return jax.scipy.linalg.solve_triangular(lower, ravel_pytree(gradient)[0], lower=True)


def norm(tree: PyTree) -> Float[Array, ""]:
    """The length of a gradient."""
    return jnp.sqrt(dot(tree, tree))


def dot(one: PyTree, other: PyTree) -> Float[Array, ""]:
    """The inner product of two gradients."""
    return jax.tree.reduce(jnp.add, jax.tree.map(lambda a, b: jnp.sum(a * b), one, other))
