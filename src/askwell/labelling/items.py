"""What a person sees of a row: its own cells, numbers to draw, a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from askwell.asking.pool import Rows
from askwell.core import AskwellError, unknown
from askwell.data import Matrix
from askwell.data.columns import text
from askwell.data.given import TEXT, raw_of

LONGEST = 20_000
"""Characters of a cell that are shown; nobody reads more before answering."""

MOST = 50
"""Columns of a table that are shown."""

VALUES = 4096
"""Numbers of a row that are drawn."""

IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp")
"""Not .svg, which may hold a program."""


class Items:
    """The rows of a pool as a person sees them.

    Attributes:
        columns: the columns that are shown, in order; none of a matrix, whose numbers are drawn.
        images: those of them that hold pictures.
        hosts: other machines that pictures may come from.
        folder: where paths of pictures begin; no picture outside it is shown. None where the pool is no file.
    """

    def __init__(self, pool: Any, rows: Rows, show: Sequence[str] | None = None, hosts: Sequence[str] = ()):
        """See `askwell label`.

        Raises:
            AskwellError: for a column that there is not.
        """
        self.hosts = tuple(hosts)
        self.folder = Path(pool).expanduser().resolve().parent if isinstance(pool, str | Path) else None
        self._matrix = rows.x if isinstance(rows, Matrix) else None
        raw = None if self._matrix is not None else raw_of(pool)
        self._cells: dict[str, Any] = {} if raw is None else dict(zip(raw.names, raw.columns, strict=True))
        readable = () if isinstance(rows, Matrix) else rows.readable
        for name in show or ():
            if name not in self._cells:
                raise AskwellError("--show: " + unknown("column", name, list(self._cells)))
        self.columns = tuple(show or readable or (name for name in (TEXT,) if name in self._cells))[:MOST]
        self.images = tuple(name for name in self.columns if self._is_image(name))

    def fields(self, row: int) -> dict[str, Any]:
        """The cells of a row by column: words, numbers, or None; long ones are cut."""
        return {name: shorten(self._cells[name][row]) for name in self.columns}

    def values(self, row: int) -> list[float] | None:
        """The numbers of a row of a matrix; None of a table, or where they are too many to draw."""
        if self._matrix is None or self._matrix.shape[1] > VALUES:
            return None
        found = self._matrix[row]
        found = found.toarray()[0] if hasattr(found, "toarray") else found
        return [float(f"{value:.6g}") for value in np.asarray(found, float)]

    def title(self, row: int) -> str:
        """The row in a line."""
        cells = (" ".join(str(cell).split()) for cell in self.fields(row).values() if cell is not None)
        return " · ".join(cells)[:120]

    def image(self, row: int, column: str) -> Path:
        """The file of a picture.

        Raises:
            AskwellError: for a column without pictures, a file outside the pool's folder, or none.
        """
        if column not in self.images or self.folder is None:
            raise AskwellError(f"Column '{column}' holds no pictures.")
        name = str(self._cells[column][row])
        path = (self.folder / name).resolve()  # links are followed before the check
        if not path.is_relative_to(self.folder) or path.suffix.lower() not in IMAGES:
            raise AskwellError(f"'{name}' lies outside the pool's folder, so it is not shown.")
        if not path.is_file():
            raise AskwellError(f"There is no picture '{name}' in the pool's folder.")
        return path

    def _is_image(self, column: str) -> bool:
        """Whether the cells are all names of pictures, or addresses on the hosts that were allowed."""
        cells = [cell for cell in self._cells[column] if cell is not None]
        return bool(cells) and all(isinstance(cell, str) and self._shows(cell) for cell in cells)

    def _shows(self, cell: str) -> bool:
        url = urlsplit(cell) if "://" in cell else None
        if url is not None:
            return url.scheme in ("http", "https") and url.netloc in self.hosts
        return Path(cell).suffix.lower() in IMAGES


def shorten(cell: Any) -> Any:
    """A cell as JSON can hold it and a page can show it."""
    if isinstance(cell, np.generic | np.ndarray):
        cell = cell.tolist()
    if isinstance(cell, float | int | bool):
        return cell if cell == cell and abs(cell) != float("inf") else None
    if cell is None or (isinstance(cell, str) and text(cell) is None):
        return None
    word = str(cell)
    if len(word) <= LONGEST:
        return word
    return f"{word[:LONGEST]} … ({len(word) - LONGEST:,} more characters)"
