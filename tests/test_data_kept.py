"""A pool's encoding is kept beside it, and is never the wrong one."""

import os

import numpy as np
import polars as pl
import pytest

import askwell
from askwell.asking import pool as pools
from askwell.asking.pool import Reading, encode_pool, open_pool, read_pool
from askwell.data import encoder
from askwell.data.kept import FOLDER, KeptTable

N = 40
X = np.random.default_rng(0).normal(size=(N, 3))
FRAME = pl.DataFrame(
    {
        "id": [f"r{i}" for i in range(N)],
        "a": X[:, 0],
        "b": [None if i % 9 == 0 else x for i, x in enumerate(X[:, 1])],
        "kind": ["u", "v"] * (N // 2),
        "code": [f"code{i}" for i in range(N)],
        "label": [None if i > 5 else "ab"[i % 2] for i in range(N)],
    }
)


@pytest.fixture
def path(tmp_path):
    FRAME.write_csv(tmp_path / "pool.csv")
    return tmp_path / "pool.csv"


@pytest.fixture
def encoded(monkeypatch):
    """How often a pool was encoded."""
    calls = []
    own = encoder.Encoder.fit_transform
    monkeypatch.setattr(encoder.Encoder, "fit_transform", lambda *args: calls.append(1) or own(*args))
    return calls


def test_the_second_time_nothing_is_read_or_encoded_and_all_is_the_same(path, encoded, monkeypatch):
    first, labels = askwell.ask(path, batch=3), {"r20": "a", "r21": "b"}
    with monkeypatch.context() as patch:
        patch.setattr(pools, "load_pool", None)
        again = askwell.ask(path, batch=3)
    assert (first.ids, first.notes, first.frame.rows()) == (again.ids, again.notes, again.frame.rows())
    assert len(encoded) == 1
    session = askwell.Session(path, labels=labels)  # there are labels apart: it is read in another way
    assert len(encoded) == 2
    assert session.status().labels == 8


def test_what_is_kept_is_what_was_read(path):
    reading = Reading()
    rows = read_pool(path, reading)
    _, x = encode_pool(path, reading, rows)
    kept, same = open_pool(path, reading)
    assert isinstance(kept, KeptTable)
    np.testing.assert_array_equal(same, x)
    for name in ("name", "label", "dropped", "notes"):
        assert getattr(kept, name) == getattr(rows, name)
    assert kept.ids.tolist() == rows.ids.tolist()
    assert kept.labels.tolist() == rows.labels.tolist()
    cells = kept.cells(np.array([3, 9]))
    assert cells["kind"].tolist() == ["v", "v"]
    np.testing.assert_allclose(cells["a"], X[[3, 9], 0])


def test_a_column_that_gives_the_answers_away_is_named_the_second_time_too(path):
    FRAME.drop("label").write_csv(path)
    labels = {f"r{i}": "uv"[i % 2] for i in range(10, 20)}
    first, again = (askwell.ask(path, labels=labels, label="answer", batch=3).notes for _ in range(2))
    assert first == again
    assert any("column 'kind' holds the very label" in note for note in again)


@pytest.mark.parametrize(
    "change",
    [
        lambda path: FRAME.with_columns(a=pl.col("a") + 1.5 * pl.col("a").abs()).write_csv(path),
        lambda path: [p.write_bytes(p.read_bytes()[:300]) for p in (path.parent / FOLDER).glob("*.arrow")],
        lambda path: [p.write_bytes(b"") for p in (path.parent / FOLDER).glob("*.arrow")],
        lambda path: [p.unlink() for p in (path.parent / FOLDER).glob("*.arrow")],
    ],
    ids=["another pool", "cut short", "empty", "deleted"],
)
def test_what_does_not_fit_is_encoded_anew(path, encoded, change):
    askwell.ask(path, batch=3)
    change(path)
    fresh = askwell.ask(pl.read_csv(path), batch=3)
    assert askwell.ask(path, batch=3).ids == fresh.ids
    assert len(encoded) == 3
    assert len(list((path.parent / FOLDER).glob("*.arrow"))) == 1


@pytest.mark.parametrize(
    "options", [{"features": 2}, {"ignore": ["a"]}, {"features_from": ["a"]}, {"id": "code"}]
)
def test_other_options_are_another_encoding(path, options):
    askwell.ask(path, batch=3)
    assert askwell.ask(path, batch=3, **options).ids == askwell.ask(pl.read_csv(path), batch=3, **options).ids


def test_where_nothing_can_be_kept_nothing_is(path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    first = askwell.ask(path, batch=3)
    assert askwell.ask(path, batch=3).ids == first.ids
    assert not list((path.parent / FOLDER).rglob("*.arrow"))


def test_git_does_not_see_what_is_kept(path):
    askwell.ask(path, batch=3)
    assert (path.parent / FOLDER / ".gitignore").read_text() == "*\n"


def test_a_classifier_of_raw_rows_is_there_though_the_encoder_was_not_kept(path):
    first, again = (askwell.Session(path, strategy="random") for _ in range(2))
    assert first.estimator().predict(path).tolist() == again.estimator().predict(path).tolist()
    assert again.estimator().predict(path).tolist() == again.predict().tolist()
