"""A table's encoding, kept beside its file: the next process need not read and encode it again."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.ipc

from askwell.core import AskwellError, write_whole
from askwell.data.table import Table

FOLDER = ".askwell"
"""Beside the pool, so that whoever deletes or moves the data finds what was derived from it."""

FORMAT = "2"
"""Changes with what is kept, or how it is encoded."""

LARGEST = 2**28
"""Bytes of a file that are kept; of larger ones hashing alone would be waited for."""

X, ID, LABEL = "x", "id", "label"
take: Any = pyarrow.compute.take  # its functions are made at import, where no type checker sees them


@dataclasses.dataclass(frozen=True, eq=False)
class KeptTable:
    """What is needed of a `Table` whose encoding is known: attributes as there, and cells of a few rows."""

    name: str
    ids: np.ndarray
    labels: np.ndarray
    label: str | None
    dropped: tuple[str, ...]
    notes: tuple[str, ...]
    readable: tuple[str, ...]
    table: pa.Table

    @property
    def features(self) -> list[str]:
        """What the features' columns are called."""
        return json.loads(self.table.schema.metadata[b"askwell"])["features"]

    def cells(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Features of some rows by column, floats or words."""
        # `pa.array` and `to_numpy` would import pandas, which takes longer than all the rest.
        at = pa.Int64Array.from_buffers(pa.int64(), len(rows), [None, pa.py_buffer(rows.astype(np.int64))])
        return {name: _values(take(self.table[f"f{i}"], at)) for i, name in enumerate(self.features)}


def _values(column: pa.ChunkedArray) -> np.ndarray:
    return np.array(column.to_pylist(), float if pa.types.is_floating(column.type) else object)


def key_of(path: Path, options: Any) -> str | None:
    """What tells whether a file and the options that it is read with are the same; None where nothing is kept."""
    try:
        if path.stat().st_size > LARGEST:
            return None
        content = hashlib.sha256(path.read_bytes())
    except OSError:
        return None
    content.update(repr((FORMAT, options)).encode())
    return content.hexdigest()


def read_kept(path: Path, key: str) -> tuple[KeptTable, np.ndarray] | None:
    """The table and its encoding ``float32 [N, d]``, if they were kept under that key."""
    try:
        with pa.memory_map(str(_place(path, key))) as file:
            table = pa.ipc.open_file(file).read_all()
            about = json.loads(table.schema.metadata[b"askwell"])
            if about["key"] != key:
                return None
            x = table[X].combine_chunks()
            # Not `to_numpy`: it imports pandas, which is slow.
            ids, labels = (np.array(table[name].to_pylist(), object) for name in (ID, LABEL))
            dropped, notes, readable = (tuple(about[what]) for what in ("dropped", "notes", "readable"))
            kept = KeptTable(about["name"], ids, labels, about["label"], dropped, notes, readable, table)
            # A copy: the file may be replaced while it is in use.
            numbers = np.frombuffer(x.values.buffers()[1], np.float32, len(x.values), 4 * x.values.offset)
            return kept, numbers.reshape(len(x), -1).copy()
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError, AttributeError):
        return None  # not there, cut short, or of another version


def keep(path: Path, key: str, table: Table, x: np.ndarray) -> None:
    """Keep a table and its encoding. Where that cannot be, such as in a folder that is read-only, nothing is kept."""
    features = {f"f{i}": pa.array(table.features[name]) for i, name in enumerate(table.features)}
    about = {
        "key": key,
        "name": table.name,
        "label": table.label,
        "dropped": table.dropped,
        "notes": table.notes,
        "readable": table.readable,
    }
    about["features"] = list(table.features)
    columns = {
        X: pa.FixedSizeListArray.from_arrays(pa.array(x.ravel()), x.shape[1]),
        ID: pa.array(table.ids, pa.string()),
        LABEL: pa.array(table.labels, pa.string()),
        **features,
    }
    kept = pa.table(columns).replace_schema_metadata({"askwell": json.dumps(about)})
    into = pa.BufferOutputStream()
    with pa.ipc.new_file(into, kept.schema) as writer:
        writer.write_table(kept)
    place = _place(path, key)
    try:
        if not (place.parent / ".gitignore").exists():
            write_whole(place.parent / ".gitignore", b"*\n")
        for old in place.parent.glob(f"{path.name}.*.arrow"):
            old.unlink(missing_ok=True)
        write_whole(place, into.getvalue().to_pybytes())
    except (AskwellError, OSError):
        pass


def _place(path: Path, key: str) -> Path:
    return path.parent / FOLDER / f"{path.name}.{key[:16]}.arrow"
