"""docs/unbalanced.md from what studies/unbalanced.py measured: `python docs/unbalanced.py`. All is computed here."""

import argparse
import json
from pathlib import Path

import numpy as np
import polars as pl
from results import fixed, over_sets, table

HOME = Path(__file__).parent
PLAIN = "as it is"
METRICS = {
    "balanced": "balanced accuracy",
    "macro-F1": "macro-F1",
    "log-loss": "log-loss",
    "accuracy": "accuracy",
}

HEAD = """# Rare classes: who asks for them, and what helps

Written by `python docs/unbalanced.py` from what `python studies/unbalanced.py` measured: {sets} KEEL sets whose rarest
class has {low} to {high} of the rows, {splits} splits, ten rounds of ten labels from a cold start, looked at after 20,
50 and 100 labels. All figures are on the report split, the mean over looks, splits and sets.

## Who asks for the rare class?

"rare" is how much more often the rarest class is among the labels than in the pool: 1 is a random sample.
"""

CURES = """
## What helps without another label

The classifier takes its labels for a fair sample, which they are not, and its likeliest class is the best guess only
where mistakes count alike, not classes. Eight ways to predict from the same labels:

- *as it is*: logistic regression.
- *class shares of the pool*: its probabilities are turned to other class shares than those of the labels, found on the
  unlabelled pool (Saerens et al. 2002).
- *temperature*: made less sure, as much as cross-validation on the labels says (Guo et al. 2017); *both* one after the
  other.
- *decisions for equal classes*: probabilities are divided by the classes' shares among the labels (half a label is
  added to each) before the highest is taken (Elkan 2001); *half way there*: by the roots of the shares.
- *fit with equal classes*: each class has the same weight in the fit.
- *fit with the pool's weights*: each label weighs by the root of the share of the pool that lies nearest to it.
"""

HARM = """## Where no class is rare

A cure must not do harm there. More or less than as it is on the {sets} meta-validation sets:
"""

HELD = """## Held-out sets

By these nothing was chosen ({sets}). Balanced accuracy, more or less than as it is:
"""

USE = """## What Askwell does with it

`askwell predict --metric balanced-accuracy` and `Session(metric="balanced-accuracy").predict()` decide for equal
classes, and half way there by `macro-f1`; so does the model that they write. Probabilities stay as they are, and so
does what is asked. By `accuracy` and `log-loss` the likeliest class is predicted. What `status` says of balanced
accuracy is about the likeliest class, so predictions for equal classes are probably better than it says.
"""


def mean(frame: pl.DataFrame, *keys: str) -> pl.DataFrame:
    """Means over looks and splits, then over sets."""
    columns = ["rare", *METRICS]
    return (
        frame.group_by(*keys, "dataset")
        .agg(pl.col(columns).mean())
        .group_by(*keys)
        .agg(pl.col(columns).mean())
    )


def asked(frame: pl.DataFrame) -> list[str]:
    """A row a strategy: what it asks for, and what comes of it."""
    found = mean(frame.filter(cure=PLAIN), "strategy").sort("balanced", descending=True)
    rows = [
        {
            "strategy": row["strategy"],
            "rare": f"{row['rare']:.2f}",
            **{METRICS[m]: fixed(row[m]) for m in METRICS},
        }
        for row in found.to_dicts()
    ]
    link = np.corrcoef(
        *frame.filter(cure=PLAIN).group_by("strategy", "dataset").agg(pl.col("rare", "balanced").mean())
        .with_columns(pl.col("rare", "balanced") - pl.col("rare", "balanced").mean().over("dataset"))
        .select("rare", "balanced").to_numpy().T
    )[0, 1]  # fmt: skip
    said = "Within a set, the share of the rare class among the labels and balanced accuracy correlate over strategies "
    said += f"by r = {link:.2f}."
    return [*table(pl.DataFrame(rows)), said, ""]


