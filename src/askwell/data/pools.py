"""Pools without labels, or with some: the rows that `askwell ask` chooses from."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from askwell.core import AskwellError, unknown
from askwell.data.arrays import beside, map_npy, open_npz, vector
from askwell.data.columns import Raw, check_names
from askwell.data.load import open_file
from askwell.data.matrix import Matrix
from askwell.data.names import id_name, label_name
from askwell.data.table import ALL, Chosen, Table, assemble, check_ids, numbered, words
from askwell.data.tabular import READERS, read_raw

_Reader = Callable[[Path, str | None, str | None, Chosen], Table | Matrix]


def load_pool(
    source: str, *, label: str | None = None, id: str | None = None, chosen: Chosen = ALL
) -> Table | Matrix:
    """Rows from a file, labelled, unlabelled or in part; a `Matrix` where all that there is are numbers.

    Args:
        source: a path with one of the suffixes .csv .tsv .parquet .jsonl .ndjson .npz .npy.
        label: the label column (array in .npz, file for .npy), where there is one; cells may be empty. By default
            the one column called label, target, class or y.
        id: the id column, array or file. By default a column called id, else rows are numbered from 0.
        chosen: which columns are features; embeddings have none that could be chosen.

    Raises:
        AskwellError: one sentence that says what was given, what is allowed and what to do.
    """
    return open_file(source, _POOLS, lambda path, read: read(path, label, id, chosen))


def as_matrix(
    name: str,
    x: Any,
    labels: np.ndarray | None = None,
    ids: np.ndarray | None = None,
    label: str | None = None,
) -> Matrix:
    """Check an array of embeddings, or a SciPy sparse matrix, and what comes with it.

    Raises:
        AskwellError: for wrong shapes or types, and ids that are not all different.
    """
    if x.ndim != 2 or x.dtype.kind not in "fiub" or not x.shape[1] or not x.shape[0]:
        raise AskwellError(
            f"{name}: x is {x.dtype} of shape {x.shape}; it must be numbers of shape [rows, features], "
            "so flatten or embed images first."
        )
    n = x.shape[0]
    labels = None if labels is None else vector(name, "labels", labels, n)
    ids = None if ids is None else vector(name, "ids", ids, n)
    raw = Raw(name, ["labels", "ids"], [[None] * n if cells is None else cells for cells in (labels, ids)])
    answers = np.full(n, None) if labels is None else words(raw, "labels", labels, "label", gaps=True)
    named = numbered(n) if ids is None else words(raw, "ids", ids, "id")
    if ids is not None:
        check_ids(raw, named)
    return Matrix(name, x, answers, named, None if labels is None else label, ids_given=ids is not None)


def _npy(path: Path, label: str | None, id: str | None, chosen: Chosen) -> Matrix:
    """`label` and `id` name .npy files; whatever else --label and --id name is in the file of labels."""
    _no_columns(path, chosen)
    labels, ids = (
        map_npy(beside(path, name)) if name and name.endswith(".npy") else None for name in (label, id)
    )
    return as_matrix(path.name, map_npy(path), labels, ids, label)


def _npz(path: Path, label: str | None, id: str | None, chosen: Chosen) -> Matrix:
    _no_columns(path, chosen)
    array, names = open_npz(path)
    if "x" not in names:
        raise AskwellError(f"{path.name}: " + unknown("array", "x", names))
    label = label if label in names else "y"
    id = id if id in names else "ids"
    labels, ids = (array(name) if name in names else None for name in (label, id))
    return as_matrix(path.name, array("x"), labels, ids, label)


def _no_columns(path: Path, chosen: Chosen) -> None:
    if chosen.ignore or chosen.only is not None:
        raise AskwellError(
            f"{path.name} holds embeddings, whose columns have no names; leave out --ignore and --features-from."
        )


def _table(path: Path, label: str | None, id: str | None, chosen: Chosen) -> Table:
    return assemble(read_raw(path), name=path.stem, label=label, id=id, labelled=False, chosen=chosen)


def _parquet(path: Path, label: str | None, id: str | None, chosen: Chosen) -> Table | Matrix:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pq.ParquetFile(path, memory_map=True, page_checksum_verification=True) as file:
                found = _numbers(path, file, label, id, chosen)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, AskwellError):
            raise
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise AskwellError(f"{path.name}: not a readable Parquet file ({reason}); write it again.") from error
    return found or _table(path, label, id, chosen)


def _numbers(
    path: Path, file: pq.ParquetFile, label: str | None, id: str | None, chosen: Chosen
) -> Matrix | None:
    """All feature columns as one matrix, read batch by batch; None where they are not numbers without a gap."""
    schema = file.schema_arrow
    check_names(path.name, schema.names)

    def error(message: str) -> AskwellError:
        return AskwellError(f"{path.name}: {message}.")

    chosen.check(error, schema.names)
    label = label_name(error, schema.names, label, False, chosen.labels)
    id = id_name(error, schema.names, id)
    features = [
        name
        for name in schema.names
        if name in chosen and name not in (label, id) and not name.startswith("__index_level_")
    ]
    kinds = [schema.field(name).type for name in features]
    inner = [kind.value_type if _is_list(kind) else kind for kind in kinds]
    n = file.metadata.num_rows
    if not n or not features or (id is not None and label == id):
        return None
    if not all(pa.types.is_floating(kind) or pa.types.is_integer(kind) for kind in inner):
        return None
    # Large integers and moments in time need float64 until they are standardised.
    exact = {pa.float32(), pa.float16(), pa.int8(), pa.uint8(), pa.int16(), pa.uint16()}
    dtype = np.float32 if set(inner) <= exact else np.float64
    x, start = np.empty((0, 0), dtype), 0
    for batch in file.iter_batches(batch_size=16_384, columns=features):
        parts = [_part(column) for column in batch.columns]
        if any(part is None for part in parts):
            return None
        block = np.concatenate([part for part in parts if part is not None], axis=1)
        if not start:
            x = np.empty((n, block.shape[1]), dtype)
        if block.shape[1] != x.shape[1]:
            return None  # lists of several lengths: the reader of tables says where
        x[start : start + len(block)] = block
        start += len(block)
    asides = {name: file.read(columns=[name])[name].to_pylist() for name in (label, id) if name is not None}
    raw = Raw(path.name, list(asides) or features[:1], list(asides.values()) or [[None] * n])
    labels = np.full(n, None) if label is None else words(raw, label, asides[label], "label", gaps=True)
    ids = numbered(n) if id is None else words(raw, id, asides[id], "id")
    check_ids(raw, ids)
    named = tuple(features) if len(features) == x.shape[1] else None  # else some are lists
    return Matrix(path.stem, x, labels, ids, label, named, id is not None)


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _part(column: pa.Array) -> np.ndarray | None:
    """One column of a batch as ``[rows, width]``; None where a cell is missing or lists differ in length."""
    if column.null_count:
        return None
    if not _is_list(column.type):
        values = column.to_numpy(zero_copy_only=False)
        # NaN in a column of numbers is a missing cell, which the encoder of tables fills; in an embedding it is wrong.
        return None if values.dtype.kind == "f" and np.isnan(values).any() else values[:, None]
    flat = column.flatten()
    if flat.null_count or not len(column) or len(flat) % len(column):
        return None
    if (
        not pa.types.is_fixed_size_list(column.type)
        and len(set(np.diff(column.offsets.to_numpy()).tolist())) > 1
    ):
        return None
    return flat.to_numpy(zero_copy_only=False).reshape(len(column), -1)


_POOLS: dict[str, _Reader] = {
    **dict.fromkeys(READERS, _table),
    ".parquet": _parquet,
    ".npz": _npz,
    ".npy": _npy,
}
