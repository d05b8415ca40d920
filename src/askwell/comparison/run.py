"""Running a spec: the grid's cells in parallel, resumable, interruptible."""

import collections
import concurrent.futures
import gc
import hashlib
import itertools
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import equinox as eqx
import jax
import numpy as np
import polars as pl

from askwell.comparison.play import Episodes, chunk_size, to_records
from askwell.comparison.spec import Spec
from askwell.comparison.store import Cell, Store, grid
from askwell.core import AbstractLearner, AbstractPlayer, AskwellError
from askwell.data import Dataset, split
from askwell.execution import compilation_cache, side_by_side, workers
from askwell.games import AbstractGame, fits
from askwell.learners import SklearnLearner, make_learner
from askwell.policies import AbstractHead, make_strategy
from askwell.strategies.function import QueryError

_T = TypeVar("_T")

COLLECT = 16
"""Programs that are released before a garbage collection: each holds hundreds of memory maps, of which a process may
have some 65,000 (Linux), and a collection takes 0.2 s."""

Progress = Callable[[int, int, str], None]
"""Called with cells done, cells in all, and a word on what was just finished."""


@dataclass(frozen=True)
class Ran:
    """What a run gave: records in the grid's order, and where the time went."""

    records: pl.DataFrame
    compile_seconds: float
    run_seconds: float


@dataclass(frozen=True)
class _Job:
    """One chunk of splits of one program; the last may reach past the spec's splits, to keep its shape."""

    program: Episodes
    game: AbstractGame
    dataset: Dataset
    strategy: str
    learner: str
    batch: int
    splits: range

    def cells(self, spec: Spec) -> list[Cell]:
        wanted = [s for s in self.splits if s < spec.splits]
        return [Cell(self.dataset.name, self.strategy, self.learner, self.batch, s) for s in wanted]


def run(
    spec: Spec,
    datasets: Sequence[Dataset],
    store: Store | None = None,
    strategies: Mapping[str, AbstractPlayer] | None = None,
    learners: Mapping[str, AbstractLearner] | None = None,
    progress: Progress = lambda done, total, what: None,
) -> Ran:
    """Play every cell of the grid that the store does not hold yet.

    `strategies` and `learners` add your own by name to the registered ones. Chunks are formed from the
    spec alone, so that a run taken up again computes exactly what it would have computed in one go.

    Raises:
        AskwellError: before anything is played, for unknown names, pools below the budget, or a store
            of another spec.
        KeyboardInterrupt: after Ctrl-C, once the running chunks are kept.
    """
    compilation_cache()
    known = dict(strategies or {})
    for name in spec.played:
        if name not in known:
            known[name] = make_strategy(name)
    known_learners = {name: (learners or {}).get(name) or make_learner(name) for name in spec.learners}
    jobs = _plan(spec, datasets, known, known_learners)
    if store is not None:
        trained = {
            n: weights(s) for n, s in known.items() if isinstance(s, AbstractHead) and n in spec.played
        }
        store.open(spec, {dataset.name: fingerprint(dataset) for dataset in datasets}, trained)
    cells = grid(spec, [dataset.name for dataset in datasets])
    done: dict[Cell, pl.DataFrame] = {}
    for cell in cells:
        records = store.read(cell) if store is not None else None
        if records is not None:
            done[cell] = records
    progress(len(done), len(cells), "")
    todo = [job for job in jobs if any(cell not in done for cell in job.cells(spec))]

    def play(job: _Job) -> dict[Cell, pl.DataFrame]:
        found = {cell: records for cell, records in _play(spec, job).items() if cell not in done}
        for cell, records in found.items():
            if store is not None:
                store.write_cell(cell, records)
        return found

    left, released = collections.Counter(id(job.program) for job in todo), 0
    for job, found in _in_parallel(play, todo, _at_once(known_learners)):
        done.update(found)
        left[id(job.program)] -= 1
        if not left[id(job.program)]:
            job.program.release()
            released += 1
            if released % COLLECT == 0:
                gc.collect()
        progress(len(done), len(cells), f"{job.strategy} on {job.dataset.name}")
    programs = {id(job.program): job.program for job in jobs}.values()
    return Ran(
        pl.concat([done[cell] for cell in cells]),
        sum(program.compile_seconds for program in programs),
        sum(program.run_seconds for program in programs),
    )


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


def _plan(
    spec: Spec,
    datasets: Sequence[Dataset],
    strategies: Mapping[str, AbstractPlayer],
    learners: Mapping[str, AbstractLearner],
) -> list[_Job]:
    """All jobs, one game after the other; in each, every program's first chunk before any second one.

    So programs compile side by side, and no more of them are there at once than there are strategies.
    """
    jobs: list[_Job] = []
    for dataset in datasets:
        for batch in spec.batches:
            # Refuses a dataset that is too small for the budget before anything is played.
            pools = split(dataset, seed=spec.seed, splits=1, pool=spec.pool, budget=spec.budget(batch)).pools
            for learner in spec.learners:
                game = spec.make_game(learners[learner], batch)
                for name in spec.played:
                    fits(game, strategies[name], name)
                programs = {name: Episodes(game, strategies[name], spec.seed) for name in spec.played}
                chunks = [_chunks(spec, chunk_size(pools, strategies[name])) for name in programs]
                jobs += [
                    _Job(program, game, dataset, name, learner, batch, chunk)
                    for turn in itertools.zip_longest(*chunks)
                    for (name, program), chunk in zip(programs.items(), turn, strict=True)
                    if chunk is not None
                ]
    return jobs


def _chunks(spec: Spec, size: int) -> list[range]:
    return [range(i, i + size) for i in range(0, spec.splits, size)]


def _at_once(learners: Mapping[str, AbstractLearner]) -> int:
    # Host callbacks take turns anyway, and from several threads they could wait for each other.
    host = any(isinstance(learner, SklearnLearner) for learner in learners.values())
    return 1 if host else workers()


def _in_parallel(play: Callable[[_Job], _T], jobs: Sequence[_Job], at_once: int) -> Iterator[tuple[_Job, _T]]:
    """Yield jobs with their results as they finish; after an error or Ctrl-C let the running ones end."""
    with side_by_side(at_once) as pool:
        futures = {pool.submit(play, job): job for job in jobs}
        try:
            for future in concurrent.futures.as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _play(spec: Spec, job: _Job) -> dict[Cell, pl.DataFrame]:
    splits = split(
        job.dataset,
        seed=spec.seed,
        first=job.splits[0],
        splits=len(job.splits),
        pool=spec.pool,
        budget=spec.budget(job.batch),
    )
    try:
        outcome, seconds = job.program(np.asarray(job.splits, np.int32), splits.pools)
    except jax.errors.JaxRuntimeError as error:
        # From a host callback it is a whole traceback; the last exception's message says what happened.
        reason = re.split(r"\n(?=[\w.]*(?:Error|Exception)\b)", str(error).strip())[-1]
        who = f"learner '{job.learner}' failed on {job.dataset.name} with {job.strategy}"
        if QueryError.__name__ in reason:
            who = f"strategy '{job.strategy}' failed on {job.dataset.name}"
        raise AskwellError(f"The {who}: {textwrap.shorten(reason, 400)}") from error
    records = {}
    for place, cell in enumerate(job.cells(spec)):
        one = jax.tree.map(lambda field, place=place: field[place], outcome)
        records[cell] = to_records(
            cell,
            job.dataset,
            splits.rows[place],
            np.asarray(splits.pools.report_y[place]),
            job.game,
            one,
            spec.seed,
            seconds / len(job.splits),
        )
    return records
