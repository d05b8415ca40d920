"""What a column of raw cells is: numbers, categories, prose, or nothing that can be used."""

import dataclasses
import datetime
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from askwell.core import AskwellError

if TYPE_CHECKING:
    import pandas as pd

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
"""Cells that count as missing, after stripping and in lower case."""

PROSE_WORDS = 3
PROSE_DISTINCT = 20
CONSTANT = 1e-20
"""Below this variance a column is constant but for rounding; the rarest category in 10⁹ rows is above."""

CATEGORIES = 32
"""A categorical column with more values than this, nearly all distinct, names rows and is dropped."""

ALLOWED = "numbers, true/false, text, dates or equally long lists of numbers"

Cells = Sequence[Any] | np.ndarray
Column = np.ndarray
"""``float [N]`` with NaN for missing, or ``object [N]`` of str with None for missing."""


class AllMissingError(AskwellError):
    """A column without a single value; sources whose files nobody can edit drop it instead."""


class NoRowsError(AskwellError):
    """A table without a single row; a file of labels may well have none."""


@dataclasses.dataclass(frozen=True, eq=False)
class Raw:
    """Rows as read: names and cells, before anything is decided about them.

    Attributes:
        origin: what errors start with, a file's name.
        names: the columns' names.
        columns: one sequence of cells per name, all of one length; a 2-D array is an embedding.
        lines: the line in the file that each row starts at, where rows have lines.
        mend: drop or accept, and note, what would be refused in a file that the user can edit: for
            the sets that come in packages or from OpenML.
    """

    origin: str
    names: list[str]
    columns: list[Cells]
    lines: list[int] | None = None
    mend: bool = False

    def __post_init__(self):
        check_names(self.origin, self.names)
        if not self.columns or not len(self.columns[0]):
            raise NoRowsError(f"{self.origin}: there are no rows; give at least 3 rows of each class.")

    def error(self, message: str) -> AskwellError:
        """The error for this source, ready to raise."""
        return AskwellError(f"{self.origin}: {message}.")

    def where(self, row: int) -> str:
        """A row in words."""
        return f"line {self.lines[row]}" if self.lines else f"row {row} (counted from 0)"


def check_names(origin: str, names: Sequence[str]) -> None:
    """Refuse column names that are empty or repeated."""
    seen: set[str] = set()
    for i, name in enumerate(names):
        if not name:
            raise AskwellError(
                f"{origin}: column {i + 1} has an empty name; name every column "
                "(pandas writes an unnamed index: use to_csv(…, index=False))."
            )
        if name in seen:
            raise AskwellError(f"{origin}: two columns are called '{name}'; give each its own name.")
        seen.add(name)


