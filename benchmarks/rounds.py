"""Whole rounds per second: Askwell's compiled game against the plain scikit-activeml loop, in one run.

The same problems (`peer.problem`: pool 1,000, report 1,000, 16 features, 5 classes), 10 rounds of 10 labels,
logistic regression with C = 1, the same machine and cores. Askwell scores a selection split of 1,000 besides.
The peer is measured twice: as one plain loop that has all cores to itself, and as one process per core.
Compilation is shown apart.

    python benchmarks/rounds.py [strategy …]
"""

import sys
import time
from statistics import median

import jax
import numpy as np

import peer
from askwell.comparison.play import Episodes, chunk_size
from askwell.core import Pool
from askwell.execution.workers import side_by_side, workers
from askwell.games import BatchGame
from askwell.learners import Logistic
from askwell.strategies import STRATEGIES

PEER = {name: name for name in peer.STRATEGIES if name != "max-herding"}
PEER |= {"maxherding": "max-herding", "uherding": "max-herding"}
"""All that both have, but committees and expected error: the peer refits up to thousands of models a query. Of
uncertainty herding the peer has only the part without uncertainty."""

EPISODES, PASSES = 48, 5
PEERS = 5  # episodes of the plain loop; AULC is compared on these


def pools(episodes: int) -> Pool:
    """The peer's problems as one stacked pool; the report set serves as selection split too."""
    made = []
    for seed in range(episodes):
        x, y, report_x, report_y, classes = peer.problem(seed)
        arrays = (x, y, report_x, report_y, report_x, report_y)
        made.append(Pool(*(np.asarray(a, "f4" if a.ndim == 2 else "i4") for a in arrays), classes))
    return jax.tree.map(lambda *leaves: np.stack(leaves), *made)


def ours(name: str, stacked: Pool) -> tuple[float, float, float]:
    """Rounds per second (median of passes), seconds of compilation, mean AULC."""
    strategy = STRATEGIES[name]()
    program, size = Episodes(BatchGame(Logistic()), [strategy], seed=0), chunk_size(stacked, strategy)
    chunks = [np.arange(i, i + size, dtype=np.int32) for i in range(0, EPISODES, size)]
    jobs = [(chunk, jax.tree.map(lambda leaf, chunk=chunk: leaf[chunk], stacked)) for chunk in chunks]
    program(*jobs[0])
    rates, aulc = [], 0.0
    with side_by_side(workers()) as pool:
        for _ in range(PASSES):
            start = time.perf_counter()
            outcomes = list(pool.map(lambda job: program(*job)[0], jobs))
            rates.append(EPISODES * peer.ROUNDS / (time.perf_counter() - start))
            aulc = float(np.concatenate([o.report.accuracy for o in outcomes])[:PEERS].mean())
    return median(rates), program.compile_seconds, aulc


def loop(name: str) -> tuple[float, float]:
    """The peer's rounds per second (median episode) and mean AULC, one loop with all cores."""
    tasks = [peer.problem(seed) for seed in range(PEERS)]
    peer.peer_rounds(name, *tasks[0], rounds=2)
    played = [peer.peer_rounds(name, *task) for task in tasks for _ in range(2)]
    return peer.ROUNDS / median(seconds for _, seconds in played), float(np.mean([a for a, _ in played]))


def main(names: list[str]) -> None:
    """Print one line a strategy, smallest ratio last."""
    stacked = pools(EPISODES)
    print(f"{'':16}  askwell          scikit-activeml 1.0.1                    ratio to")
    print(
        f"{'strategy':16} {'rounds/s':>9} {'compile':>8} {'loop':>7} {'per core':>9} {'AULC us/peer':>14}",
        end="",
    )
    print(f" {'loop':>7} {'per core':>9}")
    for name in names or PEER:
        rate, compile_seconds, aulc = ours(name, stacked)
        plain, peer_aulc = loop(PEER[name])
        both = median(peer.peer_throughput(PEER[name], 12) for _ in range(3))
        print(
            f"{name:16} {rate:9.0f} {compile_seconds:7.1f}s {plain:7.0f} {both:9.0f}    {aulc:.3f}/{peer_aulc:.3f}"
            f" {rate / plain:6.1f}x {rate / both:8.1f}x",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
