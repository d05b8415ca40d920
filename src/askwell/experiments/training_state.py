"""What a training run carries from update to update, and its file."""

from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
import safetensors.numpy
from jaxtyping import Array, Float, PyTree

from askwell.core import AskwellError
from askwell.experiments.training_spec import TrainingSpec
from askwell.policies.files import DAMAGED, named_arrays, read_arrays, with_arrays

FIRST_SCALE = 0.02
"""Guess at the standard deviation of a batch's worth in accuracy, until it has been seen."""


class TrainingState(eqx.Module):
    """Everything that the next update needs, with a leading axis of seeds.

    Attributes:
        params: the weights; `mean` their running average; `best` the average that validated best, with its `score`.
        optimiser: Optax's state.
        scale: standard deviation of a batch's worth, by world and round; `usual` its running mean.
    """

    params: PyTree
    mean: PyTree
    best: PyTree
    score: Float[Array, " s"]
    optimiser: PyTree
    scale: tuple[Float[Array, "s r"], ...]
    usual: tuple[Float[Array, "s r"], ...]


def optimiser(spec: TrainingSpec) -> optax.GradientTransformation:
    """Adam with clipped gradients and a falling step."""
    step = optax.cosine_decay_schedule(spec.step, spec.updates, 0.1)
    return optax.chain(optax.clip_by_global_norm(spec.clip), optax.adam(step, b2=0.99))


def begin(spec: TrainingSpec, params: PyTree) -> TrainingState:
    """The state before the first update; `params` have an axis of seeds."""
    seeds = len(spec.seeds)
    scale = tuple(jnp.full((seeds, world.rounds), FIRST_SCALE) for world in spec.worlds)
    usual = tuple(jnp.zeros((seeds, world.rounds)) for world in spec.worlds)
    start = jax.vmap(optimiser(spec).init)(params)
    return TrainingState(params, params, params, jnp.full(seeds, -jnp.inf), start, scale, usual)


def advance(
    spec: TrainingSpec,
    state: TrainingState,
    gradient: PyTree,
    spread: list[Array | None],
    worth: list[Array | None],
    update: Array,
) -> TrainingState:
    """One step along the gradient; `spread` and `worth`: seen variances and means by world (None: not played)."""

    def step(params: PyTree, mean: PyTree, own: PyTree, gradient: PyTree):
        change, own = optimiser(spec).update(jax.tree.map(jnp.negative, gradient), own)
        params = optax.apply_updates(params, change)
        share = jnp.maximum(spec.average, 1 / (update + 1))
        return params, jax.tree.map(lambda m, p: m + share * (p - m), mean, params), own

    params, mean, own = jax.vmap(step)(state.params, state.mean, state.optimiser, gradient)
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


def norm(tree: PyTree) -> Float[Array, " s"]:
    """The length of each seed's gradient."""
    return jnp.sqrt(dot(tree, tree))


def dot(one: PyTree, other: PyTree) -> Float[Array, " s"]:
    """The inner product of two gradients, for each seed."""
    products = jax.tree.map(lambda a, b: jnp.sum(a * b, axis=tuple(range(1, a.ndim))), one, other)
    return jax.tree.reduce(jnp.add, products)
