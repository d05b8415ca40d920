"""Curves, the summary table and Student's interval."""

import numpy as np
import polars as pl
import pytest
from scipy import stats as scipy_stats

from askwell.core import SCHEMA, AskwellError
from askwell.stats import episodes, mean_intervals, summarise


def rows(dataset, strategy, split, accuracies, batch=10, learner="logistic", seconds=0.5):
    return [
        {
            "dataset": dataset,
            "strategy": strategy,
            "learner": learner,
            "batch": batch,
            "split": split,
            "seed": split,
        }
        | {"round": r, "labels": r * batch, "accuracy": a, "seconds": seconds}
        for r, a in enumerate(accuracies, start=1)
    ]


def frame(*groups):
    return pl.DataFrame([row for group in groups for row in group], schema=SCHEMA)


@pytest.fixture
def records():
    return frame(
        rows("wine", "random", 0, [0.5, 0.7, 0.9]),
        rows("wine", "random", 1, [0.6, 0.6, 0.6]),
        rows("wine", "random", 2, [0.5, 0.5, 0.5]),
        rows("wine", "margin", 0, [0.8, 0.8, 1.0]),
        rows("iris", "margin", 0, [0.4, 0.6, 0.5]),
    )


def test_an_episode_is_its_mean_last_accuracy_and_total_seconds(records):
    first = episodes(records).row(1, named=True)
    assert first == {
        "dataset": "wine",
        "strategy": "random",
        "learner": "logistic",
        "batch": 10,
        "split": 0,
        "aulc": pytest.approx(0.7),
        "final": 0.9,
        "seconds": 1.5,
    }


def test_episodes_come_by_dataset_then_by_first_appearance_of_the_strategy(records):
    order = episodes(records).select("dataset", "strategy", "split").rows()
    assert order == [
        ("iris", "margin", 0),
        ("wine", "random", 0),
        ("wine", "random", 1),
        ("wine", "random", 2),
        ("wine", "margin", 0),
    ]


def test_the_order_of_the_rows_changes_no_number(records):
    names = ["dataset", "strategy", "split"]
    for seed in range(5):
        shuffled = episodes(records.sample(fraction=1, shuffle=True, seed=seed))
        assert shuffled.sort(names).equals(episodes(records).sort(names))


def test_no_records_give_no_rows():
    assert episodes(pl.DataFrame(schema=SCHEMA)).is_empty()
    assert summarise(pl.DataFrame(schema=SCHEMA)).is_empty()


@pytest.mark.parametrize("hole", [None, float("nan")])
def test_a_missing_accuracy_is_an_error(hole):
    with pytest.raises(AskwellError, match="no accuracy"):
        episodes(frame(rows("wine", "random", 0, [0.5, hole])))


def test_summary_has_hand_computed_values(records):
    row = summarise(records).row(1, named=True)
    # Three splits, 0.7, 0.6 and 0.5: mean 0.6, s/√3 = 0.0577, t_2 = 4.3027.
    assert row["aulc"] == pytest.approx(0.6)
    assert row["aulc_low"] == pytest.approx(0.6 - 4.3027 * 0.1 / 3**0.5, abs=1e-5)
    assert row["aulc_high"] == pytest.approx(0.6 + 4.3027 * 0.1 / 3**0.5, abs=1e-5)
    assert row["final"] == pytest.approx(2 / 3)
    assert row["seconds"] == pytest.approx(1.5)
    assert row["splits"] == 3


def test_two_splits_are_too_few_for_an_interval(records):
    row = summarise(records.filter(pl.col("split") < 2)).row(1, named=True)
    assert (row["aulc_low"], row["aulc_high"], row["splits"]) == (None, None, 2)


def test_one_split_has_no_interval(records):
    row = summarise(records).row(0, named=True)
    assert (row["aulc_low"], row["aulc_high"], row["splits"]) == (None, None, 1)


def test_batches_and_learners_are_rows_of_their_own():
    records = frame(
        rows("wine", "random", 0, [0.5]),
        rows("wine", "random", 0, [0.6], batch=20),
        rows("wine", "random", 0, [0.7], learner="nearest"),
    )
    assert summarise(records).select("learner", "batch", "aulc").rows() == [
        ("logistic", 10, 0.5),
        ("logistic", 20, 0.6),
        ("nearest", 10, 0.7),
    ]


@pytest.mark.parametrize("confidence", [0.8, 0.95])
@pytest.mark.parametrize("n", [2, 5, 40])
def test_interval_agrees_with_scipy(n, confidence):
    values = np.random.default_rng(n).normal(size=n)
    found = mean_intervals(pl.DataFrame({"g": "a", "v": values}), ["g"], "v", confidence)
    low, high = scipy_stats.t.interval(confidence, n - 1, values.mean(), scipy_stats.sem(values))
    assert found["v_low"].item() == pytest.approx(low)
    assert found["v_high"].item() == pytest.approx(high)


def test_equal_values_have_an_interval_of_no_width():
    found = mean_intervals(pl.DataFrame({"g": ["a"] * 4, "v": [0.5] * 4}), ["g"], "v")
    assert found.row(0) == ("a", 0.5, 0.5, 0.5, 4)
