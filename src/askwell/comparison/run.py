"""Running a spec: the grid's cells in parallel, resumable, interruptible."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import equinox as eqx
import jax
import numpy as np
import polars as pl

from askwell.comparison.jobs import Played, Playing
from askwell.comparison.spec import Spec
from askwell.comparison.store import Cell, Store, grid
from askwell.core import CELL, SCHEMA, AbstractLearner, AbstractPlayer
from askwell.data import Dataset
from askwell.execution import compilation_cache, make_executor, workers
from askwell.learners import SklearnLearner, make_learner
from askwell.policies import AbstractHead, make_strategy

PACK = 1000
"""Cells whose records are kept in one frame."""

Progress = Callable[[int, int, str], None]
"""Called with cells done, cells in all, and a word on what was just finished."""


@dataclass(frozen=True)
class Ran:
    """What a run gave: records in the grid's order, and where the time went."""

    records: pl.DataFrame
    compile_seconds: float
    run_seconds: float


def run(
    spec: Spec,
    datasets: Sequence[Dataset],
    store: Store | None = None,
    strategies: Mapping[str, AbstractPlayer] | None = None,
    learners: Mapping[str, AbstractLearner] | None = None,
    progress: Progress = lambda done, total, what: None,
    executor: str = "threads",
) -> Ran:
    """Play every cell of the grid that the store does not hold yet.

    `strategies` and `learners` add your own by name to the registered ones. Chunks are formed from the
    spec alone, so that a run taken up again computes exactly what it would have computed in one go.
    Only this process writes records, wherever they are played.

    Raises:
        AskwellError: before anything is played, for unknown names, pools below the budget, a store
            of another spec, or an executor that is not there.
        KeyboardInterrupt: after Ctrl-C, once the running chunks are kept.
    """
    compilation_cache()
    known = dict(strategies or {})
    for name in spec.played:
        if name not in known:
            known[name] = make_strategy(name)
    known_learners = {name: (learners or {}).get(name) or make_learner(name) for name in spec.learners}
    playing = Playing(spec, datasets, known, known_learners)
    jobs, works = playing.plan(), make_executor(executor, _at_once(known_learners))
    if store is not None:
        trained = {
            n: weights(s) if isinstance(s, AbstractHead) else s.name
            for n, s in known.items()
            if n in spec.played and (isinstance(s, AbstractHead) or n.startswith("policy:"))
        }
        store.open(spec, {dataset.name: fingerprint(dataset) for dataset in datasets}, trained)
    cells = grid(spec, [dataset.name for dataset in datasets])
    done = Records()
    for cell in cells:
        records = store.read(cell) if store is not None else None
        if records is not None:
            done.add(cell, records)
    progress(len(done.cells), len(cells), "")
    todo = [job for job in jobs if any(cell not in done.cells for cell in job.cells(spec))]

    def keep(played: Played) -> None:
        for cell, records in played.records.items():
            if store is not None and cell not in done.cells:
                store.write_cell(cell, records)

    compiling = running = 0.0
    for job, played in works.map(playing, todo, keep):
        for cell, records in played.records.items():
            done.add(cell, records)
        compiling, running = compiling + played.compile_seconds, running + played.run_seconds
        progress(len(done.cells), len(cells), f"{job.strategy} on {job.dataset}")
    playing.programs.drop()
    return Ran(done.ordered(cells), compiling, running)


class Records:
    """The records of a grid as they come, packed: a frame for each cell takes several times its data.

    Attributes:
        cells: those that are there; the first records of a cell count.
    """

    def __init__(self) -> None:
        self.cells: set[Cell] = set()
        self._new: list[pl.DataFrame] = []
        self._packed: list[pl.DataFrame] = []

    def add(self, cell: Cell, records: pl.DataFrame) -> None:
        """Keep a cell's records, if it has none."""
        if cell in self.cells:
            return
        self.cells.add(cell)
        self._new.append(records)
        if len(self._new) == PACK:
            self._packed.append(pl.concat(self._new, rechunk=True))
            self._new = []

    def ordered(self, cells: Sequence[Cell]) -> pl.DataFrame:
        """All of them, in the order of these cells."""
        kinds = {name: SCHEMA[name] for name in CELL}
        order = pl.DataFrame(cells, schema=kinds, orient="row").with_row_index("place")
        found = pl.concat([*self._packed, *self._new]).join(order, on=list(CELL), maintain_order="left")
        return found.sort("place", maintain_order=True).drop("place")


def fingerprint(dataset: Dataset) -> str:
    """A hash of everything in a dataset that decides an experiment's numbers."""
    digest = hashlib.sha256(np.ascontiguousarray(dataset.x).tobytes())
    digest.update(np.ascontiguousarray(dataset.y).tobytes())
    digest.update("\0".join(map(str, (*dataset.classes, *dataset.ids))).encode())
    return digest.hexdigest()


def weights(policy: AbstractHead) -> str:
    """A hash of a policy's weights."""
    digest = hashlib.sha256()
    for leaf in jax.tree.leaves(eqx.filter(policy, eqx.is_array)):
        digest.update(np.asarray(leaf).tobytes())
    return digest.hexdigest()


def _at_once(learners: Mapping[str, AbstractLearner]) -> int:
    # Host callbacks take turns anyway, and from several threads they could wait for each other.
    host = any(isinstance(learner, SklearnLearner) for learner in learners.values())
    return 1 if host else workers()
