"""Seconds and peak memory of `askwell.ask` on 1,000,000 × 384 embeddings, each strategy in a process of its own.

    python benchmarks/ask.py [--features 384] [strategy …]

The file (1.5 GB) is made under a temporary directory. All strategies that take whole pools are measured, and those of
`SAMPLED` on their 50,000 candidates. Peak memory counts the mapped file's pages. The second run of a strategy finds
its programs compiled: seconds are given for the first and the second.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

N, D, CLASSES, LABELLED, BATCH = 1_000_000, 384, 10, 1_000, 100
SAMPLED = ("typiclust",)

RUN = """
import json, resource, sys, time, warnings
import askwell
pool, labels, strategy, features, batch, cache = sys.argv[1:]
import jax
jax.config.update("jax_compilation_cache_dir", cache)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
start = time.perf_counter()
asked = askwell.ask(pool, labels=labels, strategy=strategy, features=int(features), batch=int(batch))
seconds = time.perf_counter() - start
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, list(asked.notes)]))
"""


def make(folder: Path) -> tuple[Path, Path]:
    """Overlapping clouds of unequal directions, and a file of labels for the first rows."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(CLASSES, D)).astype(np.float32) / 4
    pool, labels = folder / "pool.npy", folder / "labels.csv"
    x = np.lib.format.open_memmap(pool, "w+", np.float32, (N, D))
    y = rng.integers(0, CLASSES, N)
    for start in range(0, N, 50_000):
        at = slice(start, start + 50_000)
        x[at] = rng.standard_normal((50_000, D), np.float32) + centres[y[at]]
    x.flush()
    rows = "".join(f"{row},{y[row]}\n" for row in range(LABELLED))
    labels.write_text("id,label\n" + rows)
    return pool, labels


def large() -> list[str]:
    """The strategies that are shown the whole pool."""
    from askwell.strategies import STRATEGIES

    return [name for name, strategy in STRATEGIES.items() if strategy.large]


def main() -> None:
    """Print one line per strategy."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--features", type=int, default=64)
    parser.add_argument("strategies", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pool, labels = make(Path(folder))
        print(
            f"{N:,} × {D}, {LABELLED:,} labels, {CLASSES} classes, batch {BATCH}, --features {options.features}"
        )
        print("| strategy | first run, s | again, s | peak GiB |\n| --- | --- | --- | --- |")
        for name in options.strategies or [*large(), *SAMPLED]:
            settings = [str(pool), str(labels), name, str(options.features), str(BATCH), f"{folder}/jax"]
            runs = []
            for _ in range(2):
                command = [sys.executable, "-c", RUN, *settings]
                out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
                runs.append(json.loads(out.splitlines()[-1]))
            (first, peak, _), (again, _, _) = runs
            print(f"| {name} | {first:.1f} | {again:.1f} | {peak:.1f} |", flush=True)


if __name__ == "__main__":
    main()
