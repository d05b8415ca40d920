"""What the learner says of labelled rows that it was not fitted to."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from askwell.asking.belief import columns, failing, learner_key, padded, places, traced
from askwell.core import AbstractLearner
from askwell.execution import quick

FOLDS = 10


def out_of_fold(
    seed: int, learner: AbstractLearner, x: np.ndarray, y: np.ndarray, classes: int
) -> np.ndarray:
    """Log-probabilities ``[b, c or more]`` of labelled points, each from a fit without its fold.

    The learner is fitted `FOLDS` times to nine tenths of the points. Each class is spread over the folds.

    Args:
        seed: of the learner.
        learner: is fitted.
        x: ``float32 [b, d]``, the labelled points.
        y: ``int [b]``, their labels.
        classes: how many there are, at least.

    Raises:
        AskwellError: if the learner fails.
    """
    b = len(y)
    room = places(b)
    fold = np.zeros(room, np.int32)
    fold[:b] = folds(y)
    given = (*padded(x, y, room), fold)
    with failing(learner):
        return np.asarray(_out_of_fold(learner, traced(seed), *given, columns(classes)))[:b]


def folds(y: np.ndarray) -> np.ndarray:
    """The fold ``int [b]`` of each row: one after another within a class, in the order of rows."""
    fold = np.zeros(len(y), np.int32)
    at = 0
    for name in np.unique(y):
        rows = np.flatnonzero(y == name)
        fold[rows] = (at + np.arange(len(rows))) % FOLDS
        at += len(rows)
    return fold


@quick
def _out_of_fold(
    learner: AbstractLearner,
    seed: Int[Array, ""],
    x: Float[Array, "b d"],
    y: Int[Array, " b"],
    used: Float[Array, " b"],
    fold: Int[Array, " b"],
    classes: int,
) -> Float[Array, "b c"]:
    key = learner_key(seed)

    def left_out(k: Int[Array, ""]) -> Float[Array, "b c"]:
        return learner.fit(key, x, y, used * (fold != k), classes).log_proba(x)

    every = jax.vmap(left_out)(jnp.arange(FOLDS))
    return every[fold, jnp.arange(len(y))]
