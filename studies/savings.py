"""What do batches save against random ones? `python studies/savings.py`, half an hour on two busy cores.

Plays strategies and random batches of ten on every open set that the shipped policy was not trained on, and compares
two things at the same number of labels: the wrong predictions, and how many random labels do as well. The quartiles
over the sets that are not held out go into the file that comes with Askwell (`--write`); the held-out sets tell how
often they hold. What is in `--out` is not played again.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import polars as pl
from estimate_fit import shown
from sklearn.isotonic import IsotonicRegression

import askwell
from askwell.core import AskwellError
from askwell.data import load
from askwell.data.catalogue import META_TRAIN, TWINS, catalogue

HOME = Path(askwell.__file__).parent / "asking" / "savings.json"
STRATEGIES = (
    "uherding",
    "margin-herding",
    "learned",
    "margin",
    "typiclust",
    "badge",
    "entropy",
    "least-confidence",
)
BATCH, ROUNDS, SPLITS = 10, 20, 8
LONG = 60
"""Rounds of random batches, where the pool has so many rows."""

QUARTILES = (0.25, 0.5, 0.75)
LEAST = 1e-3
"""Shares of wrong predictions below that count as that."""


def play(name: str, folder: Path) -> pl.DataFrame | None:
    """Accuracy by `strategy` and number of `labels`, mean over splits; None if the set is too small."""
    path = folder / f"{name.replace(':', '-')}.parquet"
    if not path.exists():
        data = askwell.data.encode(load(name, label=None, id=None))
        found = []
        for strategies, rounds in ((STRATEGIES, ROUNDS), (("random",), LONG)):
            records = None
            while records is None:
                try:
                    records = askwell.compare(
                        data, strategies=strategies, rounds=rounds, batches=BATCH, splits=SPLITS, seed=0
                    ).records
                except AskwellError:
                    rounds //= 2  # the pool has too few rows
                    if rounds < 3:
                        return None
            found.append(records.select("strategy", "split", "round", "accuracy"))
        pl.concat(found).write_parquet(path)
    rows = pl.read_parquet(path).with_columns(labels=pl.col("round") * BATCH)
    return rows.group_by("strategy", "labels").agg(pl.col("accuracy").mean()).sort("strategy", "labels")


def against_random(curves: pl.DataFrame) -> pl.DataFrame:
    """By strategy and labels: wrong predictions of random batches over its own, and random labels over its own."""
    base = curves.filter(pl.col("strategy") == "random").sort("labels")
    labels = base["labels"].to_numpy()
    smooth = IsotonicRegression().fit(np.log(labels), base["accuracy"])
    grid = np.linspace(labels.min(), labels.max(), 1000)
    reached = smooth.predict(np.log(grid))
    own = curves.filter(pl.col("strategy") != "random", pl.col("labels") <= ROUNDS * BATCH)
    found = []
    for row in own.filter(pl.col("labels") <= labels.max()).to_dicts():
        need = grid[np.argmax(reached >= row["accuracy"])] if reached[-1] >= row["accuracy"] else np.inf
        wrong = max(1 - smooth.predict([np.log(row["labels"])])[0], LEAST) / max(1 - row["accuracy"], LEAST)
        found.append({**row, "wrong": wrong, "needed": need / row["labels"]})
    return pl.DataFrame(found)


def quartiles(rows: pl.DataFrame) -> pl.DataFrame:
    """Quartiles over sets, by strategy and labels."""
    found = [
        pl.col(column).quantile(share, "nearest").alias(f"{column} {share}")
        for column in ("wrong", "needed")
        for share in QUARTILES
    ]
    return rows.group_by("strategy", "labels").agg(pl.len().alias("sets"), *found).sort("strategy", "labels")


def content(made: pl.DataFrame) -> dict[str, object]:
    """The quartiles as `askwell.asking.savings` reads them: null is more than was drawn."""

    def values(column: str, some: pl.DataFrame) -> list[list[float | None]]:
        found = [some[f"{column} {share}"].round(3).to_list() for share in QUARTILES]
        return [[None if value == np.inf else value for value in each] for each in found]

    labels = sorted(made["labels"].unique())
    whole = made.filter(pl.len().over("strategy") == len(labels))
    strategies = {
        name: {column: values(column, some) for column in ("wrong", "needed")}
        for (name,), some in whole.group_by("strategy", maintain_order=True)
    }
    return {
        "labels": labels,
        "sets": made.sort("labels").unique("labels", maintain_order=True)["sets"].to_list(),
        "strategies": strategies,
    }


def held(rows: pl.DataFrame, made: pl.DataFrame) -> pl.DataFrame:
    """How often other sets lie between the quartiles (should be half), and above the median."""
    both = rows.join(made.drop("sets"), on=["strategy", "labels"])
    inside = {
        f"{column} {word}": holds.mean()
        for column in ("wrong", "needed")
        for word, holds in (
            ("between", pl.col(column).is_between(pl.col(f"{column} 0.25"), pl.col(f"{column} 0.75"))),
            ("above", pl.col(column) > pl.col(f"{column} 0.5")),
        )
    }
    return (
        both.group_by("strategy", "labels").agg(pl.len().alias("sets"), **inside).sort("strategy", "labels")
    )


def main() -> None:
    """Play, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("runs/savings"))
    parser.add_argument("--write", action="store_true", help="put it into the file that comes with Askwell")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    roles = {entry.name: entry.role or "other" for entry in catalogue() if entry.installed}
    found = []
    for name, role in roles.items():
        if role == META_TRAIN or name in TWINS:
            continue
        curves = play(name, given.out)
        print(f"{name}: {'too small' if curves is None else role}", flush=True)
        if curves is not None:
            found.append(
                against_random(curves).with_columns(pl.lit(name).alias("set"), pl.lit(role).alias("role"))
            )
    rows = pl.concat(found)
    held_out = pl.col("role") == "held out"
    made = quartiles(rows.filter(~held_out))
    some = pl.col("labels").is_in([10, 20, 50, 100, 200])
    print(f"\n# not held out: quartiles\n\n{shown(made.filter(some), 2)}")
    print(f"\n# held out: between them\n\n{shown(held(rows.filter(held_out), made).filter(some), 2)}")
    if given.write:
        HOME.write_text(json.dumps(content(made), indent=None) + "\n")


if __name__ == "__main__":
    main()
