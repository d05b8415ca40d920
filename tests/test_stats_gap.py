"""The share of the gap between random and the oracle, by hand."""

import polars as pl
import pytest

from askwell.core import SCHEMA
from askwell.stats import gap_closed, summarise


def frame(table, dataset="wine", batch=10):
    """Records from ``{strategy: [AULC per split]}``; None where a split was not played."""
    return pl.DataFrame(
        [
            {"dataset": dataset, "strategy": name, "learner": "logistic", "batch": batch, "split": s}
            | {"round": r, "labels": r * batch, "accuracy": a + 0.1 * (r - 1.5), "seconds": 0.1}
            for name, row in table.items()
            for s, a in enumerate(row)
            if a is not None
            for r in (1, 2)
        ],
        schema=SCHEMA,
    )


def shares(records):
    return dict(gap_closed(records).select("strategy", "gap_closed").rows())


def test_ratio_of_means_by_hand():
    # Gaps 0.1 and 0.3, gains 0.1 and 0.1: 0.2 / 0.4, where the mean of ratios would be 2/3.
    table = {"random": [0.5, 0.6, 0.5, 0.6], "oracle": [0.6, 0.9, 0.6, 0.9], "margin": [0.6, 0.7, 0.6, 0.7]}
    found = shares(frame(table))
    assert found == pytest.approx({"random": 0.0, "oracle": 1.0, "margin": 0.5})


def test_beyond_the_oracle_and_below_random():
    table = {"random": [0.5, 0.5], "oracle": [0.6, 0.6], "high": [0.7, 0.7], "low": [0.45, 0.45]}
    assert shares(frame(table)) == pytest.approx({"random": 0, "oracle": 1, "high": 2, "low": -0.5})


def test_only_splits_of_all_three_count():
    table = {
        "random": [0.5, 0.5, 0.5, 0.1],
        "oracle": [0.7, 0.7, None, 0.7],
        "margin": [0.6, 0.6, 0.9, None],
    }
    # margin: splits 0 and 1; the oracle's own three splits, where its gap 0.2, 0.2, 0.6 is not sure.
    assert shares(frame(table)) == {"random": None, "oracle": None, "margin": pytest.approx(0.5)}


def test_a_split_without_the_oracle_does_not_make_the_gap_surer():
    # Two gaps, 0.1 and 0.15: t_1 · 0.025 = 0.32. Counted as three splits they would suffice.
    table = {"random": [0.5] * 3, "oracle": [0.6, 0.65, None], "margin": [0.55, 0.6, 0.9]}
    assert shares(frame(table))["margin"] is None


def test_null_without_oracle_or_random():
    assert set(shares(frame({"random": [0.5, 0.5], "margin": [0.6, 0.6]})).values()) == {None}
    assert set(shares(frame({"oracle": [0.5, 0.5], "margin": [0.6, 0.6]})).values()) == {None}


@pytest.mark.parametrize("oracle", [[0.6], [0.5, 0.9], [0.4, 0.4], [0.5, 0.5], [0.5 + 1e-14] * 2])
def test_null_where_the_oracle_is_not_reliably_above_random(oracle):
    # One split; an interval that holds 0 (t_1 = 12.7); below; equal; equal but for rounding.
    table = {"random": [0.5] * len(oracle), "oracle": oracle, "margin": [0.6] * len(oracle)}
    assert set(shares(frame(table)).values()) == {None}


def test_batches_and_datasets_are_apart_and_the_summary_holds_it():
    one = {"random": [0.5, 0.5], "oracle": [0.6, 0.6], "margin": [0.55, 0.55]}
    two = {"random": [0.5, 0.5], "margin": [0.6, 0.6], "oracle": [0.9, 0.9]}
    records = pl.concat([frame(one), frame(two, batch=20), frame({"margin": [0.5]}, dataset="iris")])
    table = summarise(records)
    found = {row[:-1]: row[-1] for row in table.select("dataset", "strategy", "batch", "gap_closed").rows()}
    assert found[("wine", "margin", 10)] == pytest.approx(0.5)
    assert found[("wine", "margin", 20)] == pytest.approx(0.25)
    assert found[("iris", "margin", 10)] is None
    assert table.schema["gap_closed"] == pl.Float64
    assert (
        gap_closed(records)
        .select("dataset", "strategy", "learner", "batch")
        .equals(table.select("dataset", "strategy", "learner", "batch"))
    )


def test_no_records():
    assert gap_closed(pl.DataFrame(schema=SCHEMA)).is_empty()
