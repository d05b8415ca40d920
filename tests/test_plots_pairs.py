"""Verdicts, their matrix, the gap closed and batch sizes, by hand."""

import numpy as np
import polars as pl
import pytest

from askwell.core import SCHEMA, AskwellError
from askwell.plots import batch_sizes, files, gap_closed, verdict_matrix, verdicts


def records(table, splits=6, batches=(10,), noise=0.001):
    """One round each: ``{strategy: accuracy}`` or ``{strategy: {batch: accuracy}}``."""
    rng = np.random.default_rng(0)
    rows = []
    for split in range(splits):
        shift = rng.normal(0, 0.05)  # shared by all strategies of a split
        for name, accuracy in table.items():
            for batch in batches:
                value = accuracy[batch] if isinstance(accuracy, dict) else accuracy
                rows.append(
                    {"dataset": "d", "strategy": name, "learner": "logistic", "batch": batch, "split": split}
                    | {
                        "round": 1,
                        "labels": batch,
                        "accuracy": value + shift + rng.normal(0, noise),
                        "seconds": 0.1,
                    }
                )
    return pl.DataFrame(rows, schema=SCHEMA)


BASIC = {"random": 0.5, "margin": 0.6, "coreset": 0.4, "twin": 0.5}


def test_verdicts_come_best_first_with_a_caption_that_counts():
    found = verdicts.data(records(BASIC))
    assert [(v.strategy, v.verdict) for v in found] == [
        ("margin", "better"),
        ("twin", "equivalent"),
        ("coreset", "worse"),
    ]
    assert verdicts.caption(found).startswith("Against random: 1 better, 1 equivalent, 1 worse. ")
    (panel,) = verdicts.charts(found)
    assert panel.dots[0].value == pytest.approx(0.1, abs=0.002)
    assert panel.shade == (-0.005, 0.005)


def test_verdicts_take_the_first_strategy_where_the_baseline_is_missing():
    table = {"margin": 0.6, "coreset": 0.4}
    assert verdicts.data(records(table))[0].baseline == "margin"
    with pytest.raises(AskwellError, match="needs two strategies"):
        verdicts.data(records({"margin": 0.6}))


def test_matrix_is_antisymmetric_and_best_first():
    found = verdict_matrix.data(records(BASIC))
    assert found.names[0] == "margin"
    assert found.names[-1] == "coreset"
    np.testing.assert_allclose(found.difference, -found.difference.T)
    assert found.difference[0, 3] == pytest.approx(0.2, abs=0.003)
    assert found.word[0] == [None, "better", "better", "better"]
    assert [row[0] for row in found.word] == [None, "worse", "worse", "worse"]
    assert found.word[1][2] == found.word[2][1] == "equivalent"
    assert verdict_matrix.caption(found).startswith("margin is better than 3 of 3 others.")
    (panel,) = verdict_matrix.charts(found)
    assert panel.text[0][3] == f"▲\n+{found.difference[0, 3]:.3f}"
    assert np.isnan(panel.z[0, 0])
    with pytest.raises(AskwellError, match="two strategies or more"):
        verdict_matrix.data(records({"margin": 0.6}))


def test_matrix_of_one_split_tells_no_pair_apart():
    found = verdict_matrix.data(records({"random": 0.5, "margin": 0.6}, splits=1))
    assert found.word[0][1] == "not enough evidence"
    assert verdict_matrix.caption(found).startswith("No pair is told apart.")


def test_gap_closed_by_hand():
    found = gap_closed.data(records({"random": 0.5, "margin": 0.6, "oracle": 0.9}, noise=0.0))
    assert found.rows() == [("d", "margin", pytest.approx(0.25))]
    assert (
        gap_closed.caption(found)
        == "margin closes 25% of the gap between random and the oracle, more than any other."
    )
    (panel,) = gap_closed.charts(found)
    assert panel.dots[0].value == pytest.approx(25)


def test_gap_closed_needs_an_oracle():
    with pytest.raises(AskwellError, match="needs random, the oracle and a third"):
        gap_closed.data(records(BASIC))


def test_batch_sizes_by_hand():
    table = {"random": {1: 0.5, 10: 0.5}, "margin": {1: 0.7, 10: 0.55}, "herding": {1: 0.6, 10: 0.6}}
    found = batch_sizes.data(records(table, batches=(1, 10), noise=0.0))
    assert found.select("strategy", "batch", pl.col("lead").round(6), "splits").rows() == [
        ("margin", 1, 0.2, 6), ("margin", 10, 0.05, 6), ("herding", 1, 0.1, 6), ("herding", 10, 0.1, 6),
    ]  # fmt: skip
    assert batch_sizes.caption(found) == (
        "With batches of 1 margin leads by 0.200, with batches of 10 herding leads by 0.100; 0 is the baseline."
    )
    with pytest.raises(AskwellError, match="one batch size"):
        batch_sizes.data(records(BASIC))


def test_a_baseline_alone_has_no_lead_to_show():
    with pytest.raises(AskwellError, match="A lead needs a strategy besides the baseline random"):
        batch_sizes.data(records({"random": {5: 0.5, 10: 0.6}}, batches=(5, 10)))


def test_names_stay_where_no_pair_is_told_apart():
    """Every verdict is open, so every tile is blank; rows and columns keep their names, in files and on the web."""
    names = ["random", "margin", "coreset"]
    words = [[None if i == j else "not enough evidence" for j in range(3)] for i in range(3)]
    found = verdict_matrix.Matrix(names, words, np.full((3, 3), 0.01))
    drawn = files.draw_all(verdict_matrix.charts(found)).axes[0]
    drawn.figure.canvas.draw()
    assert [label.get_text() for label in drawn.get_yticklabels()] == found.names
    assert [label.get_text() for label in drawn.get_xticklabels()] == found.names
    left, right = drawn.get_xlim()
    assert all(left <= at <= right for at in drawn.get_xticks())
    (web,) = verdict_matrix.plotly(found)
    assert list(web.layout.xaxis.categoryarray) == list(web.layout.yaxis.categoryarray) == found.names
    assert (tuple(web.layout.xaxis.range), tuple(web.layout.yaxis.range)) == ((-0.5, 2.5), (2.5, -0.5))
