"""When is it worth stopping? `python studies/stopping.py`.

Reads what `studies/estimate.py` played. Fits the expected gain of further labels to the synthetic tasks and the
meta-train sets; prints the tables of docs/estimate.md, on sets that played no part in the fit. `--write` puts it into
the file that comes with Askwell.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import polars as pl
from estimate_fit import FIT, HOME, indicators, quantile, read, shown
from sklearn.linear_model import Ridge

from askwell.asking.estimate import shipped
from askwell.asking.expected import GAIN, Gain, gain_features
from askwell.data.catalogue import META_VALIDATION

MORE = (1, 2, 5)
"""Batches ahead that gains are measured over."""

NEAR = 0.01
"""Labels beyond the first round within so much of the end are more than needed."""

RULES = {
    f"agreement {threshold} in {rounds} rounds": (threshold, rounds)
    for threshold in (0.95, 0.97, 0.98, 0.99, 0.995) for rounds in (1, 2, 3)
}  # fmt: skip


def gains(rows: pl.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features, gains, labels ahead over labels, and sets."""
    keys = ["set", "strategy", "split"]
    rows = rows.sort([*keys, "round"])
    X, y, ahead, sets = [], [], [], []
    for more in MORE:
        later = rows.select(*keys, pl.col("round") - more, later="accuracy")
        both = rows.join(later, on=[*keys, "round"])
        for found, gain, name in zip(
            indicators(both), both["later"] - both["accuracy"], both["set"], strict=True
        ):
            X.append(gain_features(found, shipped()["accuracy"](found).value, 10 * more))
            y.append(gain)
            ahead.append(10 * more / found.labels)
            sets.append(name)
    return np.array(X), np.array(y), np.array(ahead), np.array(sets)


def fit_gain(rows: pl.DataFrame) -> Gain:
    """The expected gain, and how far above it nine gains in ten lie at most, from sets that were left out."""
    X, y, ahead, sets = gains(rows)
    weight = np.array([1 / np.sum(sets == name) for name in sets])
    residual = np.empty(len(y))
    for name in np.unique(sets):
        out = sets == name
        residual[out] = y[out] - Ridge(1e-3, fit_intercept=False).fit(X[~out], y[~out], weight[~out]).predict(
            X[out]
        )
    model = Ridge(1e-3, fit_intercept=False).fit(X, y, weight)
    unit = np.log1p(ahead) ** 0.5
    print(
        dict(zip(GAIN, model.coef_.round(4), strict=True)),
        "R²",
        1 - np.average(residual**2, weights=weight) / np.average(y**2, weights=weight),
    )
    return Gain(tuple(float(v) for v in model.coef_), quantile(residual / unit, weight, 0.9))


def judge_gain(rows: pl.DataFrame, made: Gain) -> pl.DataFrame:
    """How often a gain was at most what was said, and how near the expected one lies."""
    found = []
    for row, about in zip(rows.to_dicts(), indicators(rows), strict=True):
        for more in MORE:
            found.append(
                {
                    "set": row["set"],
                    "strategy": row["strategy"],
                    "split": row["split"],
                    "round": row["round"] + more,
                    "more": more,
                    "start": row["accuracy"],
                    **made(about, shipped()["accuracy"](about).value, 10 * more)._asdict(),
                }
            )
    both = pl.DataFrame(found).join(
        rows.select("set", "strategy", "split", "round", "accuracy"), on=["set", "strategy", "split", "round"]
    )
    both = both.with_columns(gain=pl.col("accuracy") - pl.col("start"))
    a_set = both.group_by("more", "set").agg(
        covered=(pl.col("gain") <= pl.col("most")).mean(),
        expected=pl.col("expected").mean(),
        gain=pl.col("gain").mean(),
        error=(pl.col("gain") - pl.col("expected")).abs().mean(),
    )
    return a_set.group_by("more").agg(pl.len().alias("sets"), pl.exclude("set").mean()).sort("more")


def stopping(rows: pl.DataFrame, made: Gain) -> pl.DataFrame:
    """For each rule and episode: where it stopped, what was left, and what was spent beyond need."""
    found = []
    for (name, strategy, _), episode in rows.sort("round").group_by(
        "set", "strategy", "split", maintain_order=True
    ):
        accuracy, agreement = (
            episode["accuracy"].to_numpy(),
            episode["agreement"].fill_nan(0).fill_null(0).to_numpy(),
        )
        labels, end = episode["labels"].to_numpy(), np.mean(accuracy[-3:])
        enough = labels[np.argmax(accuracy >= end - NEAR)]
        expected = np.array(
            [made(one, shipped()["accuracy"](one).value, 10).expected for one in indicators(episode)]
        )
        rules = {
            rule: [agreement[max(0, i - r + 1) : i + 1].min() >= t and i + 1 >= r for i in range(len(labels))]
            for rule, (t, r) in RULES.items()
        }
        rules |= {
            f"expected gain of 10 labels below {g}": list(expected < g) for g in (0.001, 0.002, 0.003, 0.005)
        }
        for rule, holds in rules.items():
            at = int(np.argmax(holds)) if any(holds) else len(labels) - 1
            found.append(
                {
                    "rule": rule,
                    "set": name,
                    "strategy": strategy,
                    "stopped": any(holds),
                    "labels": labels[at],
                    "left": end - accuracy[at],
                    "beyond": max(0, labels[at] - enough),
                }
            )
    return pl.DataFrame(found)


def summary(found: pl.DataFrame) -> pl.DataFrame:
    """By rule, as means over sets; the worst set is that of most accuracy left."""
    a_set = found.group_by("rule", "set").agg(pl.col("stopped", "labels", "left", "beyond").mean())
    return (
        a_set.group_by("rule")
        .agg(
            pl.len().alias("sets"),
            pl.col("stopped", "labels", "left", "beyond").mean(),
            worst=pl.col("left").max(),
        )
        .sort("rule")
    )


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("runs/estimate"))
    parser.add_argument("--write", action="store_true", help="put it into the file that comes with Askwell")
    given = parser.parse_args()
    rows = read(given.runs).drop_nulls("cv").with_columns(pl.col("agreement").cast(pl.Float64))
    chosen = rows.filter(pl.col("role").is_in(FIT))
    made = fit_gain(chosen)
    rest = {"meta-validation": META_VALIDATION, "held out": "held out", "other": "other"}
    for name, role in rest.items():
        some = rows.filter(pl.col("role") == role)
        print(f"\n# {name}: gains of 10, 20 and 50 labels\n\n{shown(judge_gain(some, made), 4)}")
        print(f"\n# {name}: stopping\n\n{shown(summary(stopping(some, made)), 4)}")
    if given.write:
        content = json.loads(HOME.read_text())
        content["gain"] = made._asdict()
        HOME.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
