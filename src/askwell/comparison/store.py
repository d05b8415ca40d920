"""Records on disk: one Parquet file a cell, written whole or not at all."""

import hashlib
import io
import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import polars as pl

from askwell.comparison.spec import GROWS, Spec
from askwell.core import AskwellError
from askwell.core.record import completed
from askwell.execution import RunDirectory

DATA, POLICIES, CELLS = "data.json", "policies.json", "cells"
LONGEST = 120
"""Characters of a folder's name; file systems allow 255 bytes."""


class Cell(NamedTuple):
    """One point of the grid, that is, one episode."""

    dataset: str
    strategy: str
    learner: str
    batch: int
    split: int

    @property
    def path(self) -> Path:
        """Where the cell lies below a run's directory, safe on every file system."""
        names = map(_folder, (self.dataset, self.learner, self.strategy))
        return Path(CELLS, *names, f"batch-{self.batch:04d}", f"split-{self.split:05d}.parquet")


def _folder(name: str) -> str:
    quoted = quote(name, safe=" ")
    if quoted.strip(". ") and len(quoted) <= LONGEST:
        return quoted
    return hashlib.sha256(name.encode()).hexdigest()


def grid(spec: Spec, datasets: Iterable[str]) -> list[Cell]:
    """All cells of a spec, in the order of its records."""
    splits = range(spec.splits)
    places = itertools.product(datasets, spec.batches, spec.learners, spec.played, splits)
    return [Cell(data, strategy, learner, batch, i) for data, batch, learner, strategy, i in places]


class Store(RunDirectory[Spec]):
    """A comparison's directory: its spec, its data's fingerprints and its cells."""

    def __init__(self, root: Path | str):
        super().__init__(root, Spec, "askwell compare", GROWS, (DATA, POLICIES))

    def open(self, spec: Spec, data: dict[str, str], policies: dict[str, str] | None = None) -> None:
        """Begin a run, or take up the one that lies there, which may grow by datasets, strategies, splits and so on.

        `data` holds a fingerprint of each dataset, `policies` of each strategy with weights, or the name that a
        history chose.

        Raises:
            AskwellError: if the directory belongs to a spec whose cells would differ, or to other data or strategies,
                or is no run's.
        """
        old = self.begin(spec)
        given = {"data": (DATA, data), "strategy": (POLICIES, policies or {})}
        merged = {}
        for what, (file, now) in given.items():
            needed = old is not None and (file == DATA or (self.root / file).exists())
            known = self.read_json(file) if needed else {}
            changed = [name for name in now if known.get(name, now[name]) != now[name]]
            if changed:
                raise AskwellError(
                    f"The {what} of {', '.join(changed)} changed since {self.root} was begun; choose another --out."
                )
            if known != {**known, **now}:
                merged[file] = {**known, **now}
        for file, hashes in merged.items():
            self.write_json(file, hashes)
        if (whole := spec.merged(old)) != old:
            self.keep(whole)

    def write_cell(self, cell: Cell, records: pl.DataFrame) -> None:
        """Keep a cell's records."""
        buffer = io.BytesIO()
        records.write_parquet(buffer)
        self.write(cell.path, buffer.getvalue())

    def read(self, cell: Cell) -> pl.DataFrame | None:
        """A cell's records, or None if it has not been finished (or its file was damaged since)."""
        path = self.root / cell.path
        if not path.exists():
            return None
        try:
            return completed(pl.read_parquet(path))
        except (pl.exceptions.PolarsError, OSError):
            return None

    def records(self) -> pl.DataFrame:
        """All finished cells of a run, in the grid's order.

        Raises:
            AskwellError: if there is no run or no cell of it is finished.
        """
        cells = grid(self.spec(), self.read_json(DATA))
        found = [records for records in map(self.read, cells) if records is not None]
        if not found:
            raise AskwellError(f"{self.root} has no finished cell yet; run the same `askwell compare` again.")
        return pl.concat(found)
