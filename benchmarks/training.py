"""How fast a policy is trained and decides: `python benchmarks/training.py [--chunk N]` (on a quiet machine).

Training: sibling batches a second, gradient, refits and the shuffled gradient included; 10 rounds of 10, pools of 256
points with 16 features, 8 siblings, logistic regression; the median update, with all cores. Deciding: one batch of 10
from a pool of 100,000 × 64 with 100 labels, compiled beforehand, and by `askwell.ask`, from the arrays to the ids.
`--chunk` is how many tasks one program plays, of eight in an update; on an accelerator give it hundreds.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import jax
import numpy as np
import polars as pl

from askwell import ask
from askwell.execution import Interrupts, side_by_side, workers
from askwell.training import TrainingSpec
from askwell.training.run import Run
from askwell.training.spec import CHUNK

UPDATES, CHUNKS, K = 12, 8, 8
POOL, FEATURES, LABELS = 100_000, 64, 100


def training(chunk: int) -> None:
    """Print sibling batches a second."""
    spec = TrainingSpec.make(updates=UPDATES, tasks=CHUNKS * chunk, chunk=chunk, algorithm={"k": K})
    source = spec.sources[0]
    run = Run(spec)
    with side_by_side(workers()) as pool:
        start = time.perf_counter()
        run.update(0, pool, Interrupts())
        first = time.perf_counter() - start
        for number in range(1, UPDATES):
            run.update(number, pool, Interrupts())
    seconds = statistics.median(row["seconds"] for row in run.rows["training"][1:])
    batches = spec.tasks * source.rounds * K
    print(f"training: {batches / seconds:.0f} sibling batches a second (median of {UPDATES - 1} updates,")
    device = jax.devices()[0].device_kind
    print(f"  {workers()} programs of {chunk} tasks at once on {device}; first update {first:.1f} s)")


def deciding() -> None:
    """Print how long a decision takes."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(10, FEATURES)) * 2
    y = rng.integers(10, size=POOL)
    x = (centres[y] + rng.normal(size=(POOL, FEATURES))).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        pool, labels = Path(folder) / "pool.npy", Path(folder) / "labels.csv"
        np.save(pool, x)
        rows = rng.permutation(POOL)[:LABELS]
        pl.DataFrame({"id": rows, "label": y[rows]}).write_csv(labels)
        for name in ("learned", "margin-herding", "margin"):
            seconds = []
            for _ in range(3):
                start = time.perf_counter()
                ask(pool, labels=labels, strategy=name, batch=10)
                seconds.append(time.perf_counter() - start)
            print(
                f"deciding for {POOL:,} points, {name}: first {seconds[0]:.2f} s, again {min(seconds[1:]):.2f} s"
            )


if __name__ == "__main__":
    jax.config.update("jax_enable_compilation_cache", False)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chunk", type=int, default=CHUNK)
    training(parser.parse_args().chunk)
    deciding()
