"""Whole rounds per second on an accelerator, and whether its records are the CPU's: one run of under 8 minutes.

    python benchmarks/accelerator.py [--quick] [--out FILE]

Games of 10 rounds of 10 labels, 16 features, 5 classes, logistic regression; pools of 256 and of 1,000 points, 1,000
points to be scored on. As many episodes at once as `askwell compare` plays (`chunk_size`); the median of five passes,
after compiling. The wanted rates are for one H100. It needs JAX for the accelerator (``pip install 'jax[cuda13]'``);
without one it measures the CPU, and says so. `--quick` plays two passes of 8 episodes, to try the script.
"""

import argparse
import json
import time
from pathlib import Path
from statistics import median
from typing import Any

import jax
import numpy as np

from askwell.comparison.play import Episodes, chunk_size
from askwell.core import Pool, write_whole
from askwell.data import Synthetic
from askwell.games import BatchGame
from askwell.learners import Logistic
from askwell.policies import make_strategy

WANTED: dict[int, dict[str, int | None]] = {
    256: {"random": None, "margin": 1_000_000, "uherding": 1_000_000, "learned": 500_000},
    1000: {"random": None, "margin": None, "uherding": 250_000, "learned": 100_000},
}
ROUNDS, FEATURES, CLASSES, SCORED, COMPARED = 10, 16, 5, 1000, 8


def pools(n: int, episodes: int) -> Pool:
    """So many tasks with pools of `n` points, stacked."""
    made = Synthetic(n=n, selection=1, report=SCORED, d=FEATURES, classes=CLASSES)
    return jax.vmap(made.sample)(jax.random.split(jax.random.key(n), episodes))


def measure(n: int, name: str, passes: int, most: int | None) -> dict[str, Any]:
    """Rounds per second of one strategy, and how far its accuracy is from the CPU's."""
    strategy = make_strategy(name)
    width = min(chunk_size(pools(n, 1), strategy), most or 10**9)
    # On a CPU a chunk is small, and many of them follow each other.
    stacked, splits = pools(n, max(width, COMPARED)), np.arange(max(width, COMPARED), dtype=np.int32)
    program = Episodes(BatchGame(Logistic()), [strategy], seed=0)
    first = lambda leaf: leaf[:width]
    jobs = splits[:width], jax.tree.map(first, stacked)
    outcome, compiling, _ = program(*jobs)
    rates = []
    for _ in range(passes):
        start = time.perf_counter()
        program(*jobs)
        rates.append(width * ROUNDS / (time.perf_counter() - start))
    few = min(COMPARED, width)
    with jax.default_device(jax.devices("cpu")[0]):
        some = jax.tree.map(lambda leaf: np.asarray(leaf[:few]), stacked)
        plain = Episodes(BatchGame(Logistic()), [strategy], seed=0)(splits[:few], some)[0]
    gaps = np.abs(outcome.report.accuracy[:few] - plain.report.accuracy)
    return {
        "pool": n,
        "strategy": name,
        "at once": width,
        "compile, s": compiling,
        "rounds a second": median(rates),
        "wanted": WANTED[n][name],
        "same picks": float(np.mean(outcome.bought[:few] == plain.bought)),
        "accuracy off": float(gaps.mean()),
    }


def main() -> None:
    """Measure everything, print a table, and keep it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("runs/accelerator.json"))
    given = parser.parse_args()
    jax.config.update("jax_default_matmul_precision", "float32")
    device, rows = jax.devices()[0], []
    print(f"{device.platform}: {device.device_kind}", flush=True)
    print("| pool | strategy | at once | compile, s | rounds a second | wanted | same picks | accuracy off |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for n, names in WANTED.items():
        for name in names:
            row = measure(n, name, 2 if given.quick else 5, 8 if given.quick else None)
            rows.append(row)
            write_whole(given.out, json.dumps({"device": device.device_kind, "rows": rows}).encode())
            rate, wanted = f"{row['rounds a second']:,.0f}", f"{row['wanted']:,}" if row["wanted"] else ""
            print(
                f"| {n} | {name} | {row['at once']} | {row['compile, s']:.1f} | {rate} | {wanted} "
                f"| {row['same picks']:.1%} | {row['accuracy off']:.4f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