def text(value: Any) -> str | None:
    """A cell as a label or an id; None where it is missing. Whole floats lose their ``.0``."""
    if value is None:
        return None
    if isinstance(value, float | np.floating):
        if math.isnan(value):
            return None
        return str(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(float(value))
    word = str(value).strip()
    return None if word.lower() in MISSING else word


def number(word: str) -> float | None:
    """The number that a word spells, or None. ``1_000`` is Python's habit, not a data file's."""
    try:
        return None if "_" in word else float(word)
    except ValueError:
        return None


def kind(raw: Raw, name: str, cells: Cells) -> str:
    """One of ``text number bool date list missing``; a column that mixes them is refused."""
    if isinstance(cells, np.ndarray):
        if cells.ndim == 2:
            return "list"
        if cells.dtype.kind in "iuf":
            return "number"
        cells = cells.tolist()
    kinds = {_KINDS.get(t, t.__name__) for t in set(map(type, cells))} - {"missing"}
    if not kinds:
        return "missing"
    if len(kinds) > 1 or not kinds <= set(_KINDS.values()):
        held = " and ".join(sorted(kinds))
        raise raw.error(f"column '{name}' holds {held} values; a column may hold {ALLOWED}, one kind only")
    return kinds.pop()


_KINDS: dict[type, str] = {
    type(None): "missing",
    str: "text",
    int: "number",
    float: "number",
    bool: "bool",
    datetime.datetime: "date",
    datetime.date: "date",
    list: "list",
}


def feature(raw: Raw, name: str, cells: Cells) -> dict[str, Column]:
    """The feature columns that a raw column gives: one, or several for a list of numbers.

    Raises:
        AskwellError: if the column is empty, mixes kinds, holds infinities, or is nearly a number column.
    """
    match kind(raw, name, cells):
        case "text":
            return {name: _words(raw, name, cells)}
        case "number":
            return {name: _numbers(raw, name, cells)}
        case "bool":
            return {name: _objects([None if c is None else str(c).lower() for c in cells])}
        case "date":
            return {name: np.array([math.nan if c is None else _seconds(c) for c in cells])}
        case "list":
            block = _embedding(raw, name, cells)
            return {f"{name}[{i}]": _numbers(raw, f"{name}[{i}]", column) for i, column in enumerate(block.T)}
    raise AllMissingError(
        f"{raw.origin}: column '{name}' is empty in every row; delete the column or fill it."
    )


def as_number(cell: Any) -> float:
    """A cell of a column of numbers or moments; NaN where it is missing.

    Raises:
        ValueError: if it is neither.
    """
    if isinstance(cell, datetime.date):
        return _seconds(cell)
    word = text(cell)
    return math.nan if word is None else float(word)


def as_word(cell: Any) -> str | None:
    """A cell of a column of words; None where it is missing."""
    return str(cell).lower() if isinstance(cell, bool) else text(cell)


def nested(cells: Cells) -> bool:
    """Whether cells are dictionaries, or lists that are no equally long lists of numbers."""
    if isinstance(cells, np.ndarray) and cells.dtype != object:
        return False
    values = [cell for cell in cells if cell is not None]
    if any(isinstance(cell, dict) for cell in values):
        return True
    lists = [cell for cell in values if isinstance(cell, list)]
    plain = all(type(value) in (int, float) for one in lists for value in one)
    return bool(lists) and (len(lists) < len(cells) or not plain or len({len(one) for one in lists}) > 1)


def embedded(cells: Cells) -> bool:
    """Whether cells are lists."""
    if isinstance(cells, np.ndarray):
        return cells.ndim == 2
    return any(isinstance(cell, list) for cell in cells)


def prose(words: Sequence[str | None]) -> bool:
    """Whether words are sentences (for TF-IDF) rather than categories."""
    present = [w for w in words if isinstance(w, str)]
    if len(set(present)) <= PROSE_DISTINCT:
        return False
    return sum(len(w.split()) for w in present) >= PROSE_WORDS * len(present)


def prose_columns(frame: "pd.DataFrame", words: Sequence[str], texts: Sequence[str]) -> list[str]:
    """Those of the columns `words` that are prose: named in `texts`, or by what their cells hold."""
    return [name for name in words if name in texts or prose(frame[name].tolist())]


def names_rows(column: Column) -> bool:
    """Whether a column of words merely names its rows: nearly all values distinct, and no prose."""
    if column.dtype != object:
        return False
    present = [w for w in column if w is not None]
    distinct = len(set(present))
    return distinct > CATEGORIES and distinct > 0.9 * len(present) and not prose(present)


def _words(raw: Raw, name: str, cells: Cells) -> Column:
    """Numbers if every present cell spells one, else words; a column in between is refused."""
    words = [text(cell) for cell in cells]
    present = [(row, word) for row, word in enumerate(words) if word is not None]
    if not present:
        raise AllMissingError(
            f"{raw.origin}: column '{name}' is empty in every row; delete the column or fill it."
        )
    values = [number(word) for _, word in present]
    bad = [i for i, value in enumerate(values) if value is None]
    if 2 * (len(values) - len(bad)) <= len(values) or (bad and raw.mend):
        return _objects(words)
    if bad:
        row, word = present[bad[0]]
        raise raw.error(
            f"column '{name}' is mostly numbers, but {len(bad)} of {len(values)} cells are not, the first "
            f"being '{_short(word)}' in {raw.where(row)}; correct them, or leave cells empty that are missing"
        )
    column = np.full(len(words), math.nan)
    column[[row for row, _ in present]] = np.array(values, dtype=float)
    return _numbers(raw, name, column)


def _numbers(raw: Raw, name: str, cells: Cells) -> Column:
    try:
        column = np.asarray(cells, dtype=float)
    except OverflowError:  # an integer beyond the largest float
        column = np.array([math.nan if c is None else c if abs(c) < 1e308 else math.inf for c in cells])
    infinite = np.isinf(column)
    if infinite.any():
        row = int(np.argmax(infinite))
        raise raw.error(
            f"column '{name}' has an infinite or too large number in {raw.where(row)}; give a finite number, "
            "or leave the cell empty if it is missing"
        )
    if np.isnan(column).all():
        raise AllMissingError(
            f"{raw.origin}: column '{name}' is empty in every row; delete the column or fill it."
        )
    return column


def _embedding(raw: Raw, name: str, cells: Cells) -> np.ndarray:
    """``[N, length]`` from equally long lists of numbers."""
    if isinstance(cells, np.ndarray) and cells.ndim == 2:
        return cells
    lists: list[Any] = list(cells)
    length = len(next(c for c in lists if c is not None))
    for row, cell in enumerate(lists):
        if cell is None or not len(cell) == length > 0 or not all(type(v) in (int, float) for v in cell):
            raise raw.error(
                f"column '{name}' holds lists, but {raw.where(row)} is not a list of {max(length, 1)} "
                "numbers like the first; make all lists equally long, with numbers only"
            )
    try:
        return np.array(lists, dtype=float)
    except OverflowError:
        raise raw.error(f"column '{name}' has a number that is too large; give finite numbers") from None


def _seconds(moment: datetime.date) -> float:
    """Seconds since year 1; only differences matter, so a time zone's absence does not."""
    if not isinstance(moment, datetime.datetime):
        return moment.toordinal() * 86400.0
    if moment.tzinfo is not None:
        moment = moment.astimezone(datetime.UTC).replace(tzinfo=None)
    return (moment - datetime.datetime(1, 1, 1)).total_seconds()


def _objects(values: Sequence[Any]) -> np.ndarray:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _short(word: str) -> str:
    return word if len(word) <= 40 else word[:39] + "…"
