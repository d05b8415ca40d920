"""Fits and judges estimates of accuracy on what `studies/estimate.py` played: `python studies/estimate_fit.py`.

Fits `asking/estimate.json` to the synthetic tasks and the meta-train sets, and prints the tables of
docs/estimate.md: how often the 90 % intervals of each estimate hold the accuracy on the report split, on sets that
played no part in the fit. `--write` replaces the file that comes with Askwell.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.linear_model import Ridge

import askwell
from askwell.asking.estimate import FEATURES, Regression, features, jeffreys, log_odds
from askwell.asking.indicators import Indicators
from askwell.data.catalogue import META_TRAIN, META_VALIDATION

HOME = Path(askwell.__file__).parent / "asking" / "estimate.json"
TARGETS = ("accuracy", "balanced_accuracy")
FIT = ("synthetic", META_TRAIN)
PENALTIES = (0.1, 1.0, 10.0, 100.0, 1000.0)
ODDS = 200
"""Log-odds of a measured share are those of so many trials, so that 1 has some."""


def fit(rows: pl.DataFrame, target: str) -> Regression:
    """A regression of `target`, whose penalty and interval come from sets that were left out."""
    X = np.array([features(found) for found in indicators(rows)])
    y = np.array([log_odds(share, ODDS) for share in rows[target]])
    sets = rows["set"].to_numpy()
    weight = 1 / rows.select(pl.len().over("set")).to_series().to_numpy()
    weight *= len(np.unique(sets)) / weight.sum()
    middle, scale = np.average(X, axis=0, weights=weight), X.std(axis=0)
    X = (X - middle) / scale

    def left_out(penalty: float) -> np.ndarray:
        residual = np.empty(len(y))
        for name in np.unique(sets):
            out = sets == name
            model = Ridge(penalty).fit(X[~out], y[~out], sample_weight=weight[~out] * 1000)
            residual[out] = y[out] - model.predict(X[out])
        return residual

    residuals = {penalty: left_out(penalty) for penalty in PENALTIES}
    penalty = min(residuals, key=lambda one: np.average(np.abs(residuals[one]), weights=weight))
    model = Ridge(penalty).fit(X, y, sample_weight=weight * 1000)
    size = np.abs(residuals[penalty])
    labels = np.log(rows["labels"].to_numpy())
    slope, start = np.polyfit(labels, np.log(size + 0.02), 1, w=np.sqrt(weight))
    unit = np.exp(start + slope * labels)
    weights = model.coef_ / scale
    constant = model.intercept_ - weights @ middle
    print(f"{target}: penalty {penalty}, mean |residual| {np.average(size, weights=weight):.3f}")
    for name, value in zip(FEATURES, model.coef_, strict=True):
        print(f"   {name:28s} {value:+.3f}")
    return Regression(
        tuple(float(value) for value in (constant, *weights)),
        (float(start), float(slope)),
        quantile(size / unit, weight, 0.9),
    )


def indicators(rows: pl.DataFrame) -> list[Indicators]:
    """The indicators of each row."""
    return [Indicators(*row) for row in rows.select(Indicators._fields).iter_rows()]


def quantile(values: np.ndarray, weight: np.ndarray, share: float) -> float:
    """A weighted quantile."""
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(weight[order]) / weight.sum(), share)])


def estimates(rows: pl.DataFrame, made: dict[str, Regression]) -> pl.DataFrame:
    """Every estimate of every row: `estimate`, `of`, `value`, `low`, `high`, `truth`."""
    found = []
    for row, about in zip(rows.to_dicts(), indicators(rows), strict=True):
        plain = {
            "cross-validation": (about.cv, about.labels),
            "weighted cross-validation": (about.weighted_cv, about.effective),
            "confidence": (about.confidence, about.labels),
            "calibrated confidence": (about.calibrated, about.labels),
        }
        told = {name: (share, *jeffreys(share, count)) for name, (share, count) in plain.items()}
        told["regression"] = made["accuracy"](about)[:3]
        if row["audit"] is not None:
            told["audit"] = row["audit"], row["audit_low"], row["audit_high"]
        about_row = {key: row[key] for key in ("set", "role", "strategy", "round", "labels")}
        found += [
            {
                **about_row,
                "of": "accuracy",
                "estimate": name,
                "value": v,
                "low": low,
                "high": high,
                "truth": row["accuracy"],
            }
            for name, (v, low, high) in told.items()
        ]
        v, low, high = made["balanced_accuracy"](about)[:3]
        truth = row["balanced_accuracy"]
        found.append(
            {
                **about_row,
                "of": "balanced accuracy",
                "estimate": "regression",
                "value": v,
                "low": low,
                "high": high,
                "truth": truth,
            }
        )
    return pl.DataFrame(found)


def table(found: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Coverage, width, error and bias, as means over sets of means over rounds; coverage with its standard error."""
    a_set = found.group_by([*by, "set"]).agg(
        coverage=((pl.col("low") <= pl.col("truth")) & (pl.col("truth") <= pl.col("high"))).mean(),
        width=(pl.col("high") - pl.col("low")).mean(),
        error=(pl.col("value") - pl.col("truth")).abs().mean(),
        bias=(pl.col("value") - pl.col("truth")).mean(),
    )
    return a_set.group_by(by).agg(
        sets=pl.len(), coverage=pl.col("coverage").mean(), se=pl.col("coverage").std() / pl.len().sqrt(),
        width=pl.col("width").mean(), error=pl.col("error").mean(), bias=pl.col("bias").mean(),
    ).sort(by)  # fmt: skip


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("runs/estimate"))
    parser.add_argument("--write", action="store_true", help="replace the file that comes with Askwell")
    given = parser.parse_args()
    rows = pl.concat(
        [pl.read_parquet(path) for path in sorted(given.runs.glob("*.parquet"))], how="diagonal_relaxed"
    )
    rows = rows.drop_nulls("cv").with_columns(pl.col("agreement").cast(pl.Float64))
    chosen = rows.filter(pl.col("role").is_in(FIT))
    made = {target: fit(chosen, target) for target in TARGETS}
    if given.write:
        content = {
            "made by": "python studies/estimate_fit.py --write",
            "regressions": {k: v._asdict() for k, v in made.items()},
        }
        HOME.write_text(json.dumps(content, indent=1) + "\n")
    pl.Config.set_tbl_rows(200)
    found = estimates(rows.filter(~pl.col("role").is_in(FIT)), made)
    meta = found.filter(pl.col("role") == META_VALIDATION)
    for name, some in (("meta-validation", meta), ("other", found.filter(pl.col("role") != META_VALIDATION))):
        if len(some):
            print(name, table(some, ["of", "estimate"]))
            print(
                table(
                    some.filter(pl.col("estimate").is_in(["regression", "audit"])),
                    ["of", "estimate", "strategy"],
                )
            )
            print(table(some.filter(pl.col("estimate") == "regression"), ["of", "labels"]))


if __name__ == "__main__":
    main()
