"""What is believed of every row's class: by a learner fitted to the answers, or by the user's own model."""

import textwrap
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractFitted, AbstractLearner, AskwellError
from askwell.data.arrays import map_npy
from askwell.data.load import open_file
from askwell.data.matrix import aligned
from askwell.learners import SklearnLearner

BLOCK = 65_536
"""Rows that are predicted at once."""

SUM = 1e-3
"""How far from 1 given probabilities may sum; those saved in half precision are nearer."""

LEAST = 1e-7
"""Given probabilities below this count as this, so that logarithms are finite."""


def believe(
    seed: int, learner: AbstractLearner, x: np.ndarray, y: np.ndarray, rows: np.ndarray, classes: int
) -> tuple[np.ndarray, AbstractFitted]:
    """Log-probabilities ``float32 [n, c]`` of `x`, and the learner, fitted to the labelled `rows`; see `fit_to`."""
    fitted = fit_to(seed, learner, x, y, rows, classes)
    return predict(learner, fitted, x), fitted


def fit_to(
    seed: int, learner: AbstractLearner, x: np.ndarray, y: np.ndarray, rows: np.ndarray, classes: int
) -> AbstractFitted:
    """The learner, fitted to the labelled `rows` of `x`, which may have places that are not used and hold ``n``."""
    used = rows < len(x)
    at = np.where(used, rows, 0)
    key = jax.random.fold_in(jax.random.key(seed), 1)
    evidence = jnp.asarray(x[at]), jnp.asarray(np.where(used, y[at], 0)), jnp.asarray(used, jnp.float32)
    return _fit(learner, key, *evidence, classes)


def predict(learner: AbstractLearner, fitted: AbstractFitted, x: np.ndarray) -> np.ndarray:
    """Log-probabilities ``float32 [n, c]`` of `x`, block by block.

    Raises:
        AskwellError: if the learner fails.
    """
    n = len(x)
    # A learner on the host fits again at every call.
    size = n if isinstance(learner, SklearnLearner) else min(BLOCK, n)
    blocks = []
    for start in range(0, n, size):
        start = min(start, n - size)  # the last block overlaps, so that there is one shape to compile
        try:
            blocks.append((start, np.asarray(_log_proba(fitted, jnp.asarray(x[start : start + size])))))
        except jax.errors.JaxRuntimeError as error:  # a learner on the host; its own last sentence says why
            reason = textwrap.shorten(str(error).strip().split("\n")[-1], 400)
            raise AskwellError(
                f"The learner '{learner.name}' failed on the labels so far: {reason}"
            ) from error
    log_proba = aligned((n, blocks[0][1].shape[1]))
    for start, block in blocks:
        log_proba[start : start + size] = block
    return log_proba


@eqx.filter_jit
def _fit(
    learner: AbstractLearner,
    key: PRNGKeyArray,
    x: Float[Array, "b d"],
    y: Int[Array, " b"],
    weight: Float[Array, " b"],
    classes: int,
) -> AbstractFitted:
    return learner.fit(key, x, y, weight, classes)


@eqx.filter_jit
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
