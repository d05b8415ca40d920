"""What do strategies buy where a class is rare, and what does the classifier make of it?

Plays ten rounds of ten labels, from nothing, on nine unbalanced KEEL sets (one for each base, and no base that is
held out or trained on). Then it fits the classifier again to what was bought after each round, and judges it on the
rows outside the pool as it is and with two cures:

- shift: its probabilities are moved to the class shares that the whole pool seems to have (expectation and
  maximisation, Saerens et al. 2002): a batch that was chosen has other shares than the pool.
- temperature: one number that its log-probabilities are divided by, fitted by cross-validation on what was bought.

`python studies/unbalanced.py` prints the tables of docs/unbalanced.md in some 25 minutes on two cores; what is in
`--out` is not played again.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from estimate_fit import shown

import askwell
from askwell.asking.belief import fit_to, predict
from askwell.asking.crossfit import out_of_fold
from askwell.asking.indicators import temperature
from askwell.data import Dataset, load, split
from askwell.learners import make_learner

SETS = (
    *("abalone9-18", "car-good", "flare-F", "kddcup-guess_passwd_vs_satan", "kr-vs-k-three_vs_eleven"),
    *("poker-8-9_vs_5", "shuttle-c0-vs-c4", "winequality-red-4", "yeast4"),
)
STRATEGIES = (
    *("random", "margin", "entropy", "badge", "cluster-margin", "coreset", "typiclust", "maxherding"),
    *("uherding", "margin-herding", "learned"),
)
ROUNDS, BATCH, SPLITS = 10, 10, 12
STEPS = 30
"""Of the expectation and maximisation of class shares."""


def shifted(log_proba: np.ndarray, pool: np.ndarray, bought: np.ndarray) -> np.ndarray:
    """Log-probabilities for the class shares of the pool instead of those that were `bought` (Saerens et al. 2002)."""
    share = bought.copy()
    for _ in range(STEPS):
        seen = pool + np.log(np.maximum(share, 1e-9)) - np.log(np.maximum(bought, 1e-9))
        seen = np.exp(seen - seen.max(axis=1, keepdims=True))
        share = (seen / seen.sum(axis=1, keepdims=True)).mean(axis=0)
    moved = log_proba + np.log(np.maximum(share, 1e-9)) - np.log(np.maximum(bought, 1e-9))
    return moved - np.logaddexp.reduce(moved, axis=1, keepdims=True)


def judged(log_proba: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Balanced accuracy and log-loss."""
    hit = np.argmax(log_proba, axis=1) == y
    return float(np.mean([hit[y == k].mean() for k in np.unique(y)])), float(
        -log_proba[np.arange(len(y)), y].mean()
    )


def watch(data: Dataset, records: pl.DataFrame) -> pl.DataFrame:
    """By strategy, split and round: what was bought, and the scores of the classifier as it is and cured."""
    parts = split(data, seed=0, splits=SPLITS, budget=ROUNDS * BATCH)
    learner, found = make_learner("logistic"), []
    for (strategy, number), episode in records.group_by("strategy", "split", maintain_order=True):
        x, y = np.asarray(parts.pools.x[number]), np.asarray(parts.pools.y[number])
        place = {data.ids[row]: at for at, row in enumerate(parts.rows[number])}
        outside = np.setdiff1d(np.arange(len(data.x)), parts.rows[number])
        rare = int(np.argmin(np.bincount(y)))
        picks = [[place[name] for name in names] for names in episode.sort("round")["picks"]]
        for round in range(1, len(picks) + 1):
            rows = np.sort(np.array([row for batch in picks[:round] for row in batch]))
            fitted = fit_to(0, learner, x[rows], y[rows], len(data.classes))
            new, pool = (predict(learner, fitted, some) for some in (data.x[outside], x))
            counts = np.bincount(y[rows], minlength=len(data.classes))
            row = {
                "strategy": strategy,
                "split": number,
                "round": round,
                "rare": counts[rare] / len(rows) / np.mean(y == rare),
                "found": float(counts[rare] > 0),
            }
            row |= _scores("", judged(new, data.y[outside]))
            row |= _scores(" shift", judged(shifted(new, pool, counts / len(rows)), data.y[outside]))
            heat = 1.0
            if np.sum(counts > 0) > 1 and counts[counts > 0].min() > 1:
                heat = temperature(out_of_fold(0, learner, x[rows], y[rows], len(data.classes)), y[rows])
            cooled = new / heat
            cooled -= np.logaddexp.reduce(cooled, axis=1, keepdims=True)
            found.append({**row, **_scores(" temperature", judged(cooled, data.y[outside]))})
    return pl.DataFrame(found)


def _scores(cure: str, scores: tuple[float, float]) -> dict[str, float]:
    return {f"balanced{cure}": scores[0], f"log-loss{cure}": scores[1]}


def table(rows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Means over sets, best balanced accuracy first."""
    a_set = rows.group_by("strategy", "set").agg(pl.col(columns).mean())
    means = a_set.group_by("strategy").agg(pl.len().alias("sets"), pl.col(columns).mean())
    return means.sort(columns[0], descending=True)


def main() -> None:
    """Play, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("runs/unbalanced"))
    parser.add_argument("--strategies", help="others than those of the study, with commas")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    strategies = given.strategies.split(",") if given.strategies else STRATEGIES
    found = []
    for name in SETS:
        path = given.out / f"{name}.parquet"
        if not path.exists():
            data = askwell.data.encode(load(f"keel:{name}"))
            records = askwell.compare(
                data, strategies=strategies, rounds=ROUNDS, batches=BATCH, splits=SPLITS, seed=0
            ).records
            watch(data, records).with_columns(pl.lit(name).alias("set")).write_parquet(path)
        print(name, flush=True)
        found.append(pl.read_parquet(path))
    rows = pl.concat(found)
    print("\n# All rounds\n\n" + shown(table(rows, ["balanced", "log-loss", "rare", "found"]), 3))
    cures = ["balanced", "balanced shift", "log-loss", "log-loss shift", "log-loss temperature"]
    print("\n# Cures\n\n" + shown(table(rows, cures), 3))
    for some in (1, 3, 10):
        print(
            f"\n# Round {some}\n\n"
            + shown(table(rows.filter(pl.col("round") == some), [*cures, "rare", "found"]), 3)
        )


if __name__ == "__main__":
    main()
