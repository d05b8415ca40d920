"""Learning curves where strategies spend differently."""

import polars as pl
import pytest

from askwell.core import SCHEMA
from askwell.stats import at_labels, episodes


def stream(strategy, paid, accuracy, start=0, batch=4, budget=12):
    cell = {"dataset": "d", "strategy": strategy, "learner": "l", "batch": batch, "split": 0, "seconds": 1.0}
    before = [start, *paid[:-1]]
    return [
        {**cell, "round": i + 1, "turn": 5 * (i + 1), "labels": labels, "budget": budget, "accuracy": value,
         "picks": ["x"] * (labels - last)}
        for i, (labels, last, value) in enumerate(zip(paid, before, accuracy, strict=True))
    ]  # fmt: skip


def frame(*episodes):
    return pl.DataFrame([row for episode in episodes for row in episode], schema=SCHEMA)


def test_an_episode_has_its_last_accuracy_that_cost_no_more():
    records = frame(
        stream("all", [5, 10, 12, 12], [0.5, 0.6, 0.7, 0.7]),
        stream("few", [1, 3, 3, 7], [0.2, 0.3, 0.3, 0.8]),
    )
    found = at_labels(records).sort("strategy", "labels")
    assert found.select("strategy", "labels", "accuracy").rows() == [
        ("all", 8, 0.5), ("all", 12, 0.7),
        ("few", 4, 0.3), ("few", 8, 0.8), ("few", 12, 0.8),
    ]  # fmt: skip
    area = dict(episodes(records).select("strategy", "aulc").rows())
    assert area["all"] == pytest.approx((0.5 + 0.7) / 2)
    assert area["few"] == pytest.approx((0.3 + 0.8 + 0.8) / 3)


def test_start_labels_are_not_counted_from():
    records = frame(
        stream("a", [6, 8, 14], [0.5, 0.6, 0.7], start=2, budget=14),
        stream("b", [3, 9, 10], [0.4, 0.5, 0.6], start=2, budget=14),
    )
    assert sorted(set(at_labels(records)["labels"])) == [6, 10, 14]


def test_equal_rounds_are_the_records_own():
    records = frame(stream("a", [4, 8, 12], [0.1, 0.2, 0.4]), stream("b", [4, 8, 12], [0.3, 0.2, 0.4]))
    assert at_labels(records)["accuracy"].equals(records["accuracy"])
    assert episodes(records)["aulc"].to_list() == [
        records["accuracy"][:3].mean(),
        records["accuracy"][3:].mean(),
    ]
