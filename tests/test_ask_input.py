"""What `askwell ask` refuses, in one sentence and with exit code 2, and what it writes."""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import ClassVar

import numpy as np
import polars as pl
import pytest

import askwell
from askwell import cli
from askwell.core import AskwellError
from askwell.strategies import Margin

N = 20
X = np.random.default_rng(0).normal(size=(N, 3)).astype(np.float32)
EVEN = np.full((N, 2), 0.5)


def spoilt(array, row, value):
    array = array.copy()
    array[row, 1] = value
    return array


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"batch": 21}, "20 rows, 20 of them without a label, and --batch is 21; ask for at most 20"),
        ({"labels": {"1": "a", "2": "b"}, "batch": 19}, "18 of them without a label"),
        ({"labels": {"1": "a", "x9": "b", "x7": "b"}}, "2 of its ids are not in pool, the first being 'x9'"),
        ({"labels": {"-1": "a"}}, "one of its ids is not in pool"),
        ({"proba": EVEN[:19]}, r"shape \(19, 2\); give floats of shape \[20, classes\]"),
        ({"proba": EVEN[:, :1]}, "the probabilities are"),
        ({"proba": spoilt(EVEN, 4, 0.6)}, "row 4 .* sums to 1.1, not to one"),
        ({"proba": spoilt(EVEN, 5, np.nan)}, "row 5 .* NaN or infinite"),
        ({"proba": spoilt(EVEN, 6, -0.5)}, "row 6 .* negative"),
        ({"proba": EVEN, "labels": {"1": "a", "2": "b", "3": "c"}}, "2 columns and the labels have 3 classes"),
        ({"proba": EVEN, "classes": ["a"]}, "1 classes and --proba has 2 columns"),
        ({"proba": EVEN, "classes": ["a", "b"], "labels": {"1": "c"}}, "Unknown class 'c'"),
        ({"proba": EVEN, "strategy": "qbc"}, "refits the learner"),
        ({"classes": ["a", "b"]}, "--classes names the columns of --proba"),
        ({"strategy": "margn"}, "Unknown strategy 'margn'. Did you mean 'margin'"),
        ({"learner": "logstic"}, "Unknown learner 'logstic'"),
        ({"candidates": 2, "batch": 3}, "--candidates is 2 and --batch 3"),
        ({"batch": 0}, "give at least 1"),
        ({"seed": -1}, "seed is -1"),
        ({"features": 0}, "features is 0"),
        ({"out": "x.txt"}, "ends in '.txt'; give a file ending in .csv or .jsonl"),
        ({"out": "/no/such/folder/x.csv"}, "its folder does not exist"),
    ],
)  # fmt: skip
def test_refused(settings, sentence):
    with pytest.raises(AskwellError, match=sentence):
        askwell.ask(X, **{"batch": 3, **settings})


def test_numbers_that_are_no_classes():
    x = np.random.default_rng(0).normal(size=(40, 3))
    with pytest.raises(AskwellError, match=r"regression target \(30 distinct"):
        askwell.ask(x, labels={str(i): f"{i}.5" for i in range(30)}, batch=3)
    assert len(askwell.ask(x, labels={str(i): f"{i}.0" for i in range(30)}, batch=3).ids) == 3


class Cheat(Margin):
    cheats: ClassVar[bool] = True


def test_strategies_that_cheat_are_refused():
    with pytest.raises(AskwellError, match="'margin' looks at labels that nobody has given"):
        askwell.ask(X, strategy=Cheat(), batch=3)
    with pytest.raises(AskwellError, match="'oracle' looks at labels that nobody has given"):
        askwell.ask(X, strategy="oracle", batch=3)


