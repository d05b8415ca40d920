"""What the learner says of labelled rows that it was not fitted to."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractLearner

FOLDS = 10


def out_of_fold(
    seed: int, learner: AbstractLearner, x: np.ndarray, y: np.ndarray, places: int, classes: int
) -> np.ndarray:
    """Log-probabilities ``[b, c]`` of labelled rows, each from a fit without its fold.

    The learner is fitted `FOLDS` times to nine tenths of the rows. Each class is spread over the folds.

    Args:
        seed: of the learner.
        learner: is fitted.
        x: ``float32 [b, d]``, the labelled rows.
        y: ``int [b]``, their labels.
        places: a program is compiled for so many rows, at least b.
        classes: how many there are, at least.
    """
    b = len(y)
    wide = np.zeros((places, x.shape[1]), np.float32)
    wide[:b] = x
    label, used, fold = np.zeros(places, np.int32), np.zeros(places, np.float32), np.zeros(places, np.int32)
    label[:b], used[:b], fold[:b] = y, 1, folds(y)
    key = jax.random.fold_in(jax.random.key(seed), 1)
    given = (jnp.asarray(wide), jnp.asarray(label), jnp.asarray(used), jnp.asarray(fold))
    return np.asarray(_out_of_fold(learner, key, *given, classes))[:b]


def folds(y: np.ndarray) -> np.ndarray:
    """The fold ``int [b]`` of each row: one after another within a class, in the order of rows."""
    fold = np.zeros(len(y), np.int32)
    at = 0
    for name in np.unique(y):
        rows = np.flatnonzero(y == name)
        fold[rows] = (at + np.arange(len(rows))) % FOLDS
        at += len(rows)
    return fold


@eqx.filter_jit
def _out_of_fold(
    learner: AbstractLearner,
    key: PRNGKeyArray,
    x: Float[Array, "b d"],
    y: Int[Array, " b"],
    used: Float[Array, " b"],
    fold: Int[Array, " b"],
    classes: int,
) -> Float[Array, "b c"]:
    def left_out(k: Int[Array, ""]) -> Float[Array, "b c"]:
        return learner.fit(key, x, y, used * (fold != k), classes).log_proba(x)

    every = jax.vmap(left_out)(jnp.arange(FOLDS))
    return every[fold, jnp.arange(len(y))]
