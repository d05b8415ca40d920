"""The printed table: readable in 80 columns, names as they are."""

import io
import json

import polars as pl
import pytest
from rich.console import Console

from askwell import Result, Spec
from askwell.core import SCHEMA

NAMES = ("random", "[bold]mine[/bold] and a name that is far too long for a column")


GAIN = {"random": 0.1, "oracle": 0.3, "margin": 0.2}


def result(datasets, strategies=NAMES, learners=("logistic",), splits=3) -> Result:
    rows = [
        {
            "dataset": d,
            "strategy": s,
            "learner": learner,
            "batch": 5,
            "split": i,
            "round": 1,
            "labels": 5,
            "accuracy": 0.5 + GAIN.get(s, 0.0),
        }
        for d in datasets
        for s in strategies
        for learner in learners
        for i in range(splits)
    ]
    spec = Spec.make(datasets=list(datasets), strategies=strategies, learners=learners)
    return Result(spec, pl.DataFrame(rows, schema=SCHEMA).with_columns(seconds=pl.lit(0.1)))


def printed(result: Result, width: int = 80, **settings) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=width, **settings).print(result.rich(width))
    return file.getvalue().splitlines()


@pytest.mark.parametrize("count", [1, 3, 10])
def test_every_dataset_is_readable_in_80_columns(count):
    datasets = [f"data{i}" for i in range(count)]
    lines = printed(result(datasets))
    assert all(len(line) <= 80 for line in lines)
    heads = " ".join(line for line in lines if "strategy" in line)
    assert [heads.count(name) for name in datasets] == [1] * count
    assert heads.count("mean") == (count > 1)
    assert "\n".join(lines).count("0.6000 ± 0.0000") == count  # whole cells, never folded


def test_a_dataset_with_a_very_long_name_is_folded():
    lines = printed(result(["x" * 100, "y"]))
    assert all(len(line) <= 80 for line in lines)
    assert sum(line.count("x") for line in lines) == 100


def test_names_are_no_markup():
    assert "[bold]mine[/bold]" in "".join(printed(result(["[red]iris"])))
    assert "[red]iris" in "".join(printed(result(["[red]iris"])))


def test_the_best_is_bold():
    file = io.StringIO()
    Console(file=file, force_terminal=True, color_system="standard").print(result(["iris"]).rich())
    assert "\x1b[1m0.6000 ± 0.0000\x1b[0m" in file.getvalue()
    assert "\x1b[1m0.5000" not in file.getvalue()


def test_learners_and_batches_have_columns_where_they_differ():
    lines = printed(result(["iris"], ("random", "margin"), ("logistic", "sklearn:RandomForestClassifier")))
    text = "\n".join(lines)
    assert "learner" in text
    assert "batch" not in text
    assert text.count("sklearn:RandomForestClassifier") == 2


def test_json_names_the_learner_where_there_are_several():
    several = result(["iris"], ("random",), ("logistic", "mlp"))
    assert [row["learner"] for row in json.loads(several.json())["rows"]] == ["logistic", "mlp"]
    assert "learner" not in json.loads(result(["iris"]).json())["rows"][0]


def test_one_split_has_no_interval():
    assert not any("±" in line for line in printed(result(["iris"], splits=1)))


def test_the_gap_closed_is_shown_where_it_is_known():
    text = "\n".join(printed(result(["iris"], ("random", "margin", "oracle"))))
    assert "gap from random to the oracle" in text
    assert "0.7000 ± 0.0000   50%" in text
    assert "0.8000 ± 0.0000  100%" in text
    without = result(["iris"], ("random", "margin"))
    assert "%" not in "\n".join(printed(without)).replace("95 %", "")
    assert [row["gap_closed"] for row in json.loads(without.json())["rows"]] == [None, None]
    rows = json.loads(result(["iris"], ("random", "margin", "oracle")).json())["rows"]
    assert [row["gap_closed"] for row in rows] == pytest.approx([0.0, 0.5, 1.0])


def test_json_holds_the_bayesian_probabilities_from_five_datasets_on():
    (few,) = json.loads(result(["a", "b"], ("random", "margin")).json())["verdicts"]
    (many,) = json.loads(result(list("abcdefgh"), ("random", "margin")).json())["verdicts"]
    names = ("p_better", "p_equivalent", "p_worse")
    assert [few[name] for name in names] == [None] * 3
    assert sum(many[name] for name in names) == pytest.approx(1)
    assert many["p_better"] > 0.9
