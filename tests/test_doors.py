"""What is in memory already goes in by the same doors as files: frames, pairs, texts, estimators, functions."""

import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from sklearn.naive_bayes import GaussianNB

import askwell
from askwell.data import Matrix, encode, fit_encoder, load, rows_of
from askwell.strategies import Margin

N = 60
X = np.random.default_rng(0).normal(size=(N, 4))
Y = np.array(["ant", "bee", "cat"])[np.argmax(X[:, :3], axis=1)]
TEXTS = [f"the {word} number {i % 7} sat on mat {i % 5}" for i, word in enumerate(Y)]
SMALL: dict[str, Any] = {"splits": 3, "rounds": 2, "batches": 3}


def first(pool, labels, q):
    """Of the rows that are left the first."""
    return np.flatnonzero(labels == -1)[:q]


class Mine(Margin):
    """A strategy that no registry knows."""

    name = "mine"


def frame():
    return pd.DataFrame(X, columns=["a", "b", "c", "d"]).assign(kind=["u", "v", None] * 20)


@pytest.fixture
def files(tmp_path, monkeypatch):
    frame().assign(label=Y).to_csv(tmp_path / "pool.csv", index=False)
    frame().assign(label=Y).to_parquet(tmp_path / "pool.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("made", [lambda f: f, pl.from_pandas, lambda f: pl.from_pandas(f).to_arrow()])
def test_a_frame_is_the_file_that_it_would_be_saved_as(files, made):
    given, read = rows_of("pool", made(frame()), Y, labelled=True), load("pool.csv")
    np.testing.assert_array_equal(encode(given).x, encode(read).x)
    assert given.labels.tolist() == read.labels.tolist()


def test_ids_come_from_the_id_column_else_the_index_else_from_what_is_given():
    own = [f"r{row}" for row in range(N)]
    assert rows_of("pool", frame().assign(ID=own)).ids.tolist() == own
    assert rows_of("pool", frame().set_axis(own, axis=0)).ids.tolist() == own
    assert rows_of("pool", frame(), ids=own).ids.tolist() == own
    assert rows_of("pool", X, ids=own).ids.tolist() == own
    assert rows_of("pool", frame()).ids.tolist() == [str(row) for row in range(N)]


def test_texts_are_prose_however_short():
    words = ["good", "bad", "so so"] * 20
    encoder, x = fit_encoder(rows_of("pool", words))
    assert len(np.unique(x.round(5), axis=0)) == 3
    np.testing.assert_allclose(encoder.transform(rows_of("pool", words[:5]).features), x[:5], atol=1e-5)


def test_a_sparse_matrix_is_encoded_as_its_dense_twin_is_decomposed():
    sparse = scipy.sparse.random(N, 200, 0.1, random_state=0)
    rows = rows_of("pool", sparse)
    assert isinstance(rows, Matrix)
    encoder, x = fit_encoder(rows, 10)
    u, s, _ = np.linalg.svd(sparse.toarray(), full_matrices=False)
    expected = u[:, :10] * s[:10]
    expected = expected - expected.mean(axis=0)
    expected /= np.sqrt(np.mean(expected.var(axis=0)))
    # The decomposition is a randomised one: the same lengths, to the precision that it has.
    np.testing.assert_allclose((x**2).sum(axis=1), (expected**2).sum(axis=1), rtol=0.35)
    np.testing.assert_allclose(encoder.transform(sparse.tocsr()[:7]), x[:7], atol=1e-5)


@pytest.mark.parametrize("features", [2, 64])
@pytest.mark.parametrize(
    "pool", [X, frame(), pl.from_pandas(frame()), TEXTS, frame().assign(day=pd.date_range("2020", periods=N))]
)
def test_an_encoder_gives_further_rows_the_numbers_that_it_gave_these(pool, features):
    rows = rows_of("pool", pool)
    encoder, x = fit_encoder(rows, features)
    raw = rows.x if isinstance(rows, Matrix) else rows.features
    np.testing.assert_allclose(encoder.transform(raw[:9]), x[:9], atol=1e-4)


def test_compare_takes_pairs_frames_functions_and_estimators(files):
    from_file = askwell.compare("pool.csv", strategies="random", learners="sklearn:GaussianNB", **SMALL)
    pair = askwell.compare((frame(), Y), strategies=["random", first], learners=GaussianNB(), **SMALL)
    whole = askwell.compare({"pool": frame().assign(label=Y)}, strategies={"random": "random"}, **SMALL)
    picks = {}
    for name, result in (("file", from_file), ("pair", pair), ("whole", whole)):
        picks[name] = result.records.filter(pl.col("strategy") == "random")["picks"].to_list()
    assert picks["file"] == picks["pair"] == picks["whole"]
    assert pair.records["learner"].unique().to_list() == ["GaussianNB"]
    firsts = pair.records.filter(pl.col("strategy") == "first")["picks"].list.len()
    assert firsts.to_list() == [3] * 6


def test_a_function_decides_in_ask_too():
    labels = {str(row): Y[row] for row in range(10)}
    assert askwell.ask(X, labels=labels, strategy=first, batch=3).rows.tolist() == [10, 11, 12]


def test_a_strategy_goes_by_its_path(files, monkeypatch, capsys):
    (files / "rules_of_mine.py").write_text(
        "from askwell.strategies import Margin\nclass Mine(Margin):\n    name = 'mine'\n"
        "def first(pool, labels, q):\n    return (labels == -1).nonzero()[0][:q]\nSIZE = 3\n"
    )
    same = askwell.ask(X, strategy="rules_of_mine:Mine", batch=3)
    assert same.ids == askwell.ask(X, strategy="margin", batch=3).ids
    assert askwell.ask(X, strategy="rules_of_mine:first", batch=2).ids == ("0", "1")
    assert str(files) not in sys.path
    for wrong, said in (
        ("rules_of_mine:Mene", "Did you mean 'Mine'"),
        ("rules_of_mine:SIZE", "give a name"),
        ("no_such_module:Mine", "cannot be imported"),
    ):
        with pytest.raises(askwell.AskwellError, match=said):
            askwell.ask(X, strategy=wrong)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (lambda pool, labels, q: [1] * q, "twice"),
        (lambda pool, labels, q: [5], "3 row numbers"),
        (lambda pool, labels, q: ["a", "b", "c"], "3 row numbers"),
        (lambda pool, labels, q: [N, 1, 2], f"row {N}, which was asked already or does not exist"),
        (lambda pool, labels, q: [0, 1, 2], "row 0, which was asked already"),
        (lambda pool, labels, q: 1 / 0, "division by zero"),
        (lambda pool: [], "positional"),
    ],
)
def test_nonsense_of_a_function_is_one_sentence(query, said, capfd):
    with pytest.raises(askwell.AskwellError, match=said):
        askwell.ask(X, labels={"0": "ant"}, strategy=query, batch=3)


@pytest.mark.parametrize(
    "pool", [3, None, {"a": [1]}, [1, 2], np.zeros((3, 2, 2)), np.array(["a"], object)[:0]]
)
def test_what_is_no_pool_is_named(pool):
    with pytest.raises(askwell.AskwellError, match=r"pool is \w+.*give a path, numbers"):
        askwell.ask(pool)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"data": [(X, Y), (X, Y)]}, "no name"),
        ({"data": (X, Y[:5])}, "labels: 5, rows: 60"),
        ({"data": X}, "no column is called label"),
        ({"data": (X, Y), "strategies": [3]}, "The strategy is 3"),
        ({"data": (X, Y), "strategies": [first, first]}, "the same name"),
        ({"data": (X, Y), "learners": 3}, "The learner is 3"),
        ({"data": (scipy.sparse.eye(N).tocsr(), Y)}, "sparse"),
    ],
)
def test_what_compare_cannot_use_is_named(settings, said):
    with pytest.raises(askwell.AskwellError, match=said):
        askwell.compare(**settings)
