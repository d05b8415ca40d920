"""Records on disk: one Parquet file a cell, written whole or not at all."""

import io
import json
import os
import tempfile
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import polars as pl

from askwell.core import SCHEMA, AskwellError
from askwell.experiments.spec import Spec

SPEC, DATA, CELLS = "spec.toml", "data.json", "cells"


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
        names = (quote(part, safe="") for part in (self.dataset, self.learner, self.strategy))
        return Path(CELLS, *names, f"batch-{self.batch:04d}", f"split-{self.split:05d}.parquet")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a temporary name, then rename it: a reader sees all of it or nothing.

    Raises:
        AskwellError: if it cannot be written; nothing half-written stays behind.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".part-", delete=False) as file:
            temporary = file.name
            file.write(data)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise AskwellError(
            f"Cannot write {path}: {error.strerror}; free space or choose another --out, then run the same "
            "command again: finished cells are kept."
        ) from error


class Store:
    """A run's directory: its spec, its data's fingerprints and its cells."""

    def __init__(self, root: Path | str):
        self.root = Path(root)

    def open(self, spec: Spec, data: dict[str, str]) -> None:
        """Begin a run, or take up the one that lies there.

        `data` holds a fingerprint of each dataset. A run taken up must have the same spec and data.

        Raises:
            AskwellError: if the directory belongs to another spec or other data, or is no run's.
        """
        if (self.root / SPEC).exists():
            self._check(spec, data)
        elif self.root.exists() and (not self.root.is_dir() or any(self.root.iterdir())):
            raise AskwellError(f"{self.root} exists and holds no Askwell run; choose a new or empty --out.")
        else:
            write_whole(self.root / DATA, json.dumps(data, indent=1).encode())
            write_whole(self.root / SPEC, spec.toml().encode())
        for leftover in self.root.rglob(".part-*"):
            leftover.unlink(missing_ok=True)

    def _check(self, spec: Spec, data: dict[str, str]) -> None:
        old = Spec.read(self.root / SPEC).model_dump()
        new = spec.model_dump()
        differ = [f"{name} {old[name]!r}, now {new[name]!r}" for name in new if old[name] != new[name]]
        if differ:
            raise AskwellError(
                f"{self.root} was made by another spec ({'; '.join(differ)}); choose another --out, "
                "or give the same settings to go on with it."
            )
        try:
            known = json.loads((self.root / DATA).read_text())
        except (OSError, ValueError) as error:
            raise AskwellError(f"{self.root / DATA} cannot be read; choose another --out.") from error
        changed = [name for name in data if known.get(name) != data[name]]
        if changed:
            raise AskwellError(
                f"The data of {', '.join(changed)} changed since {self.root} was begun; choose another --out."
            )

    def spec(self) -> Spec:
        """The spec of the run that lies there.

        Raises:
            AskwellError: if there is none.
        """
        if not (self.root / SPEC).is_file():
            raise AskwellError(
                f"{self.root} is no Askwell run (it has no {SPEC}); give a directory that `askwell compare --out` made."
            )
        return Spec.read(self.root / SPEC)

    def write(self, cell: Cell, records: pl.DataFrame) -> None:
        """Keep a cell's records."""
        buffer = io.BytesIO()
        records.write_parquet(buffer)
        write_whole(self.root / cell.path, buffer.getvalue())

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
        spec = self.spec()
        paths = sorted((self.root / CELLS).rglob("split-*.parquet"))
        if not paths:
            raise AskwellError(f"{self.root} has no finished cell yet; run the same `askwell compare` again.")
        frame = pl.concat([pl.read_parquet(path) for path in paths])
        order = {name: place for place, name in enumerate(spec.played)}
        return frame.sort(
            pl.col("dataset"), pl.col("strategy").replace_strict(order, default=len(order)), "learner", "batch", "split", "round"
        )
