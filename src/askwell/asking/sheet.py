"""The file that a person types labels into: the asked rows, their own columns, and an empty column for the label."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from askwell.asking.answers import Answers
from askwell.core import NOT_ASKED, AskwellError, unknown, write_whole
from askwell.data.columns import Raw, text
from askwell.data.given import raw_of

NARROW = 12
"""A table of at most so many columns is shown whole."""

OWN = ("rank", "predicted", "probability")
"""Columns of Askwell's, besides id and label."""


class Sheet:
    """What a file of asked rows holds. Cells are kept as they were typed, and so are columns that somebody added.

    Attributes:
        path: the file.
        id, label: what its columns of ids and labels are called.
        header: all columns, in order.
        rows: one mapping for each line.
    """

    def __init__(self, path: Path, id: str, label: str):
        """An empty one, or what the file holds.

        Raises:
            AskwellError: if the file is damaged, or has no column of ids: it is no file of asked rows then.
        """
        self.path, self.id, self.label = path, id, label
        self.header: list[str] = []
        self.rows: list[dict[str, Any]] = []
        self._mark = ""  # what spreadsheets write at the start of a file
        if path.exists():
            try:
                content = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise self._error(f"cannot be read ({error})") from error
            self._mark = "\ufeff" if content.startswith("\ufeff") else ""
            (self._read_lines if path.suffix.lower() == ".jsonl" else self._read_cells)(
                content.lstrip("\ufeff")
            )
        if self.rows and id not in self.header:
            raise self._error(f"has no column '{id}', so it is no file of asked rows")
        if self.rows and not {label, "rank"} & set(self.header):
            raise self._error(f"has no column '{label}', so it is no file of asked rows")

    @property
    def typed(self) -> list[str]:
        """Ids of the rows that have a label."""
        return [self._name(row) for row in self.rows if text(row.get(self.label)) is not None]

    def waiting(self, ids: np.ndarray, answers: Answers) -> list[int]:
        """The pool's rows that are still empty; those that were labelled elsewhere, or left the pool, are dropped."""
        empty = {self._name(row) for row in self.rows if text(row.get(self.label)) is None}
        place = {name: row for row, name in enumerate(ids) if name in empty and answers.y[row] == NOT_ASKED}
        self.rows = [
            row for row in self.rows if text(row.get(self.label)) is not None or self._name(row) in place
        ]
        return list(place.values())

    def add(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """More rows, by column; the label is empty."""
        self.header = list(dict.fromkeys([*self.header, self.id, self.label, *columns]))
        for cells in zip(*columns.values(), strict=True):
            self.rows.append({self.label: "", **dict(zip(columns, cells, strict=True))})

    def write(self) -> None:
        """Write the file, whole or not at all.

        Raises:
            AskwellError: if it cannot be written.
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
        write_whole(self.path, (self._mark + content).encode())

    def _name(self, row: dict[str, Any]) -> str:
        return text(row.get(self.id)) or ""

    def _read_cells(self, content: str) -> None:
        lines = [cells for cells in csv.reader(io.StringIO(content, newline="")) if any(cells)]
        if not lines:
            return
        self.header = [name.strip() for name in lines[0]]
        for number, cells in enumerate(lines[1:], start=2):
            if len(cells) != len(self.header):
                raise self._error(
                    f"has {len(cells)} cells in line {number} and {len(self.header)} in its header"
                )
            self.rows.append(dict(zip(self.header, cells, strict=True)))

    def _read_lines(self, content: str) -> None:
        for number, line in enumerate(filter(None, content.split("\n")), start=1):
            try:
                row = dict(json.loads(line))
            except (ValueError, TypeError) as error:
                raise self._error(f"is not valid JSON in line {number}") from error
            self.header += [name for name in row if name not in self.header]
            self.rows.append(row)

    def _error(self, what: str) -> AskwellError:
        return AskwellError(
            f"--out '{self.path}' {what}; mend it, or choose another --out, to keep what is in it."
        )


def shown(
    pool: Any, names: Sequence[str] | None, hidden: set[str | None], rows: np.ndarray
) -> dict[str, list[Any]]:
    """Cells of some `rows` of a table, by column: those called `names`, or of a narrow table all but the `hidden`.

    Raises:
        AskwellError: for an unknown name, or for columns of embeddings, which have no names.
    """
    raw: Raw | None = raw_of(pool)
    if raw is None:
        if names:
            raise AskwellError("--show names columns, and the pool is embeddings, whose columns have none.")
        return {}
    for name in names or ():
        if name not in raw.names:
            raise AskwellError("--show: " + unknown("column", name, raw.names))
    free = [name for name in raw.names if name not in hidden]
    chosen = list(names) if names is not None else free if len(free) <= NARROW else []
    columns = dict(zip(raw.names, raw.columns, strict=True))
    return {name: [_plain(columns[name][row]) for row in rows] for name in chosen if name not in hidden}


def _plain(cell: Any) -> Any:
    """A cell as a file can hold it."""
    if isinstance(cell, np.generic | np.ndarray):
        cell = cell.tolist()
    return cell if cell is None or isinstance(cell, str | int | float | bool | list | dict) else str(cell)
