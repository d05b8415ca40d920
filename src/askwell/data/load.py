"""One door for every source."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from askwell.core import AskwellError
from askwell.data.arrays import read_npy, read_npz
from askwell.data.catalogue import ROLES, catalogue, read_named
from askwell.data.openml import read_openml
from askwell.data.table import Table
from askwell.data.tabular import READERS, read_table

R = TypeVar("R")
T = TypeVar("T")

FILES = {**dict.fromkeys(READERS, read_table), ".npz": read_npz, ".npy": read_npy}
"""Suffix → reader of the user's own files."""


def load(source: str, *, label: str | None = None, id: str | None = None) -> Table:
    """Raw rows from a file, the catalogue, ``keel:NAME`` or ``openml:NAME``.

    Args:
        source: a path with one of the suffixes .csv .tsv .parquet .jsonl .ndjson .npz .npy, or a name.
        label: the label column (file, OpenML), array (.npz) or file (.npy). By default the one column
            called label, target, class or y.
        id: the id column, array or file. By default a column called id, else rows are numbered from 0.

    Raises:
        AskwellError: one sentence that says what was given, what is allowed and what to do.
    """
    if source.startswith("openml:"):
        which = source.removeprefix("openml:").strip()
        if not which:
            raise AskwellError("'openml:' needs a name or a number, for example openml:letter or openml:61.")
        return read_openml(which, label=label, id=id, role=ROLES.get(which, ""))
    if Path(source).suffix.lower() not in FILES and (source.startswith("keel:") or _named(source)):
        if label is not None or id is not None:
            raise AskwellError(
                f"Dataset '{source}' brings its own labels and ids; leave out --label and --id."
            )
        return read_named(source)
    return _read_file(source, label=label, id=id)


def _named(source: str) -> bool:
    """Whether it is a name rather than a path: one in the catalogue, or nothing that looks like a path."""
    if any(entry.name == source for entry in catalogue()):
        return True
    path = Path(source)
    return bool(source) and path.name == source and not path.suffix and not _exists(path)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long, a folder that may not be entered
        return False


def _read_file(source: str, *, label: str | None, id: str | None) -> Table:
    return open_file(source, FILES, lambda path, read: read(path, label=label, id=id))


def open_file(source: str, readers: Mapping[str, R], read: Callable[[Path, R], T]) -> T:
    """Check a path, then `read` it with the one of `readers` that its suffix chooses.

    Raises:
        AskwellError: if there is no such file, it is a folder, has another suffix, or cannot be read.
    """
    path = Path(source).expanduser()
    suffixes = " ".join(readers)
    if not source or not _exists(path):
        raise AskwellError(
            f"There is no file '{source}'; check the path (askwell list datasets shows the names)."
        )
    if path.is_dir():
        raise AskwellError(f"'{source}' is a folder; give a file ending in one of {suffixes}.")
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise AskwellError(
            f"'{source}' ends in '{path.suffix}'; allowed are {suffixes}, so convert it to one of them."
        )
    try:
        return read(path, reader)
    except OSError as error:
        raise AskwellError(
            f"'{source}' cannot be read ({error.strerror or error}); check its permissions."
        ) from error
