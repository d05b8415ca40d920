"""What a comparison on Ray costs its driver, which gives out jobs, writes a file a cell and keeps the records.

    python benchmarks/cluster.py [cells]

Jobs hand back the records of one real episode under every cell's name, so that nothing is played. Time, memory and
disk are measured for few cells, and added up for `cells` of them (40,000 by default). Then that run is made, and
compared with what was foretold. Last, the same for a million cells.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import polars as pl
from ray import cloudpickle

from askwell import compare
from askwell.comparison import Spec, Store
from askwell.comparison.jobs import Job, Played, Playing
from askwell.comparison.play import WIDEST
from askwell.comparison.run import Records
from askwell.comparison.store import grid
from askwell.data import encode, load
from askwell.execution import Ray
from askwell.learners import make_learner
from askwell.policies import make_strategy

SETS = (
    "iris",
    "wine",
    "breast_cancer",
    "digits",
    "vehicle",
    "segment",
    "vowel",
    "letter",
    "penbased",
    "satimage",
)
STRATEGIES = ("random", "margin", "margin-herding", "uherding", "badge", "coreset", "typiclust", "learned")


class Unplayed:
    """Gives each cell of a job the same records."""

    def __init__(self, spec: Spec, record: pl.DataFrame):
        self.spec, self.record = spec, record

    def __call__(self, job: Job) -> Played:
        """See `Playing`."""
        cells = job.cells(self.spec)
        return Played({c: self.record.with_columns(split=pl.lit(c.split, pl.Int32)) for c in cells}, 0.0, 0.0)


def drive(works: Ray, cells: int, record: pl.DataFrame) -> tuple[float, float, float]:
    """Seconds, MiB of memory and MiB on disk for so many cells: what a comparison's driver does."""
    spec = Spec.make(datasets="iris", strategies="random", splits=cells)
    jobs = [Job("iris", "random", "logistic", 10, range(i, i + WIDEST)) for i in range(0, cells, WIDEST)]
    before, done = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, Records()
    with tempfile.TemporaryDirectory() as folder:
        store, start = Store(folder), time.perf_counter()
        keep = lambda played: [store.write_cell(cell, table) for cell, table in played.records.items()]
        for _, played in works.map(Unplayed(spec, record), jobs, keep):
            for cell, table in played.records.items():
                done.add(cell, table)
        assert len(done.ordered(grid(spec, ["iris"]))) == cells * len(record)
        seconds = time.perf_counter() - start
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet"))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return seconds, memory / 1024, size / 2**20


def main(cells: int = 40_000) -> None:
    """Print the costs, the model and its check."""
    record = compare("iris", strategies="random", splits=4).records.filter(split=0)
    players = {name: make_strategy(name) for name in STRATEGIES}
    spec = Spec.make(datasets=SETS, strategies=STRATEGIES)
    datasets = [encode(load(name)) for name in SETS]
    shared = cloudpickle.dumps(Playing(spec, datasets, players, {"logistic": make_learner("logistic")}))
    result = cloudpickle.dumps(Unplayed(spec, record)(Job("iris", "random", "logistic", 10, range(WIDEST))))
    print(
        f"To each machine, once: {len(shared) / 2**20:.1f} MiB ({len(SETS)} sets, {len(STRATEGIES)} strategies)"
    )
    print(f"Back from a job of {WIDEST} cells: {len(result) / 1024:.0f} KiB")
    works = Ray()
    drive(works, 400, record)  # workers start
    start = time.perf_counter()
    list(works.map(abs, range(2000)))
    print(f"An empty job: {(time.perf_counter() - start) / 2:.2f} ms")
    few, more = (drive(works, n, record) for n in (4_000, 12_000))
    each = [(b - a) / 8_000 for a, b in zip(few, more, strict=True)]
    told = lambda n: [a + (n - 4_000) * e for a, e in zip(few, each, strict=True)]
    say = lambda what, s, memory, disk: print(
        f"{what}: {s:.0f} s of the driver, {memory:.0f} MiB of memory, {disk:.0f} MiB on disk"
    )
    print(f"A cell: {each[0] * 1000:.2f} ms, {each[1] * 1024:.1f} KiB, {each[2] * 1024:.1f} KiB on disk")
    say(f"{cells:,} cells, foretold", *told(cells))
    say(f"{cells:,} cells, measured", *drive(works, cells, record))
    say("1,000,000 cells, foretold", *told(10**6))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
