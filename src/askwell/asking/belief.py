"""What is believed of every row's class: by a learner fitted to the answers, or by the user's own model."""

import contextlib
import textwrap
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractFitted, AbstractLearner, AskwellError
from askwell.data.arrays import map_npy
from askwell.data.load import open_file
from askwell.data.matrix import aligned
from askwell.execution import quick
from askwell.learners import SklearnLearner

BLOCK = 65_536
"""Rows that are predicted at once."""

SUM = 1e-3
"""How far from 1 given probabilities may sum; those saved in half precision are nearer."""

LEAST = 1e-7
"""Given probabilities below this count as this, so that logarithms are finite."""

PLACES, CLASSES = 128, 8
"""The smallest shapes: places for labels and the batch, and classes. The next have four times as many places, and twice
as many classes.

A program is compiled for its shapes. With few shapes the next round, and the next process, find theirs compiled.
"""


def places(labels: int) -> int:
    """How many places there are for so many labels, most of them empty."""
    return _up(labels, PLACES, 4)


def columns(classes: int) -> int:
    """How many classes probabilities have a column for; those that nobody named stay without a label."""
    return _up(classes, CLASSES, 2)


def _up(count: int, least: int, factor: int) -> int:
    return least if count <= least else factor * _up(-(-count // factor), least, factor)


def fit_to(
    seed: int, learner: AbstractLearner, x: np.ndarray, y: np.ndarray, classes: int, room: int | None = None
) -> AbstractFitted:
    """The learner, fitted to the labelled points `x` ``[b, d]`` with the labels `y` ``int [b]``.

    The program is compiled for as many `columns` as the `classes` need, and for `room` points, by default `places`.
    """
    return _fit(learner, traced(seed), *padded(x, y, room or places(len(y))), columns(classes))


def traced(seed: int) -> np.ndarray:
    """A seed as a program takes it, to make its keys itself: made outside, each key is a program of its own."""
    return np.asarray(seed % 2**32, np.uint32)


def learner_key(seed: Int[Array, ""]) -> PRNGKeyArray:
    """The key of the learner."""
    return jax.random.fold_in(jax.random.key(seed), 1)


def padded(x: np.ndarray, y: np.ndarray, room: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points ``[room, d]``, labels and weights ``[room]``; the weight is 0 in places that are not used."""
    wide, labels = np.zeros((room, x.shape[1]), np.float32), np.zeros(room, np.int32)
    wide[: len(y)], labels[: len(y)] = x, y
    return wide, labels, (np.arange(room) < len(y)).astype(np.float32)


def predict(learner: AbstractLearner, fitted: AbstractFitted, x: np.ndarray) -> np.ndarray:
    """Log-probabilities ``float32 [n, c]`` of `x`, block by block.

    Raises:
        AskwellError: if the learner fails.
    """
    n = len(x)
    # A learner on the host fits again at every call.
    size = n if isinstance(learner, SklearnLearner) else min(BLOCK, n)
    log_proba = np.empty((0, 0), np.float32)
    for start in range(0, n, size):
        start = min(start, n - size)  # the last block overlaps, so that there is one shape to compile
        with failing(learner):
            block = np.asarray(_log_proba(fitted, x[start : start + size]))
        if not start:
            log_proba = aligned((n, block.shape[1]))
        log_proba[start : start + size] = block
    return log_proba


@contextlib.contextmanager
def failing(learner: AbstractLearner) -> Iterator[None]:
    """What a learner on the host raises is one sentence."""
    try:
        yield
    except jax.errors.JaxRuntimeError as error:  # its own last sentence says why
        reason = textwrap.shorten(str(error).strip().split("\n")[-1], 400)
        raise AskwellError(f"The learner '{learner.name}' failed on the labels so far: {reason}") from error


@quick
def _fit(
    learner: AbstractLearner,
    seed: Int[Array, ""],
    x: Float[Array, "b d"],
    y: Int[Array, " b"],
    weight: Float[Array, " b"],
    classes: int,
) -> AbstractFitted:
    return learner.fit(learner_key(seed), x, y, weight, classes)


@quick
def _log_proba(fitted: AbstractFitted, x: Float[Array, "m d"]) -> Float[Array, "m c"]:
    return fitted.log_proba(x)


def read_proba(proba: str | Path | np.ndarray, rows: int) -> np.ndarray:
    """Given probabilities ``[N, c]``, memory-mapped and checked block by block.

    Raises:
        AskwellError: for another shape, values that are no probabilities, or rows that do not sum to one.
    """
    if isinstance(proba, np.ndarray):
        name, values = "proba", proba
    else:
        name = Path(proba).name
        values = open_file(str(proba), {".npy": map_npy}, lambda path, read: read(path))
    if values.ndim != 2 or values.dtype.kind != "f" or values.shape[0] != rows or values.shape[1] < 2:
        raise AskwellError(
            f"{name}: the probabilities are {values.dtype} of shape {values.shape}; give floats of shape "
            f"[{rows}, classes], a row for each row of the pool, in its order."
        )
    for start in range(0, rows, BLOCK):
        block = np.asarray(values[start : start + BLOCK], np.float64)
        total = block.sum(axis=1)
        checks = (
            (~np.isfinite(block).all(axis=1), "has a NaN or infinite value"),
            ((block < 0).any(axis=1), "has a negative value"),
            (np.abs(total - 1) > SUM, "sums to {total:.4g}, not to one"),
        )
        for bad, what in checks:
            if bad.any():
                row = int(np.argmax(bad))
                raise AskwellError(
                    f"{name}: row {start + row} (counted from 0) {what.format(total=total[row])}; give "
                    "probabilities, for example what scikit-learn's predict_proba returns."
                )
    return values


def take(proba: np.ndarray, rows: np.ndarray | slice) -> np.ndarray:
    """Log-probabilities of some rows, summing to one to the last digit."""
    chosen = np.maximum(np.asarray(proba[rows], np.float32), LEAST)
    log_proba = aligned(chosen.shape)
    np.log(chosen / chosen.sum(axis=1, keepdims=True), out=log_proba)
    return log_proba
