"""Rows that are in memory already: arrays, frames, sparse matrices, texts."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from askwell.core import AskwellError
from askwell.data.columns import Raw, as_number, as_word
from askwell.data.load import open_file
from askwell.data.matrix import Matrix
from askwell.data.pools import as_matrix
from askwell.data.table import ALL, Chosen, Table, assemble
from askwell.data.tabular import READERS, cells_of, read_raw

if TYPE_CHECKING:
    import pandas as pd

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
    chosen: Chosen = ALL,
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
        chosen: which columns of a frame are features.

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
    return assemble(
        Raw(name, names, columns),
        name=name,
        label=label,
        id=id,
        labelled=labelled,
        texts=texts,
        chosen=chosen,
    )


def raw_of(X: Any) -> Raw | None:
    """The cells of a path, a frame or texts as they are; None of embeddings, whose columns have no names."""
    if isinstance(X, str | Path):
        path = Path(X).expanduser()
        return read_raw(path) if path.suffix.lower() in READERS else None
    if _texts(X) or hasattr(X, "__arrow_c_stream__"):
        return Raw("pool", *_columns("pool", X))
    return None


def features_of(X: Any, numeric: Sequence[str], others: Sequence[str]) -> "pd.DataFrame":
    """Columns of further rows, as a table's features: those called `numeric` as floats, the `others` as words.

    Args:
        X: a path of a table, a frame, or texts.
        numeric: names of columns of numbers, moments or lists of numbers, such as ``x[0]``.
        others: names of the other columns.

    Raises:
        AskwellError: for a column that is absent, or a cell that is no number.
    """
    import pandas as pd  # slow to import

    if isinstance(X, str | Path):
        raw = open_file(str(X), READERS, lambda path, _: read_raw(path))
    else:
        raw = Raw("X", *_columns("X", X))
    cells: dict[str, Any] = {}
    for title, column in zip(raw.names, raw.columns, strict=True):
        if isinstance(column, np.ndarray) and column.ndim == 2:
            cells |= {f"{title}[{i}]": part for i, part in enumerate(column.T)}
        else:
            cells[title] = column
    features = {}
    for name in [*numeric, *others]:
        if name not in cells:
            raise raw.error(
                f"there is no column '{name}', which the pool had; give rows with the pool's columns"
            )
        make, dtype = (as_number, float) if name in set(numeric) else (as_word, object)
        features[name] = np.empty(len(cells[name]), dtype)
        for row, cell in enumerate(cells[name]):
            try:
                features[name][row] = make(cell)
            except ValueError:
                raise raw.error(
                    f"column '{name}' held numbers in the pool, and {raw.where(row)} has '{cell}'; correct it"
                ) from None
    return pd.DataFrame(features)


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
        raise AskwellError(f"{name} has {role}: {len(cells)}, rows: {count}; give one for each row.")
    return [cell.item() if isinstance(cell, np.generic) else cell for cell in cells]
