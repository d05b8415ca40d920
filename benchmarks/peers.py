"""Quality beside time: Askwell's strategies against scikit-activeml 1.0.1's own of the same names.

    python benchmarks/peers.py [--splits 8] [--pool 400] [--sets NAME …] [--strategies NAME …] [--out FILE]

Both play 10 rounds of 10 labels from none, on the sets of ``studies/heldout.toml``. Of each split both have
the same pool and report set, encoded by Askwell, and the same learner: logistic regression with C = 1 and
scikit-learn's penalty, in single precision and compiled here, in double precision by scikit-learn there.
`peer.peer_rounds` is the peer's loop; every setting of a strategy is its own package's default. AULC is the
mean accuracy of the report set over the rounds.

Splits are paired, picks are not: ties and random draws differ, and the peer seeds some of its k-means anew at
every run. So a single episode may differ much, and the mean over splits tells whether two strategies are the
same. While fewer than two classes are labelled, both learners give every point the same probabilities: there
and here, rules that read them are random or go by the features alone.

The interval is of the mean over such datasets in general, from five sets on (`askwell.stats.bootstrap`). Each
is at 95 % on its own: even if all 13 strategies were the same, one would be outside in about every other
table. Seconds are of one core and one episode, the report set's accuracy included. Askwell scores a selection
set besides, and plays up to four splits in one program; the peer plays one. Compilation, once for all splits
of a set, is apart, and is shorter where JAX's cache holds the program. What is finished is kept in `--out`:
the same command goes on there, also with more sets, strategies or splits.
"""

import argparse
import json
import os
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

import peer
from askwell import compare
from askwell.core import write_whole
from askwell.data import Dataset, encode, load, split
from askwell.stats import bootstrap, judge

SETS: list[str] = tomllib.loads((Path(__file__).parents[1] / "studies/heldout.toml").read_text())["datasets"]

STRATEGIES = {"maxherding" if name == "max-herding" else name: name for name in peer.STRATEGIES}
"""Our name → the peer's."""

TITLES = ("strategy", "AULC ours", "theirs", "ours less theirs", "95 %", "verdict")
TIMES = ("ours, s", "compile, s", "theirs, s", "ratio")


class Row(NamedTuple):
    """One split, played by both: the accuracy after each round ``[10]``, and seconds of the whole episode.

    `compile_seconds` are those of the one program that plays all of our splits of that set.
    """

    dataset: str
    strategy: str
    split: int
    ours: list[float]
    theirs: list[float]
    ours_seconds: float
    theirs_seconds: float
    compile_seconds: float


def play(dataset: Dataset, strategy: str, splits: Sequence[int], pool: int | None) -> list[Row]:
    """Some splits of one set, of at most `pool` points each (1,000 if None), played by both on one core."""
    result = compare(
        dataset,
        strategies=strategy,
        baseline=strategy,
        rounds=peer.ROUNDS,
        batches=peer.BATCH,
        splits=max(splits) + 1,
        pool=pool,
    )
    spec, rows = result.spec, []
    for i in splits:
        pools = split(
            dataset, seed=spec.seed, first=i, splits=1, pool=pool, budget=spec.budget(peer.BATCH)
        ).pools
        # Double precision is what the peer's users have.
        x, report_x = (np.asarray(points[0], float) for points in (pools.x, pools.report_x))
        y, report_y = np.asarray(pools.y[0]), np.asarray(pools.report_y[0])
        with threadpool_limits(1):
            task = STRATEGIES[strategy], x, y, report_x, report_y, pools.classes
            theirs, seconds = peer.peer_rounds(*task, seed=i)
        ours = result.records.filter(pl.col("split") == i).sort("round")
        rows.append(
            Row(
                dataset.name,
                strategy,
                i,
                ours["accuracy"].to_list(),
                theirs.tolist(),
                float(ours["seconds"].to_numpy().sum()),
                seconds,
                result.compile_seconds,
            )
        )
    return rows


def table(rows: Sequence[Row]) -> str:
    """A Markdown table, a line a strategy; differences are paired by split, their intervals clustered by set."""
    lines = [f"| {' | '.join(TITLES + TIMES)} |", "| --- " * len(TITLES + TIMES) + "|"]
    for strategy in dict.fromkeys(row.strategy for row in rows):
        by_set: dict[str, list[Row]] = {}
        for row in rows:
            if row.strategy == strategy:
                by_set.setdefault(row.dataset, []).append(row)
        # [splits, 2] a set, then the mean over sets, each of which weighs the same.
        aulc = [np.mean([(row.ours, row.theirs) for row in some], axis=2) for some in by_set.values()]
        ours, theirs = np.mean([some.mean(axis=0) for some in aulc], axis=0)
        found = bootstrap([some[:, 0] - some[:, 1] for some in aulc])
        between = "" if found.low is None or found.high is None else f"[{found.low:+.4f}, {found.high:+.4f}]"
        times = [[(row.ours_seconds, row.theirs_seconds) for row in some] for some in by_set.values()]
        mine, peers = np.mean([np.mean(some, axis=0) for some in times], axis=0)
        # Of programs compiled again, as splits were added, the cache had all but the first.
        compiling = np.mean([max(row.compile_seconds for row in some) for some in by_set.values()])
        lines.append(
            f"| {strategy} | {ours:.4f} | {theirs:.4f} | {found.estimate:+.4f} | {between} | {judge(found)} "
            f"| {mine:.4f} | {compiling:.1f} | {peers:.3f} | {peers / mine:.0f}x |"
        )
    return "\n".join(lines)


def main() -> None:
    """Play what `--out` does not hold yet, a set and a strategy at a time; then print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS, metavar="NAME")
    parser.add_argument(
        "--strategies", nargs="+", choices=STRATEGIES, default=list(STRATEGIES), metavar="NAME"
    )
    parser.add_argument("--splits", type=int, default=8)
    parser.add_argument("--pool", type=int, help="most points to choose from (1,000 by default)")
    parser.add_argument("--out", type=Path, default=Path("runs/peers.json"))
    given = parser.parse_args()
    os.environ.setdefault("NPROC", "1")  # before XLA starts: one program at a time, as the peer plays
    kept = json.loads(given.out.read_text()) if given.out.exists() else {"pool": given.pool, "rows": []}
    if kept["pool"] != given.pool:
        sys.exit(f"{given.out} was played with --pool {kept['pool']}; choose another --out.")
    done = {row[:3]: row for row in (Row(*one) for one in kept["rows"])}
    cells = [(name, strategy) for name in given.sets for strategy in given.strategies]
    datasets = {name: encode(load(name)) for name in given.sets}
    for number, cell in enumerate(cells, 1):
        todo = [i for i in range(given.splits) if (*cell, i) not in done]
        if todo:
            done |= {row[:3]: row for row in play(datasets[cell[0]], cell[1], todo, given.pool)}
            write_whole(given.out, json.dumps({"pool": given.pool, "rows": list(done.values())}).encode())
        print(f"{number}/{len(cells)} {cell[1]} on {cell[0]}", file=sys.stderr, flush=True)
    print(table([done[(*cell, i)] for cell in cells for i in range(given.splits)]))


if __name__ == "__main__":
    main()
