"""From a table to numbers."""

import dataclasses
import hashlib
import pathlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from askwell.core import AskwellError
from askwell.data import Table, encode, load, thinned


def table(columns: dict, labels=None, **more) -> Table:
    frame = pd.DataFrame(columns)
    count = len(frame)
    labels = [f"c{i % 2}" for i in range(count)] if labels is None else labels
    ids = np.array([f"r{i}" for i in range(count)], dtype=object)
    return Table("t", frame, np.array(labels, dtype=object), ids, **more)


def mixed(rows: int = 60, seed: int = 0) -> Table:
    rng = np.random.default_rng(seed)
    numbers = rng.normal(3, 5, rows)
    numbers[::7] = np.nan
    words = rng.choice(["red", "green", "blue"], rows).astype(object)
    words[::9] = None
    prose = [" ".join(rng.choice(["cat", "dog", "sun", "moon", "rain"], 6)) for _ in range(rows)]
    return table({"a": numbers, "b": rng.integers(0, 9, rows) * 1.0, "w": words, "t": prose})


def test_numbers_are_standardised_by_hand():
    a, b = np.array([1.0, 2, 3, 4, 10, 0]), np.array([-5.0, 0, 5, 5, 0, 1e6])
    expected = np.stack([(v - v.mean()) / v.std() for v in (a, b)], axis=1)
    np.testing.assert_allclose(encode(table({"a": a, "b": b})).x, expected, rtol=1e-6, atol=1e-7)


def test_missing_numbers_become_the_median_and_say_so():
    a = np.array([1.0, 2, np.nan, 4, 100])
    filled = np.array([1.0, 2, 3, 4, 100])
    gap = np.array([0.0, 0, 1, 0, 0]) - 0.2
    raw = np.stack([(filled - filled.mean()) / filled.std(), gap], axis=1)
    np.testing.assert_allclose(encode(table({"a": a})).x, raw / np.sqrt(raw.var(0).mean()), rtol=1e-6)


def test_categories_are_one_hot_and_missing_is_one():
    x = encode(table({"w": ["u", "v", None, "u", "v", None]})).x
    raw = np.eye(3)[[1, 2, 0, 1, 2, 0]] - 1 / 3  # sorted: missing, u, v
    np.testing.assert_allclose(x, raw / np.sqrt(raw.var(0).mean()), rtol=1e-6)


def test_a_binary_category_or_boolean_is_one_column():
    assert encode(table({"w": ["u", "v"] * 3})).x.shape == (6, 1)
    assert encode(table({"w": [True, False] * 3})).x.shape == (6, 1)


def test_rare_categories_share_a_column():
    rng = np.random.default_rng(0)
    assert encode(table({"w": [f"k{i}" for i in rng.integers(0, 60, 600)]})).x.shape == (600, 32)


def test_dates_are_numbers():
    days = pd.to_datetime(["2024-01-01", "2024-01-02", None, "2024-01-04", "2024-01-11"])
    hours = np.array([0.0, 1, np.nan, 3, 10])
    np.testing.assert_allclose(encode(table({"a": days})).x, encode(table({"a": hours})).x, rtol=1e-5)


def test_prose_becomes_topics():
    texts = [f"{'cats purr softly' if i % 2 else 'rockets fly high'} {i}" for i in range(40)]
    first = encode(table({"t": texts}), features=2).x[:, 0]
    assert len(set(np.sign(first[::2]))) == 1
    assert (np.sign(first[::2]) == -np.sign(first[1::2])).all()
    assert abs(first[0] - first[1]) > 10 * np.std(first[::2])


@pytest.mark.parametrize("word", ["… ! ?", "a a a"])
def test_prose_without_words_or_variation(word):
    texts = [word + " !" * i for i in range(30)]
    t = table({"t": texts, "a": np.arange(30.0)})
    np.testing.assert_allclose(encode(t).x, encode(table({"a": np.arange(30.0)})).x, atol=1e-6)