def gained(frame: pl.DataFrame, metric: str) -> pl.DataFrame:
    """Each cure less the plain prediction, by strategy and set."""
    each = frame.group_by("strategy", "cure", "dataset").agg(pl.col(metric).mean())
    plain = each.filter(cure=PLAIN).select("strategy", "dataset", pl.col(metric).alias("plain"))
    return (
        each.filter(pl.col("cure") != PLAIN)
        .join(plain, on=["strategy", "dataset"])
        .with_columns((pl.col(metric) - pl.col("plain")).alias("gain"))
    )


def cures(frame: pl.DataFrame, metric: str) -> list[str]:
    """A row a cure: what it changes, with an interval over sets, for all strategies together and for some."""
    found, rows = gained(frame, metric), []
    if metric == "log-loss":  # decisions leave the probabilities as they are
        found = found.filter(~pl.col("cure").str.starts_with("decisions"))
    some = ("random", "uherding", "badge", "learned")
    for (cure,), part in found.group_by("cure", maintain_order=True):
        by_set = part.group_by("dataset").agg(pl.col("gain").mean())["gain"].to_numpy()
        row = {"cure": cure, "all strategies": over_sets(by_set)}
        for name in some:
            row[name] = fixed(float(part.filter(strategy=name)["gain"].to_numpy().mean()), 4, True)
        rows.append((by_set.mean(), row))
    rows.sort(key=lambda pair: pair[0], reverse=metric != "log-loss")
    return table(pl.DataFrame([row for _, row in rows]))


def best(frame: pl.DataFrame) -> list[str]:
    """Who is best with the best cure, and what the cure is worth next to the choice of a strategy."""
    said = []
    for metric in ("balanced", "log-loss"):
        sign = -1 if metric == "log-loss" else 1
        found = (
            mean(frame, "strategy", "cure").with_columns((sign * pl.col(metric)).alias("value")).sort("value")
        )
        top = found.row(-1, named=True)
        plain = found.filter(cure=PLAIN)
        first, last = plain.row(-1, named=True), plain.row(0, named=True)
        said.append(
            f"- {METRICS[metric]}: the best is {top['strategy']} with *{top['cure']}*, {top[metric]:.3f}; "
            f"without a cure {first['strategy']} is best, {first[metric]:.3f}, and {last['strategy']} last, "
            f"{last[metric]:.3f}."
        )
    return said


def main() -> None:
    """Write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=Path, default=Path("runs"))
    runs = options.parse_args().runs
    rows = json.loads((runs / "unbalanced" / "measured.json").read_text())
    both = pl.DataFrame(rows)
    frame, ordinary = both.filter(kind="rare"), both.filter(kind="ordinary")
    share = json.loads((runs / "unbalanced" / "shares.json").read_text())
    share = {name: value for name, value in share.items() if name in set(frame["dataset"])}
    page = [
        HEAD.format(
            sets=frame["dataset"].n_unique(),
            splits=frame["split"].n_unique(),
            low=f"{min(share.values()):.1%}",
            high=f"{max(share.values()):.1%}",
        ),
        *asked(frame),
        CURES,
    ]
    for metric in ("balanced", "macro-F1", "log-loss"):
        name = METRICS[metric]
        page += [f"### {name[0].upper()}{name[1:]}, more or less than as it is", "", *cures(frame, metric)]
    page += [HARM.format(sets=ordinary["dataset"].n_unique())]
    for metric in ("balanced", "macro-F1"):
        page += [f"In {METRICS[metric]}:", "", *cures(ordinary, metric)]
    held = both.filter(kind="held-out")
    page += [
        HELD.format(sets=", ".join(held["dataset"].unique(maintain_order=True))),
        *cures(held, "balanced"),
    ]
    page += ["## In a sentence each", "", *best(frame), "", USE]
    (HOME / "unbalanced.md").write_text("\n".join(page).replace("\n\n\n", "\n\n"))


if __name__ == "__main__":
    main()
