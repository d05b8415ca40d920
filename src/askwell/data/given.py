"""Rows that are in memory already: arrays, frames, sparse matrices, texts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from askwell.core import AskwellError
from askwell.data.columns import Raw
from askwell.data.matrix import Matrix
from askwell.data.pools import as_matrix
from askwell.data.table import Table, assemble
from askwell.data.tabular import cells_of

TEXT = "text"
"""What the one column of a list of texts is called."""

INDEX = "__index_level_0__"
"""What Arrow calls the index of a pandas frame, if it has one of its own."""

LABELS = "labels"


def rows_of(
    name: str,
    X: Any,
    y: Any = None,
    *,
    ids: Any = None,
    label: str | None = None,
    id: str | None = None,
    labelled: bool = False,
) -> Table | Matrix:
    """Rows that are in memory, checked and typed.

    Args:
        name: what errors call them.
        X: numbers ``[N, d]`` (NumPy array, SciPy sparse matrix), a frame (pandas, Polars, PyArrow), or N texts.
        y: N labels, if they are not a column of a frame.
        ids: N names, all different; by default the frame's id column, else its index, else numbers from 0.
        label: the frame's label column, as in `askwell.ask`.
        id: the frame's id column.
        labelled: whether every row must have a label; numbers are then a table, too.

    Raises:
        AskwellError: saying what was given and what may be.
    """
    if hasattr(X, "toarray") and hasattr(X, "tocsr"):
        if labelled:
            raise AskwellError(
                f"{name}: a sparse matrix cannot be split; give a dense array, or reduce it first."
            )
        return as_matrix(name, X.tocsr(), _vector(y), _vector(ids), LABELS if y is not None else None)
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "fiub" and not labelled:
        return as_matrix(name, X, _vector(y), _vector(ids), LABELS if y is not None else None)
    names, columns = _columns(name, X)
    if y is not None:
        names, columns, label = (
            [*names, LABELS],
            [*columns, _listed(name, "labels", y, len(columns[0]))],
            LABELS,
        )
    if ids is not None:
        names, columns, id = [*names, "ids"], [*columns, _listed(name, "ids", ids, len(columns[0]))], "ids"
    elif INDEX in names and id is None and not any(title.lower() == "id" for title in names):
        id = INDEX
    texts = (TEXT,) if _texts(X) else ()
    return assemble(Raw(name, names, columns), name=name, label=label, id=id, labelled=labelled, texts=texts)


def _columns(name: str, X: Any) -> tuple[list[str], list[Any]]:
    if _texts(X):
        return [TEXT], [[None if word is None else str(word) for word in X]]
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "fiub":
        return ["x"], [np.asarray(X, float)]
    if hasattr(X, "__arrow_c_stream__"):
        try:
            table = pa.table(X)
        except (pa.ArrowException, TypeError, ValueError) as error:
            reason = " ".join(str(error).split())[:200]
            raise AskwellError(
                f"{name}: the frame cannot be read ({reason}); give each column one type."
            ) from error
        return [str(title) for title in table.column_names], [cells_of(column) for column in table.columns]
    shape = f" of shape {X.shape}" if hasattr(X, "shape") else ""
    raise AskwellError(
        f"{name} is {type(X).__name__}{shape}; give a path, numbers of shape [rows, features], a pandas or Polars "
        "frame, a SciPy sparse matrix, or a list of texts."
    )


def _texts(X: Any) -> bool:
    listed = isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.ndim == 1)
    return listed and len(X) > 0 and all(word is None or isinstance(word, str) for word in X)


def _vector(values: Any) -> np.ndarray | None:
    return None if values is None else np.asarray(values)


def _listed(name: str, role: str, values: Sequence[Any], count: int) -> Any:
    cells = np.asarray(values, object).tolist()
    if len(cells) != count:
        raise AskwellError(f"{name}: there are {len(cells)} {role} and {count} rows; give one for each row.")
    return [cell.item() if isinstance(cell, np.generic) else cell for cell in cells]