def test_scale_mean_and_type_of_everything_mixed():
    data = encode(mixed())
    assert (data.x.dtype, data.y.dtype, data.x.flags.c_contiguous) == (np.float32, np.int32, True)
    np.testing.assert_allclose(data.x.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(data.x.var(axis=0).mean(), 1, rtol=1e-5)
    assert np.isfinite(data.x).all()


def test_pca_keeps_the_largest_directions_unwhitened():
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(200, 1))
    t = table({f"a{i}": (shared + 0.1 * rng.normal(size=(200, 1)))[:, 0] for i in range(50)})
    x = encode(t, features=3).x
    assert x.shape == (200, 3)
    variance = x.var(axis=0)
    assert variance[0] > 50 * variance[1]
    np.testing.assert_allclose(variance.mean(), 1, rtol=1e-5)
    assert abs(np.corrcoef(x[:, 0], shared[:, 0])[0, 1]) > 0.99


def test_more_columns_than_rows():
    rng = np.random.default_rng(0)
    x = encode(table({f"a{i}": rng.normal(size=8) for i in range(100)})).x
    assert x.shape[0] == 8
    assert x.shape[1] <= 8
    assert np.isfinite(x).all()


def test_labels_never_reach_the_features():
    t = mixed()
    other = dataclasses.replace(t, labels=np.random.default_rng(1).permutation(t.labels))
    np.testing.assert_array_equal(encode(t).x, encode(other).x)


def test_rows_keep_their_order_ids_and_classes():
    labels = ["b", "a", "c", "a", "b", "c"]
    data = encode(table({"a": np.arange(6.0)}, labels, role="held out"))
    assert data.classes == ("a", "b", "c")
    assert [data.classes[i] for i in data.y] == labels
    assert (np.diff(data.x[:, 0]) > 0).all()
    assert list(data.ids) == [f"r{i}" for i in range(6)]
    assert data.role == "held out"


def test_constant_columns_go():
    data = encode(table({"a": np.arange(6.0), "k": [0.1] * 6, "w": ["same"] * 6}))
    assert data.x.shape == (6, 1)
    with pytest.raises(AskwellError, match="t: every feature is the same in all rows"):
        encode(table({"k": [1.0] * 6, "w": ["same"] * 6}))
    with pytest.raises(AskwellError, match="features is 0"):
        encode(table({"a": np.arange(6.0)}), features=0)


@pytest.mark.parametrize("unit", [1e-320, 1e-200, 1e-9, 1.0, 1e200, 1e307])
def test_any_unit_gives_the_same_numbers(unit):
    a = np.array([1.0, -2, 3, 4, 10, 0])
    np.testing.assert_allclose(encode(table({"a": a * unit})).x, encode(table({"a": a})).x, rtol=1e-2)


def digest(source: str) -> str:
    return hashlib.sha256(encode(load(source), features=20).x.tobytes()).hexdigest()


def test_the_same_bits_in_another_process():
    code = "import test_data_encode as t; print(t.digest('digits'), t.prose())"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=pathlib.Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == [digest("digits"), prose()]


def prose() -> str:
    return hashlib.sha256(encode(mixed()).x.tobytes()).hexdigest()


def test_thinned_classes_fall_as_a_geometric_series_and_keep_their_rows():
    whole = encode(load("iris"))
    counts = np.bincount(thinned(whole, 0.04).y)
    assert counts.tolist() == [50, 10, 2]
    assert np.bincount(thinned(thinned(whole, 0.04), 0.04).y).tolist() == [50, 10, 2]
    fewer = thinned(whole, 0.1)
    at = np.flatnonzero(np.isin(whole.ids, fewer.ids))
    assert fewer.ids.tolist() == whole.ids[at].tolist()
    assert np.array_equal(fewer.x, whole.x[at])
    assert np.array_equal(fewer.y, whole.y[at])
    assert np.array_equal(fewer.ids, thinned(whole, 0.1).ids)