def test_too_many_rows_for_a_strategy_that_is_not_large(monkeypatch):
    monkeypatch.setattr("askwell.asking.candidates.MOST", 15)
    with pytest.raises(AskwellError, match="typicality can look at 15 rows at most, and 20 candidates"):
        askwell.ask(X, strategy="typicality", batch=3)
    assert len(askwell.ask(X, strategy="typicality", batch=3, candidates=10).ids) == 3
    assert len(askwell.ask(X, strategy="margin", batch=3).ids) == 3


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_embeddings_must_be_finite(tmp_path, value):
    np.save(tmp_path / "x.npy", spoilt(spoilt(X, 7, value), 11, value))
    with pytest.raises(
        AskwellError, match=r"x.npy: row 7 \(counted from 0, id '7'\) has a NaN or infinite value"
    ):
        askwell.ask(tmp_path / "x.npy", batch=3)


@pytest.mark.parametrize("name", ["x", "proba"])
def test_a_file_cut_short(tmp_path, name):
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "proba.npy", EVEN)
    path = tmp_path / f"{name}.npy"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(AskwellError, match=rf"{name}.npy: not a readable NumPy file .*cut short"):
        askwell.ask(tmp_path / "x.npy", proba=tmp_path / "proba.npy", batch=3)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run the command in a folder of its own; exit code, what was printed, what was said."""
    monkeypatch.chdir(tmp_path)
    ask = importlib.import_module("askwell.asking.ask")  # the name in the package is the function's
    monkeypatch.setattr(ask, "compilation_cache", lambda: None)

    def go(*words, **files):
        for name, content in files.items():
            (tmp_path / name.replace("_", ".")).write_text(content)
        monkeypatch.setattr(sys, "argv", ["askwell", "ask", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        return left.value.code, *capsys.readouterr()

    return go


POOL = "id,a,b,kind\n" + "".join(f"r{i},{i % 7},{i * i % 11},{'ant' if i < 3 else ''}\n" for i in range(N))


def test_a_ceiling_is_refused_in_one_sentence(run):
    code, out, err = run("pool.csv", "--strategy", "oracle", "--batch", 3, pool_csv=POOL)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "'oracle' looks at labels that nobody has given yet" in err


def test_an_id_labelled_twice(run):
    code, out, err = run(
        "pool.csv",
        "--labels",
        "l.csv",
        "--label",
        "kind",
        "--batch",
        2,
        pool_csv=POOL,
        l_csv="id,kind\nr9,ant\nr9,ant\nr2,bee\n",
    )
    assert (code, out) == (2, "")
    assert err == "askwell: l.csv: id 'r2' is labelled 'ant' and 'bee'; keep one of the two.\n"
    code, _, _ = run(
        "pool.csv",
        "--labels",
        "l.csv",
        "--label",
        "kind",
        "--batch",
        2,
        pool_csv=POOL,
        l_csv="id,kind\nr9,bee\nr9,bee\nr2,ant\n",
    )
    assert code == 0


def test_a_label_column_that_is_not_there(run):
    code, _, err = run("pool.csv", "--label", "sort", "--batch", 2, pool_csv=POOL)
    assert code == 2
    assert "no label column 'sort' (its columns: a, b, kind)" in err
    code, _, err = run(
        "pool.csv",
        "--labels",
        "l.csv",
        "--label",
        "sort",
        "--batch",
        2,
        pool_csv=POOL,
        l_csv="id,kind\nr9,ant\n",
    )
    assert code == 2
    assert "l.csv: Unknown label column 'sort'" in err


def test_labels_never_become_features(run):
    """A pool whose label column is called otherwise than the labels file's."""
    full = POOL.replace("kind", "label")
    code, _, err = run(
        "pool.csv",
        "--labels",
        "l.csv",
        "--label",
        "answer",
        "--batch",
        17,
        pool_csv=full,
        l_csv="id,answer\nr9,bee\n",
    )
    assert code == 2
    assert "16 of them without a label" in err  # 3 in the pool, 1 in the file


def test_a_pool_whose_own_column_labels_it_all_is_told_so(run):
    full = "id,a,target\n" + "".join(f"r{i},{i / 7},{'ab'[i % 2]}\n" for i in range(20))
    code, _, err = run("pool.csv", "--batch", 3, pool_csv=full)
    assert code == 2
    assert "All 20 rows of the pool have a label, in its own column" in err


