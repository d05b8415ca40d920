"""Fits and judges estimates of accuracy on what `studies/estimate.py` played: `python studies/estimate_fit.py`.

Fits `asking/estimate.json` to the synthetic tasks and the meta-train sets, and prints the tables of
docs/estimate.md: how often the 90 % intervals of each estimate hold the accuracy on all rows outside the pool, on sets
that played no part in the fit. `--write` replaces the file that comes with Askwell.
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
REAL = 3
"""Synthetic tasks that a real set counts as much as."""

ODDS = 200
"""Log-odds of a measured share are those of so many trials, so that 1 has some."""


def fit(rows: pl.DataFrame, target: str) -> Regression:
    """A regression of `target`, fitted to the sets of `FIT`; each real one counts as much as `REAL` synthetic ones.

    The penalty, and how wide the interval is, come from real sets that were left out: those of meta-train one by one,
    those of meta-validation altogether.
    """
    X = np.array([features(found) for found in indicators(rows)])
    y = np.array([log_odds(share, ODDS) for share in rows[target]])
    sets, role = rows["set"].to_numpy(), rows["role"].to_numpy()
    fitted, real = np.isin(role, FIT), role != "synthetic"
    weight = np.where(real, REAL, 1) / rows.select(pl.len().over("set")).to_series().to_numpy()
    middle, scale = X[fitted].mean(axis=0), X[fitted].std(axis=0)
    X = (X - middle) / scale

    def made(penalty: float, some: np.ndarray) -> Ridge:
        return Ridge(penalty).fit(X[some], y[some], weight[some] / weight[some].mean())

    def left_out(penalty: float) -> np.ndarray:
        residual = np.full(len(y), np.nan)
        for name in np.unique(sets[real]):
            out = sets == name
            residual[out] = y[out] - made(penalty, fitted & ~out).predict(X[out])
        return residual[real]

    residuals = {penalty: left_out(penalty) for penalty in PENALTIES}
    each = weight[real]
    penalty = min(residuals, key=lambda one: np.average(np.abs(residuals[one]), weights=each))
    model, size = made(penalty, fitted), np.abs(residuals[penalty])
    labels = np.log(rows["labels"].to_numpy()[real])
    slope, start = np.polyfit(labels, np.log(size + 0.05), 1, w=np.sqrt(each))
    weights = model.coef_ / scale
    print(f"{target}: penalty {penalty}, mean residual of sets left out {np.average(size, weights=each):.3f}")
    for name, value in zip(FEATURES, model.coef_, strict=True):
        print(f"   {name:28s} {value:+.3f}")
    return Regression(
        tuple(float(value) for value in (model.intercept_ - weights @ middle, *weights)),
        (float(start), float(slope)),
        quantile(size / np.exp(start + slope * labels), each, 0.9),
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


def read(folder: Path) -> pl.DataFrame:
    """What was played."""
    return pl.concat(
        [pl.read_parquet(path) for path in sorted(folder.glob("*.parquet"))], how="diagonal_relaxed"
    )


def shown(frame: pl.DataFrame, digits: int = 3) -> str:
    """A Markdown table."""
    lines = [frame.columns, ["---"] * len(frame.columns)]
    for row in frame.iter_rows():
        lines.append([f"{cell:.{digits}f}" if isinstance(cell, float) else str(cell) for cell in row])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def costs(rows: pl.DataFrame) -> pl.DataFrame:
    """What an audit costs: AULC less that of the same strategy without, by set; the standard error is over sets."""
    a_set = rows.group_by("set", "strategy").agg(aulc=pl.col("accuracy").mean())
    base = a_set.filter(pl.col("strategy") == "margin-herding").select("set", base="aulc")
    apart = a_set.join(base, on="set").with_columns(difference=pl.col("aulc") - pl.col("base"))
    some = apart.filter(pl.col("strategy").str.starts_with("audit") | (pl.col("strategy") == "random"))
    return some.group_by("strategy").agg(
        sets=pl.len(), difference=pl.col("difference").mean(), se=pl.col("difference").std() / pl.len().sqrt()
    ).sort("strategy")  # fmt: skip


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("runs/estimate"))
    parser.add_argument("--write", action="store_true", help="replace the file that comes with Askwell")
    given = parser.parse_args()
    everything = read(given.runs)
    rows = everything.drop_nulls("cv").with_columns(pl.col("agreement").cast(pl.Float64))
    known = rows.filter(pl.col("role").is_in([*FIT, META_VALIDATION]))
    made = {target: fit(known, target) for target in TARGETS}
    if given.write:
        content = json.loads(HOME.read_text()) if HOME.exists() else {}
        content["made by"] = "python studies/estimate_fit.py --write, python studies/stopping.py --write"
        content["regressions"] = {target: one._asdict() for target, one in made.items()}
        HOME.write_text(json.dumps(content, indent=1) + "\n")
    found = estimates(rows.filter(~pl.col("role").is_in(FIT)), made)
    how = pl.when(pl.col("strategy") == "random").then(pl.lit("random")).otherwise(pl.lit("chosen"))
    found = found.with_columns(batches=pl.when(pl.col("estimate") == "audit").then("strategy").otherwise(how))
    unseen = found.filter(pl.col("role") != META_VALIDATION)
    print("\n# accuracy, on sets that played no part\n")
    some = unseen.filter(pl.col("of") == "accuracy")
    print(shown(table(some, ["estimate", "batches", "role"])))
    print("\n# by labels, held out and other\n")
    some = unseen.filter(
        pl.col("labels").is_in([10, 20, 50, 100, 200]), pl.col("estimate").is_in(["regression", "audit"])
    )
    some = some.with_columns(of=pl.when(pl.col("estimate") == "audit").then("strategy").otherwise("of"))
    print(shown(table(some, ["of", "labels"])))
    print("\n# what an audit costs in AULC, against margin-herding alone\n")
    print(shown(costs(everything.filter(~pl.col("role").is_in([*FIT, META_VALIDATION]))), 4))
    print("\n# meta-validation\n")
    print(shown(table(found.filter(pl.col("role") == META_VALIDATION), ["of", "estimate", "batches"])))


if __name__ == "__main__":
    main()
