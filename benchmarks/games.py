"""Whole episodes a second of every game, and as a ratio to random batches in the same run.

Synthetic tasks: pool 256, selection and report 256 each, 16 features, 5 classes; 10 rounds of 10 labels, logistic
regression, all cores. The report split is scored too. Compilation is shown apart.

    python benchmarks/games.py
"""

import time
from statistics import median

import jax
import numpy as np

from askwell.comparison.play import Episodes
from askwell.execution.workers import side_by_side, workers
from askwell.games import GAMES, make_game
from askwell.strategies import STRATEGIES
from askwell.training import TaskSource

EPISODES, PASSES, CHUNK = 256, 5, 4


def main() -> None:
    """Print a line for each game and rule."""
    sizes = {"pool": 256, "selection": 256, "report": 256, "features": 16, "classes": 5}
    pools = jax.tree.map(np.asarray, TaskSource.make(**sizes).tasks().draw((0,), EPISODES))
    chunks = [np.arange(i, i + CHUNK, dtype=np.int32) for i in range(0, EPISODES, CHUNK)]
    jobs = [(chunk, jax.tree.map(lambda leaf, chunk=chunk: leaf[chunk], pools)) for chunk in chunks]
    first = None
    print(f"{'game':14} {'who chooses':20} {'episodes/s':>10} {'ratio':>6} {'compile':>8}")
    for name, kind in sorted(GAMES.items(), key=lambda pair: pair[0] != "batch"):
        for who in kind.opponents:
            program = Episodes(make_game(name, {}), [STRATEGIES[who]()], seed=0)
            program(*jobs[0])
            rates = []
            with side_by_side(workers()) as pool:
                for _ in range(PASSES):
                    start = time.perf_counter()
                    list(pool.map(lambda job, program=program: program(*job), jobs))
                    rates.append(EPISODES / (time.perf_counter() - start))
            first = first or median(rates)
            rate, seconds = median(rates), program.compile_seconds
            print(f"{name:14} {who:20} {rate:10,.0f} {rate / first:6.2f} {seconds:6.1f} s", flush=True)


if __name__ == "__main__":
    main()
