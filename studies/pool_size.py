"""What do 50 candidates tell about larger pools? `python studies/pool_size.py --out runs/pool-size`, 20 minutes.

Each synthetic task has a pool of 10,000 points. Its first 50, 100, 1,000 and all of them are played by rules and by
policies, five rounds of four labels from nothing, and judged on the same fresh points. The first 50 are a standard
environment: all its answers would be known to somebody who has labelled them, so rules could be tried on it before they
ask in the larger pool. `askwell train studies/pool_size.toml --out runs/pool-size/fifty` makes a policy that never
played on more. What is in `--out` is not played again; `docs/pool_size.py` makes the page of it.
"""

import argparse
import dataclasses
import time
from pathlib import Path

import jax
import numpy as np
import polars as pl

from askwell.core import Pool
from askwell.execution import Program, compilation_cache
from askwell.execution.workers import side_by_side, workers
from askwell.games import BatchGame, OneOf
from askwell.learners import make_learner
from askwell.policies import make_strategy
from askwell.training import TaskSource
from askwell.training.programs import areas

SIZES = (50, 100, 1000, 10_000)
PLAYS = {str(size): (size, 0) for size in SIZES} | {"50 again": (50, 1)}
"""Points of the pool, and a number that luck depends on: the learner's, and how ties are broken."""

RULES = (
    "random",
    "margin",
    "entropy",
    "badge",
    "typiclust",
    "coreset",
    "uherding",
    "margin-herding",
    "learned",
)
FIFTY = "fifty"
TASKS, CHUNK, REPORT, SEED = 240, 8, 2048, 50
GAME = {"rounds": 5, "batch": 4}


def cut(pools: Pool, size: int) -> Pool:
    """The same tasks with the first points of each pool."""
    return dataclasses.replace(pools, x=pools.x[:, :size], y=pools.y[:, :size])


def main() -> None:
    """Play what is not there yet."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path("runs/pool-size"))
    options.add_argument("--tasks", type=int, default=TASKS)
    given = options.parse_args()
    compilation_cache()
    names = (*RULES, FIFTY)
    players = tuple(make_strategy(f"policy:{given.out / FIFTY}" if name == FIFTY else name) for name in names)
    source = TaskSource(
        pool=max(SIZES), selection=1, report=REPORT, synthetic={"network": 0.35, "tree": 0.1}, **GAME
    )
    game, tasks = BatchGame(make_learner("logistic"), **GAME), source.tasks()
    for name, (size, luck) in PLAYS.items():
        path = given.out / f"{name}.parquet"
        if path.exists():
            continue
        program = Program(lambda key, pools, place: areas(game, OneOf(players, place), key, pools))

        def play(chunk: int, size: int = size, luck: int = luck, program: Program = program) -> np.ndarray:
            pools = jax.device_put(cut(tasks.draw((SEED, chunk), CHUNK), size))
            key = jax.random.fold_in(jax.random.key(chunk), luck)
            return np.stack([program(key, pools, np.int32(place)) for place in range(len(names))])

        start = time.perf_counter()
        with side_by_side(workers()) as pool:
            played = np.concatenate(list(pool.map(play, range(given.tasks // CHUNK))), axis=1)
        rows = [
            (name, size, player, task, float(score))
            for player, scores in zip(names, played, strict=True)
            for task, score in enumerate(scores)
        ]
        pl.DataFrame(rows, schema=("play", "pool", "strategy", "task", "aulc"), orient="row").write_parquet(
            path
        )
        means = ", ".join(f"{one} {mean:.4f}" for one, mean in zip(names, played.mean(axis=1), strict=True))
        print(f"{name}, {time.perf_counter() - start:.0f} s: {means}", flush=True)


if __name__ == "__main__":
    main()