def test_a_column_that_gives_the_answers_away_is_named(tmp_path):
    rng = np.random.default_rng(0)
    words, digits = rng.choice(["cat", "dog"], 40), rng.choice(["0", "1"], 40)
    pool = pl.DataFrame({"id": [f"r{i}" for i in range(40)], "size": rng.normal(size=40), "animal": words})

    def said(pool, answers, some=9):
        labels = {f"r{i}": answers[i] for i in range(some)}
        return askwell.ask(pool, labels=labels, strategy="margin", batch=3).notes

    pool.write_csv(tmp_path / "mixed.csv")
    leak = (
        "mixed: column 'animal' holds the very label of all 9 labelled rows; if it is the label, leave it out"
    )
    assert [note[: len(leak)] for note in said(tmp_path / "mixed.csv", words)][:-2] == [leak]
    assert (
        len(said(tmp_path / "mixed.csv", words, some=4)) == 2
    )  # as well an accident; it counts the labels, and judges
    assert len(said(tmp_path / "mixed.csv", digits)) == 2
    numbers = pool.with_columns(animal=pl.Series(digits).cast(pl.Float32))
    numbers.write_parquet(tmp_path / "numbers.parquet")
    assert "numbers: column 1 (from 0) holds" in said(tmp_path / "numbers.parquet", digits)[0]
    numbers.write_csv(tmp_path / "numbers.csv")
    assert "numbers: column 'animal' holds" in said(tmp_path / "numbers.csv", digits)[0]


def test_a_newcomer_goes_round_twice(run, tmp_path):
    words = ("pool.csv", "--label", "kind", "--batch", 4, "--out")
    code, out, _ = run(*words, "first.csv", pool_csv=POOL)
    assert (code, out) == (
        0,
        "4 rows to label in first.csv: type into its label column, then run this again.\n",
    )
    first = (tmp_path / "first.csv").read_text().splitlines()
    assert first[0].startswith("id,kind,rank,predicted,")
    answered = "\n".join(
        [first[0], *(line.replace(",,", ",bee," if i else ",,", 1) for i, line in enumerate(first[1:]))]
    )
    code, out, err = run(*words, "second.jsonl", "--labels", "l.csv", l_csv=answered + "\n")
    counts, judged = err.splitlines()
    assert (code, counts) == (0, "6 of 20 rows have a label: ant 3, bee 3.")
    assert judged.startswith("Accuracy now: ")
    second = [json.loads(line) for line in (tmp_path / "second.jsonl").read_text().splitlines()]
    asked = {line.split(",")[0] for line in first[2:]} | {"r0", "r1", "r2"}
    assert [row["rank"] for row in second] == [1, 2, 3, 4]
    assert not {row["id"] for row in second} & asked
    assert {row["predicted"] for row in second} <= {"ant", "bee"}
    assert not list(tmp_path.glob(".part-*"))


def test_printed_and_sampled(run):
    code, out, err = run("pool.csv", "--label", "kind", "--batch", 2, "--candidates", 5, pool_csv=POOL)
    assert code == 0
    assert len(out.splitlines()) == 3
    assert err.splitlines() == [
        "3 of 20 rows have a label: ant 3.",
        "uherding chose among 5 of 17 rows, drawn at random by --seed; --candidates changes that.",
    ]


def test_what_is_read_is_never_overwritten(run, tmp_path):
    code, _, err = run("pool.csv", "--label", "kind", "--batch", 2, "--out", "./pool.csv", pool_csv=POOL)
    assert code == 2
    assert "choose another file" in err
    assert (tmp_path / "pool.csv").read_text() == POOL


def test_nothing_half_written(run, tmp_path, monkeypatch):
    replace = os.replace

    def full(source, target):
        if Path(target).name == "o.csv":
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    code, _, err = run("pool.csv", "--label", "kind", "--batch", 2, "--out", "o.csv", pool_csv=POOL)
    assert code == 2
    assert "No space left" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == [".askwell", "pool.csv"]
    assert not list(tmp_path.rglob(".part-*"))
