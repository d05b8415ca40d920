"""What a training run carries from update to update, and its file."""

from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
import safetensors.numpy
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PyTree

from askwell.core import AskwellError
from askwell.policies.files import DAMAGED, named_arrays, read_arrays, with_arrays
from askwell.training.spec import TrainingSpec

FIRST_SCALE = 0.02
"""Guess at the standard deviation of a batch's worth in accuracy, until it has been seen."""


class TrainingState(eqx.Module):
    """Everything that the next update needs, with a leading axis of seeds.

    Attributes:
        params: the weights; `mean` their running average; `best` the average that validated best, with its `score`.
        optimiser: its own state.
        scale: standard deviation of a batch's worth, by source and round; `usual` its running mean.
    """

    params: PyTree
    mean: PyTree
    best: PyTree
    score: Float[Array, " s"]
    optimiser: PyTree
    scale: tuple[Float[Array, "s r"], ...]
    usual: tuple[Float[Array, "s r"], ...]


MEMORY, RIDGE = 0.07, 0.1
"""Of the natural gradient: share of the newest update in the running means, and what is added to the diagonal."""


class Moments(eqx.Module):
    """The natural gradient's running means, of one seed: Fisher matrix, gradient, and updates so far."""

    fisher: Float[Array, "p p"]
    gradient: Float[Array, " p"]
    count: Float[Array, ""]


def natural(step: optax.Schedule) -> optax.GradientTransformationExtraArgs:
    """The natural gradient (Kakade 2001): the direction in which reward rises most for a given change of decisions.

    Equal to regressing what batches were worth on their scores (Peters and Schaal 2008): where features go together,
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


def ridged(fisher: Float[Array, "... p p"]) -> Float[Array, "... p p"]:
    """The matrix with a share of its diagonal added, so that it can be solved with."""
    return (
        fisher
        + jnp.eye(fisher.shape[-1]) * (RIDGE * jnp.diagonal(fisher, axis1=-2, axis2=-1) + 1e-8)[..., None]
    )


def optimiser(spec: TrainingSpec) -> optax.GradientTransformationExtraArgs:
    """Adam with clipped gradients or the natural gradient, and a falling step; both go uphill."""
    step = optax.cosine_decay_schedule(spec.step, spec.updates, 0.1)
    if spec.optimiser == "natural":
        return natural(step)
    return optax.with_extra_args_support(
        optax.chain(optax.scale(-1), optax.clip_by_global_norm(spec.clip), optax.adam(step, b2=0.99))
    )


def begin(spec: TrainingSpec, params: PyTree) -> TrainingState:
    """The state before the first update; `params` have an axis of seeds."""
    seeds = len(spec.seeds)
    scale = tuple(jnp.full((seeds, source.rounds), FIRST_SCALE) for source in spec.sources)
    usual = tuple(jnp.zeros((seeds, source.rounds)) for source in spec.sources)
    start = jax.vmap(optimiser(spec).init)(params)
    return TrainingState(params, params, params, jnp.full(seeds, -jnp.inf), start, scale, usual)


def advance(
    spec: TrainingSpec,
    state: TrainingState,
    gradient: PyTree,
    spread: list[Array | None],
    worth: list[Array | None],
    update: Array,
    fisher: Float[Array, "s p p"] | None = None,
) -> TrainingState:
    """One step along the gradient; `spread` and `worth`: seen variances and means by source (None: not played)."""

    def step(params: PyTree, mean: PyTree, own: PyTree, gradient: PyTree, fisher: Array | None):
        change, own = optimiser(spec).update(gradient, own, fisher=fisher)
        params = optax.apply_updates(params, change)
        share = jnp.maximum(spec.average, 1 / (update + 1))
        return params, jax.tree.map(lambda m, p: m + share * (p - m), mean, params), own

    params, mean, own = jax.vmap(step)(state.params, state.mean, state.optimiser, gradient, fisher)
    scale = tuple(
        old if seen is None else jnp.sqrt(0.9 * old**2 + 0.1 * jnp.maximum(seen, 1e-8))
        for old, seen in zip(state.scale, spread, strict=True)
    )
    usual = tuple(
        old if seen is None else old + jnp.where(jnp.all(old == 0), 1.0, 0.1) * (seen - old)
        for old, seen in zip(state.usual, worth, strict=True)
    )
    return TrainingState(params, mean, state.best, state.score, own, scale, usual)


def to_bytes(state: TrainingState, update: int) -> bytes:
    """A checkpoint after so many updates."""
    return safetensors.numpy.save(named_arrays(state), {"update": str(update)})


def from_file(path: Path, like: TrainingState) -> tuple[TrainingState, int]:
    """A checkpoint's state, and how many updates made it.

    Raises:
        AskwellError: if the file is damaged.
    """
    try:
        arrays, metadata = read_arrays(path)
        return with_arrays(like, arrays), int(metadata["update"])
    except DAMAGED as error:
        raise AskwellError(
            f"The checkpoint {path} is damaged; delete it to train anew, or choose another --out."
        ) from error


def whitened(gradient: PyTree, fisher: Float[Array, "s p p"] | None) -> PyTree:
    """Gradients in coordinates in which decisions change alike in all directions; as they are without a matrix."""
    if fisher is None:
        return gradient
    flat = jax.vmap(lambda one: ravel_pytree(one)[0])(gradient)
    lower = jnp.linalg.cholesky(ridged(fisher))
    return jax.scipy.linalg.solve_triangular(lower, flat[..., None], lower=True)[..., 0]


def norm(tree: PyTree) -> Float[Array, " s"]:
    """The length of each seed's gradient."""
    return jnp.sqrt(dot(tree, tree))


def dot(one: PyTree, other: PyTree) -> Float[Array, " s"]:
    """The inner product of two gradients, for each seed."""
    products = jax.tree.map(lambda a, b: jnp.sum(a * b, axis=tuple(range(1, a.ndim))), one, other)
    return jax.tree.reduce(jnp.add, products)
