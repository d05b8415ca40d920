"""The file that a person types labels into: the asked rows, their own columns, and an empty column for the label."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from askwell.asking.answers import DRAWN, RANK, Answers, Source, check_ids, filled, name_columns, source_of
from askwell.asking.pool import Rows
from askwell.core import NOT_ASKED, AskwellError, unknown, write_whole
from askwell.data.columns import NoRowsError
from askwell.data.given import raw_of
from askwell.data.names import LABEL_NAMES
from askwell.data.tabular import READERS

NARROW = 12
"""A table of at most so many columns is shown whole."""

PREDICTED = "predicted"
OWN = (RANK, PREDICTED, "probability", DRAWN)
"""Columns of Askwell's, besides id and label."""

MARK = b"\xef\xbb\xbf"
"""What spreadsheets write at the start of a file."""


class Sheet:
    """What a file of asked rows holds. Cells are kept as they were typed, and so are columns that somebody added.

    Attributes:
        path: the file.
        id, label: what its columns of ids and labels are called.
        header: all columns, in order.
        rows: one mapping for each line.
        source: its ids and labels.
    """

    def __init__(self, path: Path, id: str | None, label: str | None):
        """An empty one, or what the file holds; `id` and `label` name its columns, if the user named them.

        Raises:
            AskwellError: if the file is damaged, or its columns of ids and labels are not clear.
        """
        self.path, self.id, self.label = path, id or "id", label or LABEL_NAMES[0]
        self.header: list[str] = []
        self.rows: list[dict[str, Any]] = []
        self.source = Source((), (), path.name, (), ())
        self._content = _content(path)
        try:
            raw = filled(READERS[path.suffix.lower()](path.name, self._content or b""))
        except NoRowsError:
            return
        except AskwellError as error:
            if not (self._content or b"").removeprefix(MARK).strip():
                return
            raise self._error(str(error)) from error
        # A sheet of ours may hold features called y, class or target.
        known = LABEL_NAMES[0] if label is None and RANK in raw.names else label
        try:
            self.id, self.label = name_columns(raw, known, id)
            self.source = source_of(raw, label, id)
        except AskwellError as error:
            raise self._error(str(error)) from error
        self.header = list(raw.names)
        self.rows = [dict(zip(raw.names, cells, strict=True)) for cells in zip(*raw.columns, strict=True)]

    @property
    def taken(self) -> set[str]:
        """Names of columns that no column of the pool can have here."""
        return {self.id, self.label, *OWN}

    def waiting(self, pool: Rows, answers: Answers) -> list[int]:
        """The pool's rows that still want a label here, and have none elsewhere.

        Raises:
            AskwellError: for an id that is not in the pool.
        """
        place = {name: row for row, name in enumerate(pool.ids)}
        empty = [
            name for name, label in zip(self.source.ids, self.source.labels, strict=True) if label is None
        ]
        check_ids(empty, place, self.path.name, pool)
        rows = dict.fromkeys(place[name] for name in empty)
        return [row for row in rows if answers.y[row] == NOT_ASKED]

    def add(self, asked: pl.DataFrame, cells: Mapping[str, Sequence[Any]]) -> None:
        """More rows, as in `Asked.frame`, and their `cells` by column; the label is empty."""
        own = {PREDICTED: [""] * len(asked), **asked.rename({"id": self.id}).to_dict(as_series=False)}
        cells = {name: column for name, column in cells.items() if name not in self.taken}
        names = dict.fromkeys([*self.header, self.id, self.label, RANK, PREDICTED, *own, *cells])
        self.header, columns = list(names), {**own, **cells}
        for row in zip(*columns.values(), strict=True):
            self.rows.append({self.label: "", **dict(zip(columns, row, strict=True))})

    def write(self) -> None:
        """Write the file, whole or not at all.

        Raises:
            AskwellError: if it cannot be written, or somebody saved it since it was read.
        """
        if self.path.suffix.lower() == ".jsonl":
            lines = [
                json.dumps({name: row.get(name) for name in self.header}, ensure_ascii=False) + "\n"
                for row in self.rows
            ]
            content = "".join(lines)
        else:
            into = io.StringIO()
            writer = csv.writer(into, lineterminator="\n")
            writer.writerow(self.header)
            for row in self.rows:
                cells = (row.get(name) for name in self.header)
                writer.writerow(["" if cell is None else cell for cell in cells])
            content = into.getvalue()
        if _content(self.path) != self._content:
            raise AskwellError(
                f"--out '{self.path}' was saved while askwell was choosing, and is left as it is; run the same command "
                "again."
            )
        mark = MARK if (self._content or b"").startswith(MARK) else b""
        write_whole(self.path, mark + content.encode())

    def _error(self, what: str) -> AskwellError:
        return AskwellError(
            f"--out '{self.path}' is there already, and cannot go on: {what} Or choose another --out, to keep what is "
            "in it."
        )


def _content(path: Path) -> bytes | None:
    """The file's bytes; None where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AskwellError(f"--out '{path}' cannot be read ({error.strerror or error}).") from error


def shown(
    pool: Any, names: Sequence[str] | None, readable: Sequence[str], rows: np.ndarray
) -> dict[str, list[Any]]:
    """Cells of some `rows` of a table, by column: those called `names`, or all the `readable` ones if they are few.

    Raises:
        AskwellError: for an unknown name, or for columns of embeddings, which have no names.
    """
    if names is None:
        names = readable if len(readable) <= NARROW else ()
    raw = raw_of(pool) if names else None  # a wide table is not read again
    if raw is None:
        if names:
            raise AskwellError("--show names columns, and the pool is embeddings, whose columns have none.")
        return {}
    columns = dict(zip(raw.names, raw.columns, strict=True))
    for name in names:
        if name not in columns:
            raise AskwellError("--show: " + unknown("column", name, raw.names))
    return {name: [_plain(columns[name][row]) for row in rows] for name in names}


def _plain(cell: Any) -> Any:
    """A cell as a file can hold it."""
    if isinstance(cell, np.generic | np.ndarray):
        cell = cell.tolist()
    return cell if cell is None or isinstance(cell, str | int | float | bool | list | dict) else str(cell)
