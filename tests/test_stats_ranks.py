"""Ranks over datasets, and their tests."""

import numpy as np
import polars as pl
import pytest
from scipy import stats as scipy_stats

from askwell.core import SCHEMA
from askwell.stats import ranks


def grid(accuracy, splits=1):
    """Records from ``{strategy: [dataset]}``."""
    return pl.DataFrame(
        [
            {"dataset": f"d{d}", "strategy": name, "learner": "logistic", "batch": 10, "split": s}
            | {"round": 1, "labels": 10, "accuracy": a, "seconds": 0.1}
            for name, row in accuracy.items()
            for d, a in enumerate(row)
            for s in range(splits)
        ],
        schema=SCHEMA,
    )


TABLE = {
    "random": [0.50, 0.51, 0.52, 0.53, 0.54, 0.90],
    "margin": [0.61, 0.62, 0.63, 0.64, 0.65, 0.90],
    "oracle": [0.70, 0.72, 0.74, 0.76, 0.78, 0.80],
}


def test_mean_ranks_by_hand():
    found = ranks(grid(TABLE))
    # On five sets 3, 2, 1; on the last a tie for the first two ranks, and 3 for the oracle.
    assert found.mean == pytest.approx({"oracle": 8 / 6, "margin": 11.5 / 6, "random": 16.5 / 6})
    assert list(found.mean) == ["oracle", "margin", "random"]
    assert found.datasets == [f"d{i}" for i in range(6)]


def test_tests_agree_with_scipy_and_holm_by_hand():
    found = ranks(grid(TABLE))
    statistic, p_value = scipy_stats.friedmanchisquare(*TABLE.values())
    assert (found.statistic, found.p_value) == pytest.approx((statistic, p_value))
    p = {frozenset((a, b)): p for a, b, p, _ in found.pairs.rows()}
    expected = scipy_stats.wilcoxon(np.subtract(TABLE["oracle"], TABLE["random"])).pvalue
    assert p[frozenset(("oracle", "random"))] == pytest.approx(expected)
    raw, holm = found.pairs["p_value"].to_numpy(), found.pairs["p_holm"].to_numpy()
    order = np.argsort(raw)
    by_hand = np.minimum(np.maximum.accumulate(raw[order] * [3, 2, 1]), 1.0)
    np.testing.assert_allclose(holm[order], by_hand)


def test_only_what_all_strategies_have_counts():
    records = grid(TABLE, splits=2)
    # On d0 the oracle has split 0 alone, and random's other split is wild: it must not count.
    at = (pl.col("dataset") == "d0") & (pl.col("split") == 1)
    records = records.filter(~(at & (pl.col("strategy") == "oracle"))).with_columns(
        pl.when(at & (pl.col("strategy") == "random")).then(1.0).otherwise("accuracy").alias("accuracy")
    )
    assert ranks(records).mean == ranks(grid(TABLE)).mean
    without = records.filter(~((pl.col("dataset") == "d1") & (pl.col("strategy") == "margin")))
    assert ranks(without).datasets == ["d0", "d2", "d3", "d4", "d5"]


def test_few_datasets_or_strategies_have_no_ranks():
    assert ranks(grid({name: row[:4] for name, row in TABLE.items()})) is None
    assert ranks(grid({name: row for name, row in TABLE.items() if name != "oracle"})) is None
    assert ranks(pl.DataFrame(schema=SCHEMA)) is None


def test_strategies_that_are_all_the_same_tie():
    found = ranks(grid({name: TABLE["random"] for name in "abc"}))
    assert found.mean == {"a": 2.0, "b": 2.0, "c": 2.0}
    assert (found.statistic, found.p_value) == (0.0, 1.0)
    assert found.pairs["p_holm"].to_list() == [1.0, 1.0, 1.0]


def test_more_splits_of_the_same_datasets_are_no_further_evidence():
    assert ranks(grid(TABLE, splits=20)).p_value == pytest.approx(ranks(grid(TABLE)).p_value)
