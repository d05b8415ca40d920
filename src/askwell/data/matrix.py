"""Rows that are numbers already, as many as a disk holds: encoded block by block, never copied whole."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from askwell.core import AskwellError
from askwell.data.columns import CONSTANT

BLOCK_BYTES = 2**26
"""A block of rows (64 MiB in float64)."""

ALIGNMENT = 64
"""JAX takes NumPy memory over without a copy where it starts at a multiple of this."""


@dataclasses.dataclass(frozen=True, eq=False)
class Matrix:
    """Embeddings, or a table of numbers without a gap.

    Attributes:
        name: the file's.
        x: ``[N, d]`` numbers, perhaps memory-mapped, or SciPy sparse; `encode_matrix` checks that they are finite.
        labels: ``object [N]`` of str, None where a row has none.
        ids: ``object [N]`` of str, all different.
        label: as the table's.
        columns: what the columns are called; None where they have no names.
        ids_given: whether the ids come from the source, and are no numbers of rows.
    """

    name: str
    x: Any
    labels: np.ndarray
    ids: np.ndarray
    label: str | None = None
    columns: tuple[str, ...] | None = None
    ids_given: bool = False


@dataclasses.dataclass(frozen=True, eq=False)
class MatrixEncoder:
    """A linear map of rows of numbers: columns that are `kept`, less their `centre`, times a `projection`.

    Attributes:
        name: what errors call the matrix.
        width: columns of the matrix.
        kept: ``int [k]``, columns that vary.
        centre: ``[k]``, their means.
        projection: ``[k, d]``; diagonal unless there are more columns than features.
    """

    name: str
    width: int
    kept: np.ndarray
    centre: np.ndarray
    projection: np.ndarray

    def transform(self, x: np.ndarray) -> np.ndarray:
        """``float32 [M, d]`` of the rows of an array."""
        out = aligned((len(x), self.projection.shape[1]))
        scale = np.diagonal(self.projection) if np.count_nonzero(self.projection) == len(self.kept) else None
        for start, block in _blocks(x):
            block = block if len(self.kept) == block.shape[1] else block[:, self.kept]
            block -= self.centre.astype(block.dtype)
            into = out[start : start + len(block)]
            into[:] = block @ self.projection.astype(block.dtype) if scale is None else block * scale
        return out


def encode_matrix(matrix: Matrix, features: int = 64) -> np.ndarray:
    """What `encode` does to number columns, in two passes: ``float32 [N, k]`` with k ≤ `features`.

    Standardised columns, PCA beyond `features` of them (exact, so other signs and, beyond 1000 columns, other
    last digits than `encode`), one factor for the whole matrix. The same matrix gives the same bits.

    Raises:
        AskwellError: for a NaN or infinite value, naming the row; if `features` is less than 1 or every column
            is constant.
    """
    return fit_matrix(matrix, features).transform(matrix.x)


def fit_matrix(matrix: Matrix, features: int = 64) -> MatrixEncoder:
    """See `encode_matrix`: the map itself, for further rows."""
    if features < 1:
        raise AskwellError(f"features is {features}; give at least 1.")
    n, d = matrix.x.shape
    total, square, shift = np.zeros(d), np.zeros((d, d)), np.zeros(d)
    for start, block in _blocks(matrix.x):
        if not np.isfinite(block).all():
            row = start + int(np.argmin(np.isfinite(block).all(axis=1)))
            raise AskwellError(
                f"{matrix.name}: row {row} (counted from 0, id '{matrix.ids[row]}') has a NaN or infinite value; "
                "remove or mend the row."
            )
        with np.errstate(over="ignore", invalid="ignore"):
            if not start:  # near the mean, so that an offset costs no digits; a constant column is exactly 0
                shift = block[0] + (block - block[0]).mean(axis=0, dtype=np.float64).astype(block.dtype)
            block -= shift
            total += block.sum(axis=0, dtype=np.float64)
            square += block.T @ block
    mean = total / n
    with np.errstate(over="ignore", invalid="ignore"):
        covariance = square / n - np.outer(mean, mean)
    variance = np.diagonal(covariance)
    if not np.isfinite(covariance).all():
        raise AskwellError(f"{matrix.name}: some values are too large for a variance; divide them first.")
    # What rounding leaves of a constant column, relative to its mean square.
    kept = np.flatnonzero(variance > np.maximum(CONSTANT, 1e-14 * np.diagonal(square) / n))
    if not len(kept):
        raise AskwellError(f"{matrix.name}: every feature is the same in all rows; add one that varies.")
    spread = np.sqrt(variance[kept])
    projection, factor = np.diag(1 / spread), 1.0
    if len(kept) > features:
        correlation = covariance[np.ix_(kept, kept)] / np.outer(spread, spread)
        last = len(kept) - 1
        from scipy.linalg import eigh  # slow to import

        size, axes = eigh(correlation, subset_by_index=[len(kept) - features, last])
        size, axes = size[::-1], axes[:, ::-1]
        varies = size > 1e-12 * size[0]
        factor = np.sqrt(np.mean(size[varies]))
        projection = axes[:, varies] / spread[:, None]
    return MatrixEncoder(matrix.name, d, kept, shift[kept] + mean[kept], projection / factor)


def aligned(shape: tuple[int, ...]) -> np.ndarray:
    """An empty ``float32`` array that `jax.numpy.asarray` takes over without a copy."""
    count = int(np.prod(shape))
    space = np.empty(4 * count + ALIGNMENT, np.uint8)
    start = -space.ctypes.data % ALIGNMENT
    return space[start : start + 4 * count].view(np.float32).reshape(shape)


def _blocks(x: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Copies, each with its first row's number; in float64 unless the matrix itself is less precise."""
    n, d = x.shape
    dtype = np.float32 if x.dtype in (np.float32, np.float16) else np.float64
    rows = max(1, BLOCK_BYTES // (8 * d))
    for start in range(0, n, rows):
        yield start, np.array(x[start : start + rows], dtype=dtype)
