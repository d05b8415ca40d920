"""A small network on a linear metric, trained on episodes of past classes."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.encoders.metric import Map, Metric

HIDDEN, STEPS, RATE = 64, 300, 3e-3
CLASSES, SHOTS, QUERIES = 10, 5, 10
"""Of an episode, at most: classes, rows of each that make its mean, and rows that are told by the nearest mean."""

NOISE = 0.5
"""Standard deviation of what is added to each feature while it learns, where features have 1 in the mean."""

DECAY = 1e-3
"""Penalty on the squared weights that leave the hidden layer."""


class _Weights(NamedTuple):
    inner: Float[Array, "k r"]
    bias: Float[Array, " r"]
    outer: Float[Array, "r k"]
    sharpness: Float[Array, ""]  # log of the factor on squared distances

    def embed(self, z: Float[Array, "*n k"]) -> Float[Array, "*n k"]:
        return z + jax.nn.relu(z @ self.inner + self.bias) @ self.outer


class Network(NamedTuple):
    """What a linear metric makes of a row, plus one hidden layer's output, which is 0 before it learns.

    An episode draws some past classes, the means of a few rows of each, and further rows that the nearest mean has to
    tell: prototypical networks (Snell, Swersky and Zemel 2017).

    Attributes:
        start: the linear metric.
        length: as a linear metric's.
        wide: as a linear metric's.
    """

    start: Metric
    length: float = 1.0
    wide: bool = False

    def __call__(self, x: np.ndarray, y: np.ndarray, columns: int | None = None) -> Map:
        """The map of rows ``[N, d]`` with classes ``int [N]``; the same rows give the same map."""
        projection = self.start(x, y, columns).projection
        order, counts = np.argsort(y, kind="stable"), np.unique(y, return_counts=True)[1]
        z = (x @ projection)[order]
        middle = z.mean(axis=0)
        rows = np.zeros((1 << (len(z) - 1).bit_length(), z.shape[1]), np.float32)  # few sizes to compile for
        rows[: len(z)] = z - middle
        first = np.cumsum(counts) - counts
        learned = _learn(jax.random.key(0), jnp.asarray(rows), jnp.asarray(first), jnp.asarray(counts))
        inner, bias, outer = (np.asarray(part, np.float64) for part in learned[:3])
        found = Map(projection, inner, bias - middle @ inner, outer)
        factor = self.length / np.sqrt(np.mean(np.var(found(x), axis=0)))
        return Map(projection * factor, inner / factor, found.bias, outer * factor)


@jax.jit
def _learn(
    key: PRNGKeyArray, z: Float[Array, "n k"], first: Int[Array, " c"], counts: Int[Array, " c"]
) -> _Weights:
    """Trained weights; of class i the rows begin at ``first[i]``."""
    start_key, key = jax.random.split(key)
    k = z.shape[1]
    inner = jax.random.normal(start_key, (k, HIDDEN)) / np.sqrt(k)
    weights = _Weights(inner, jnp.zeros(HIDDEN), jnp.zeros((HIDDEN, k)), -jnp.log(float(k)))
    optimiser = optax.adam(optax.cosine_decay_schedule(RATE, STEPS))

    def step(state: tuple[_Weights, optax.OptState], step_key: PRNGKeyArray):
        gradient = jax.grad(_loss)(state[0], step_key, z, first, counts)
        change, moments = optimiser.update(gradient, state[1])
        changed: Any = optax.apply_updates(state[0], change)
        return (changed, moments), None

    return jax.lax.scan(step, (weights, optimiser.init(weights)), jax.random.split(key, STEPS))[0][0]


def _loss(weights: _Weights, key: PRNGKeyArray, z: Array, first: Array, counts: Array) -> Float[Array, ""]:
    """Of one episode: minus the mean log-probability of a query's class, softmax of minus squared distances."""
    class_key, row_key, shot_key, noise_key = jax.random.split(key, 4)
    some = jax.random.permutation(class_key, len(counts))[:CLASSES]
    place = jax.random.uniform(row_key, (len(some), SHOTS + QUERIES)) * counts[some][:, None]
    rows = z[first[some][:, None] + jnp.minimum(place.astype(int), counts[some][:, None] - 1)]
    seen = weights.embed(rows + NOISE * jax.random.normal(noise_key, rows.shape))
    shots = jax.random.randint(shot_key, (len(some), 1, 1), 1, SHOTS + 1)
    taken = jnp.arange(SHOTS)[None, :, None] < shots
    means = jnp.sum(jnp.where(taken, seen[:, :SHOTS], 0.0), axis=1) / shots[:, 0]
    apart = jnp.sum((seen[:, SHOTS:, None] - means) ** 2, axis=-1)  # [class, query, class]
    logits = jax.nn.log_softmax(-jnp.exp(weights.sharpness) * apart, axis=-1)
    right = jnp.diagonal(logits, axis1=0, axis2=2)
    return DECAY * jnp.sum(weights.outer**2) - jnp.mean(right)
