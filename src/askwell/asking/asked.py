"""The answer, and how it is written."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import polars as pl

from askwell.core import AskwellError

SUFFIXES = (".csv", ".jsonl")


@dataclasses.dataclass(frozen=True, eq=False)
class Asked:
    """What to label next.

    Attributes:
        ids: the rows' ids, the most wanted first.
        rows: ``int64 [q]``, their places in the pool, from 0.
        frame: columns `id` and `rank` (from 1), and where something is known of the classes `predicted`, the likeliest
            class, and of your own model's probabilities `probability`, how likely it is.
        notes: what the user should know of how they were chosen, in sentences.
    """

    ids: tuple[str, ...]
    rows: np.ndarray
    frame: pl.DataFrame
    notes: tuple[str, ...] = ()

    def text(self, suffix: str = ".csv") -> str:
        """The frame as CSV or as JSON lines."""
        return self.frame.write_ndjson() if suffix == ".jsonl" else self.frame.write_csv()


def check_out(out: str | Path, *inputs: object) -> Path:
    """The path to write to, refused before any work is done if it cannot be or is one of the `inputs`."""
    path = Path(out).expanduser()
    if path.suffix.lower() not in SUFFIXES:
        raise AskwellError(
            f"--out '{out}' ends in '{path.suffix}'; give a file ending in {' or '.join(SUFFIXES)}."
        )
    try:
        if path.is_dir():
            raise _unwritable(path, "it is a folder")
        if not path.parent.is_dir():
            raise _unwritable(path, "its folder does not exist")
        for other in inputs:
            if same_file(other, path):
                raise AskwellError(
                    f"--out '{out}' is also what is read; choose another file, to keep your data."
                )
    except OSError as error:  # a name that is too long, a folder that may not be entered
        raise _unwritable(path, error.strerror or str(error)) from error
    if not os.access(path.parent, os.W_OK):
        raise _unwritable(path, "its folder is read-only")
    return path


def same_file(given: object, path: Path) -> bool:
    """Whether a path means that file."""
    return isinstance(given, str | Path) and Path(given).expanduser().resolve() == path.resolve()


def _unwritable(path: Path, reason: str) -> AskwellError:
    return AskwellError(f"Cannot write {path} ({reason}); choose another --out.")
