"""Records on disk: one Parquet file a cell, written whole or not at all."""

import hashlib
import io
import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import polars as pl

from askwell.core import PART, SCHEMA, AskwellError, write_whole
from askwell.experiments.spec import Spec

SPEC, DATA, POLICIES, CELLS = "spec.toml", "data.json", "policies.json", "cells"
LONGEST = 120
"""Characters of a folder's name; file systems allow 255 bytes."""

AGAIN = "free space or choose another --out, then run the same command again: finished cells are kept"
"""What to do when a record cannot be written."""


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


class Store:
    """A run's directory: its spec, its data's fingerprints and its cells."""

    def __init__(self, root: Path | str):
        self.root = Path(root)

    def open(self, spec: Spec, data: dict[str, str], policies: dict[str, str] | None = None) -> None:
        """Begin a run, or take up the one that lies there.

        `data` holds a fingerprint of each dataset, `policies` of each strategy with weights. A run taken up must
        have the same spec, data and weights.

        Raises:
            AskwellError: if the directory belongs to another spec, other data or weights, or is no run's.
        """
        policies = policies or {}
        try:
            if (self.root / SPEC).exists():
                self._check(spec, data, policies)
            elif self.root.exists() and (not self.root.is_dir() or any(map(_foreign, self.root.iterdir()))):
                raise AskwellError(
                    f"{self.root} exists and holds no Askwell run; choose a new or empty --out."
                )
            else:
                write_whole(self.root / DATA, json.dumps(data, indent=1).encode(), AGAIN)
                if policies:
                    write_whole(self.root / POLICIES, json.dumps(policies, indent=1).encode(), AGAIN)
                write_whole(self.root / SPEC, spec.toml().encode(), AGAIN)
            for leftover in self.root.rglob(f"{PART}*"):
                leftover.unlink(missing_ok=True)
        except OSError as error:  # a folder that may not be entered, a name that is too long
            raise AskwellError(f"Cannot use {self.root}: {error.strerror}; choose another --out.") from error

    def _check(self, spec: Spec, data: dict[str, str], policies: dict[str, str]) -> None:
        old = Spec.read(self.root / SPEC).model_dump()
        new = spec.model_dump()
        differ = [f"{name} {old[name]!r}, now {new[name]!r}" for name in new if old[name] != new[name]]
        if differ:
            raise AskwellError(
                f"{self.root} was made by another spec ({'; '.join(differ)}); choose another --out, "
                "or give the same settings to go on with it."
            )
        for what, now, known in (
            ("data", data, self._hashes(DATA)),
            ("weights", policies, self._hashes(POLICIES) if policies else {}),
        ):
            changed = [name for name in now if known.get(name) != now[name]]
            if changed:
                raise AskwellError(
                    f"The {what} of {', '.join(changed)} changed since {self.root} was begun; choose another --out."
                )

    def _hashes(self, name: str) -> dict[str, str]:
        try:
            return dict(json.loads((self.root / name).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise AskwellError(f"{self.root / name} cannot be read; run again with another --out.") from error

    def spec(self) -> Spec:
        """The spec of the run that lies there.

        Raises:
            AskwellError: if there is none.
        """
        if not (self.root / SPEC).is_file():
            raise AskwellError(
                f"{self.root} is no Askwell run (it has no {SPEC}); give a directory that "
                "`askwell compare --out` made."
            )
        return Spec.read(self.root / SPEC)

    def write(self, cell: Cell, records: pl.DataFrame) -> None:
        """Keep a cell's records."""
        buffer = io.BytesIO()
        records.write_parquet(buffer)
        write_whole(self.root / cell.path, buffer.getvalue(), AGAIN)

    def read(self, cell: Cell) -> pl.DataFrame | None:
        """A cell's records, or None if it has not been finished (or its file was damaged since)."""
        path = self.root / cell.path
        if not path.exists():
            return None
        try:
            records = pl.read_parquet(path)
        except (pl.exceptions.PolarsError, OSError):
            return None
        return records if records.schema == SCHEMA else None

    def records(self) -> pl.DataFrame:
        """All finished cells of a run, in the grid's order.

        Raises:
            AskwellError: if there is no run or no cell of it is finished.
        """
        cells = grid(self.spec(), self._hashes(DATA))
        found = [records for records in map(self.read, cells) if records is not None]
        if not found:
            raise AskwellError(f"{self.root} has no finished cell yet; run the same `askwell compare` again.")
        return pl.concat(found)


def _foreign(path: Path) -> bool:
    """Whether a file is not what a run that was killed at its very start leaves behind."""
    return path.name not in (DATA, POLICIES) and not path.name.startswith(PART)
