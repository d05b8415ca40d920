"""The jobs of a comparison: a few splits of one game and strategy each, and how one is played."""

import collections
import gc
import itertools
import re
import textwrap
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import jax
import numpy as np
import polars as pl

from askwell.comparison.play import Episodes, chunk_size, to_records
from askwell.comparison.spec import Spec
from askwell.comparison.store import Cell
from askwell.core import AbstractLearner, AbstractPlayer, AskwellError
from askwell.data import Dataset, split
from askwell.execution import workers
from askwell.games import fits
from askwell.strategies.function import QueryError

COLLECT = 16
"""Programs that are released before a garbage collection: each holds hundreds of memory maps, of which a process may
have some 65,000 (Linux), and a collection takes 0.2 s."""


class Job(NamedTuple):
    """One chunk of splits of one strategy; the last may reach past the spec's splits, to keep its shape.

    `group` are the strategies that share its program, itself among them.
    """

    dataset: str
    strategy: str
    learner: str
    batch: int
    splits: range
    group: tuple[str, ...]

    def cells(self, spec: Spec) -> list[Cell]:
        """The cells that it fills."""
        wanted = [s for s in self.splits if s < spec.splits]
        return [Cell(*self[:4], s) for s in wanted]


class Played(NamedTuple):
    """What a job gave: records by cell, and where its time went."""

    records: dict[Cell, pl.DataFrame]
    compile_seconds: float
    run_seconds: float


class Playing:
    """What all jobs of a comparison share. Call it with a job to play it, in any thread or process.

    A copy in another process compiles programs of its own (and finds them in the cache of its machine).
    """

    def __init__(
        self,
        spec: Spec,
        datasets: Sequence[Dataset],
        strategies: Mapping[str, AbstractPlayer],
        learners: Mapping[str, AbstractLearner],
    ):
        self.spec, self.strategies, self.learners = spec, strategies, learners
        self.datasets = {dataset.name: dataset for dataset in datasets}
        # Of two programs jobs are still to come, and each thread may have begun with a later one or end an earlier one.
        self.programs = Programs(2 + 2 * workers())

    def __reduce__(self):
        """Everything but the programs."""
        return Playing, (self.spec, list(self.datasets.values()), self.strategies, self.learners)

    def plan(self) -> list[Job]:
        """All jobs, one program after the other, but that each program's first comes before the last one's second.

        So a program is compiled while another is played. Which strategies share a program changes no number.

        Raises:
            AskwellError: for a dataset that is too small for the budget, or a strategy that does not fit the game.
        """
        spec, programs = self.spec, []
        games = len(self.datasets) * len(spec.batches) * len(spec.learners)
        for (name, dataset), batch in itertools.product(self.datasets.items(), spec.batches):
            pools = split(dataset, seed=spec.seed, splits=1, pool=spec.pool, budget=spec.budget(batch)).pools
            for learner in spec.learners:
                game = spec.make_game(self.learners[learner], batch)
                for strategy in spec.played:
                    fits(game, self.strategies[strategy], strategy)
                sizes = {strategy: chunk_size(pools, self.strategies[strategy]) for strategy in spec.played}
                for group in self._groups(sizes, games):
                    size = sizes[group[0]]
                    chunks = [range(i, i + size) for i in range(0, spec.splits, size)]
                    programs.append(
                        [Job(name, s, learner, batch, c, group) for c, s in itertools.product(chunks, group)]
                    )
        return _one_ahead(programs)

    def _groups(self, sizes: Mapping[str, int], games: int) -> list[tuple[str, ...]]:
        """The strategies of a game that share a program, given how wide their chunks are and how many games there are.

        Those whose chunks are equally wide do, unless that would leave cores without a program to compile. A strategy
        that is not Askwell's has a program of its own: what is wrong with it stops no other.
        """
        alone = [name for name in sizes if not type(self.strategies[name]).__module__.startswith("askwell.")]
        equal: dict[int, list[str]] = {}
        for name in sizes:
            if name not in alone:
                equal.setdefault(sizes[name], []).append(name)
        each = max(1, workers() // (games * max(1, len(equal))))
        parts = [names[i::each] for names in equal.values() for i in range(min(each, len(names)))]
        return [*map(tuple, parts), *((name,) for name in alone)]

    def __call__(self, job: Job) -> Played:
        """Play a job.

        Raises:
            AskwellError: if the learner or the strategy fails.
        """
        spec, dataset = self.spec, self.datasets[job.dataset]
        budget = spec.budget(job.batch)
        splits = split(
            dataset,
            seed=spec.seed,
            first=job.splits[0],
            splits=len(job.splits),
            pool=spec.pool,
            budget=budget,
        )
        game = spec.make_game(self.learners[job.learner], job.batch)
        make = lambda: Episodes(game, [self.strategies[name] for name in job.group], spec.seed)
        which, numbers = job.group.index(job.strategy), np.asarray(job.splits, np.int32)
        try:
            with self.programs.taken((job.dataset, job.learner, job.batch, job.group), make) as program:
                outcome, compiling, seconds = program(numbers, splits.pools, which)
        except jax.errors.JaxRuntimeError as error:
            # From a host callback it is a whole traceback; the last exception's message says what happened.
            reason = re.split(r"\n(?=[\w.]*(?:Error|Exception)\b)", str(error).strip())[-1]
            who = f"learner '{job.learner}' failed on {job.dataset} with {job.strategy}"
            if QueryError.__name__ in reason:
                who = f"strategy '{job.strategy}' failed on {job.dataset}"
            raise AskwellError(f"The {who}: {textwrap.shorten(reason, 400)}") from error
        records = {}
        for place, cell in enumerate(job.cells(spec)):
            one = jax.tree.map(lambda field, place=place: field[place], outcome)
            truth, each = np.asarray(splits.pools.report_y[place]), seconds / len(job.splits)
            records[cell] = to_records(cell, dataset, splits.rows[place], truth, game, one, spec.seed, each)
        return Played(records, compiling, seconds)


def _one_ahead(programs: Sequence[Sequence[Job]]) -> list[Job]:
    """All jobs in their order, but the first of each program before the second of the one before it."""
    firsts, rests = [jobs[:1] for jobs in programs], [jobs[1:] for jobs in programs]
    turns = zip([*firsts[1:], []], rests, strict=True)
    return [*firsts[0], *(job for turn in turns for jobs in turn for job in jobs)]


class Programs:
    """Compiled programs by name; of those that nobody plays, the ones that were played longest ago go first.

    Args:
        most: so many are kept.
    """

    def __init__(self, most: int):
        self._most, self._lock, self._released = most, threading.Lock(), 0
        self._kept: dict[tuple, Episodes] = {}
        self._players: collections.Counter[tuple] = collections.Counter()

    @contextmanager
    def taken(self, name: tuple, make: Callable[[], Episodes]) -> Iterator[Episodes]:
        """A program while it is played."""
        with self._lock:
            program = self._kept.pop(name, None) or make()
            self._kept[name] = program  # now the last
            self._players[name] += 1
        try:
            yield program
        finally:
            with self._lock:
                self._players[name] -= 1
            self.drop(self._most)

    def drop(self, most: int = 0) -> None:
        """Keep so many at most, and all that are being played."""
        with self._lock:
            for name in list(self._kept):
                if len(self._kept) > most and not self._players[name]:
                    self._kept.pop(name).release()
                    self._released += 1
                    if self._released % COLLECT == 0:
                        gc.collect()
