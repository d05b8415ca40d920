"""From a table to numbers, looking at the features alone."""

import dataclasses
from typing import Any

import numpy as np

from askwell.core import AskwellError
from askwell.data.matrix import Matrix, fit_matrix
from askwell.data.table import Table


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """Encoded rows.

    Attributes:
        name: as the table's.
        x: ``float32 [N, d]``, mean 0, mean variance 1 over the features, always finite.
        y: ``int32 [N]``, index into `classes`.
        classes: the labels, sorted.
        ids: ``object [N]`` of str.
        role: as the table's.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    classes: tuple[str, ...]
    ids: np.ndarray
    role: str = ""


def encode(table: Table, *, features: int = 64) -> Dataset:
    """Encode a table; labels play no part in `x`, so no label leaks before it is asked for.

    Raises:
        AskwellError: as `encode_features`.
    """
    return with_labels(table, encode_features(table, features))


def with_labels(table: Table, x: np.ndarray) -> Dataset:
    """The encoded rows `x` ``[N, d]`` of a table, with its labels."""
    classes, y = np.unique(np.asarray(table.labels, dtype=object), return_inverse=True)
    return Dataset(table.name, x, y.astype(np.int32), tuple(classes), table.ids, table.role)


def fit_encoder(rows: Table | Matrix, features: int = 64) -> tuple[Any, np.ndarray]:
    """An encoder for further rows, by its `transform`, and the numbers ``float32 [N, d]`` of these.

    Of a sparse matrix it is a truncated singular value decomposition, less its mean, with one factor for the whole.

    Raises:
        AskwellError: as `encode_features` and `encode_matrix`.
    """
    if features < 1:
        raise AskwellError(f"features is {features}; give at least 1.")
    if isinstance(rows, Matrix) and not hasattr(rows.x, "tocsr"):
        linear = fit_matrix(rows, features)
        return linear, linear.transform(rows.x)
    from askwell.data.encoder import Encoder, SparseEncoder  # scikit-learn is slow to import

    if isinstance(rows, Matrix):
        sparse = SparseEncoder(features, rows.name)
        return sparse, sparse.fit_transform(rows.x)
    encoder = Encoder(features, rows.name, rows.texts, rows.sentences)
    return encoder, encoder.fit_transform(rows.features)


def encode_features(table: Table, features: int = 64) -> np.ndarray:
    """The features of a table as ``float32 [N, d]``; its labels, or their absence, play no part.

    Numbers: median for missing ones (with an indicator) and standardised. Categories: one-hot, the rarest
    beyond 32 as one. Prose: TF-IDF and at most 64 topics (latent semantic analysis), or `features` if that is more.
    Beyond `features` columns: PCA, not whitened, so that directions keep their share of the variance. Last, one factor
    for the whole matrix. The same table gives the same bits.

    Raises:
        AskwellError: if `features` is less than 1 or every column is constant.
    """
    return fit_encoder(table, features)[1]
