"""What sessions could tell after each round, and what was true: `python studies/estimate.py --out runs/estimate`.

Plays strategies on synthetic tasks and on every open set, in about 40 minutes on two cores; what is there is not played
again. `studies/estimate_fit.py` and `studies/stopping.py` read it. The truth is measured on all rows outside the pool.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import polars as pl

import askwell
from askwell.asking.belief import fit_to, predict
from askwell.asking.crossfit import out_of_fold
from askwell.asking.estimate import audited
from askwell.asking.indicators import indicate
from askwell.core import AskwellError
from askwell.data import Dataset, Synthetic, load, split
from askwell.data.catalogue import META_TRAIN, META_VALIDATION, TWINS, catalogue
from askwell.learners import make_learner
from askwell.policies import make_strategy
from askwell.strategies.audited import Audited

NAMES = ("random", "margin", "margin-herding", "learned")
AUDITS = (0.1, 0.2)
BATCH, ROUNDS, SPLITS = 10, 20, 4
SMALL = 500
"""Sets of fewer rows are played for half as many rounds."""

ORDER = (META_TRAIN, META_VALIDATION, "held out", "other")

SYNTHETIC = [
    Synthetic(1000, 1, 1000, d, c, network=0.35, tree=0.1, noise=(0, noise), imbalance=(0, 2), rarest=0.01)
    for d, c, noise in ((8, 2, 0.2), (16, 4, 0.1), (24, 8, 0.1), (48, 16, 0.0))
]
DRAWN = 8
"""Tasks of each family."""


def sets() -> dict[str, str]:
    """Names and roles of all that is played."""
    drawn = {f"synthetic {i} {j}": "synthetic" for i in range(len(SYNTHETIC)) for j in range(DRAWN)}
    real = {entry.name: entry.role or "other" for entry in catalogue() if entry.installed}
    for twin in TWINS:
        real.pop(twin, None)
    return {**drawn, **dict(sorted(real.items(), key=lambda pair: ORDER.index(pair[1])))}


def dataset(name: str) -> Dataset:
    """A set by name."""
    if not name.startswith("synthetic"):
        return askwell.data.encode(load(name, label=None, id=None))
    _, family, number = name.split()
    pool = SYNTHETIC[int(family)].sample(jax.random.fold_in(jax.random.key(1), int(number)))
    x = np.concatenate([pool.x, pool.report_x])
    y, names = np.concatenate([pool.y, pool.report_y]), tuple(str(i) for i in range(pool.classes))
    return Dataset(
        name.replace(" ", "-"), x, y.astype(np.int32), names, np.arange(len(y)).astype(str).astype(object)
    )


def played() -> dict[str, object]:
    """The strategies, by name."""
    made = {name: make_strategy(name) for name in NAMES}
    return {**made, **{f"audit {share}": Audited(made["margin-herding"], share) for share in AUDITS}}


def play(name: str, data: Dataset, folder: Path) -> pl.DataFrame:
    """What each strategy asked: `strategy`, `split`, `round`, `picks`."""
    path = folder / "played" / f"{name.replace(':', '-')}.parquet"
    if not path.exists():
        rounds = ROUNDS if len(data.x) >= SMALL else ROUNDS // 2
        spec = {"rounds": rounds, "batches": BATCH, "splits": SPLITS, "seed": 0}
        records = askwell.compare(data, strategies=played(), **spec).records
        records.select("strategy", "split", "round", "picks").write_parquet(path)
    return pl.read_parquet(path)


def tell(name: str, role: str, folder: Path) -> str:
    """Keep a table of one set: a row for each strategy, split and round."""
    path = folder / f"{name.replace(':', '-')}.parquet"
    if path.exists():
        return f"{name}: kept"
    data, found, strategies = dataset(name), [], played()
    try:
        asked = play(name, data, folder)
    except AskwellError as error:  # a set that is too small
        return f"{name}: left out ({error})"
    parts = split(data, seed=0, splits=SPLITS, budget=asked["round"].max() * BATCH)
    for (strategy, number), episode in asked.group_by("strategy", "split", maintain_order=True):
        place = {data.ids[row]: at for at, row in enumerate(parts.rows[number])}
        x, y = np.asarray(parts.pools.x[number]), np.asarray(parts.pools.y[number])
        audit = strategies[strategy].drawn(BATCH) if isinstance(strategies[strategy], Audited) else 0
        picks = [[place[name] for name in names] for names in episode["picks"]]
        outside = np.setdiff1d(np.arange(len(data.x)), parts.rows[number])
        told = watch(x, y, picks, len(data.classes), audit, data.x[outside], data.y[outside])
        about = {"set": name, "role": role, "strategy": strategy, "split": number, "outside": len(outside)}
        found += [{**about, "round": round, **row} for round, row in enumerate(told, start=1)]
    pl.DataFrame(found, infer_schema_length=None).write_parquet(path)
    return f"{name}: {len(found)} rounds"


def watch(
    x: np.ndarray,
    y: np.ndarray,
    picks: list[list[int]],
    classes: int,
    audit: int,
    new_x: np.ndarray,
    new_y: np.ndarray,
) -> Iterator[dict[str, Any]]:
    """What a session could tell after each round, where it could, and what was true of new rows."""
    learner, before = make_learner("logistic"), None
    for round in range(1, len(picks) + 1):
        rows = np.array([row for batch in picks[:round] for row in batch])
        fitted = fit_to(0, learner, x[np.sort(rows)], y[np.sort(rows)], classes)
        log_proba = predict(learner, fitted, x)
        hit = np.argmax(predict(learner, fitted, new_x), axis=1) == new_y
        balanced = np.mean([hit[new_y == name].mean() for name in np.unique(new_y)])
        row = {"labels": len(rows), "accuracy": float(hit.mean()), "balanced_accuracy": float(balanced)}
        if 1 < len(np.unique(y[rows])) < len(rows):
            held_out = out_of_fold(0, learner, x[rows], y[rows], classes)
            row |= indicate(x, log_proba, x[rows], y[rows], held_out, before)._asdict()
            if audit:
                right = dict(zip(rows.tolist(), np.argmax(held_out, axis=1) == y[rows], strict=True))
                drawn = [bool(right[row]) for batch in picks[:round] for row in batch[-audit:]]
                row |= dict(zip(("audit", "audit_low", "audit_high"), audited(drawn)[:3], strict=True))
        before = np.argmax(log_proba, axis=1)
        yield row


def main() -> None:
    """Play, and keep what could be told."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("runs/estimate"))
    given = parser.parse_args()
    (given.out / "played").mkdir(parents=True, exist_ok=True)
    for name, role in sets().items():
        print(tell(name, role, given.out), flush=True)


if __name__ == "__main__":
    main()
