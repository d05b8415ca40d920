"""Pools in every format give the same rows, and numbers are encoded block by block as `encode` does it."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from askwell.core import AskwellError
from askwell.data import Matrix, Table, as_matrix, encode_features, encode_matrix, load_pool

N, D = 90, 6


@pytest.fixture(scope="module")
def x():
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(N, D)) @ rng.normal(size=(D, D))
    return (mixed * rng.uniform(0.01, 100, D) + 1000 * rng.normal(size=D)).astype(np.float32)


def distances(x):
    return np.linalg.norm(x[:, None] - x[None], axis=2)


@pytest.mark.parametrize("features", [64, 3])
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize("block", [2**26, 48 * 17])
def test_as_the_encoder_of_tables(x, features, constant, dtype, block, monkeypatch):
    monkeypatch.setattr("askwell.data.matrix.BLOCK_BYTES", block)
    x = x.astype(dtype)
    if constant:
        x[:, 2] = 7
    frame = pd.DataFrame(x.astype(float), columns=pd.Index([f"c{i}" for i in range(D)]))
    expected = encode_features(Table("t", frame, np.full(N, None), np.full(N, "")), features)
    found = encode_matrix(as_matrix("t", x), features)
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=2e-4)  # axes of a PCA have no sign
    np.testing.assert_allclose(distances(found), distances(expected), atol=2e-4)


def test_constant_matrices_are_refused(x):
    with pytest.raises(AskwellError, match="every feature is the same"):
        encode_matrix(as_matrix("t", np.full((5, 2), 0.1, np.float32)))


def test_every_format_gives_the_same_rows(x, tmp_path):
    labels = ["a" if row % 3 == 0 else None for row in range(N)]
    ids = [f"i{row}" for row in range(N)]
    flat = pl.DataFrame({"id": ids, "label": labels, **{f"f{i}": x[:, i] for i in range(D)}})
    flat.write_csv(tmp_path / "p.csv")
    flat.write_csv(tmp_path / "p.tsv", separator="\t")
    flat.write_ndjson(tmp_path / "p.jsonl")
    flat.write_parquet(tmp_path / "flat.parquet")
    pl.DataFrame(
        {"id": ids, "label": labels, "e": pl.Series(x.tolist(), dtype=pl.List(pl.Float32))}
    ).write_parquet(tmp_path / "list.parquet")
    fixed = pa.FixedSizeListArray.from_arrays(pa.array(x.ravel()), D)
    pq.write_table(
        pa.table({"id": ids, "label": labels, "e": fixed}), tmp_path / "fixed.parquet", row_group_size=20
    )
    words = np.array([label or "" for label in labels])
    np.savez(tmp_path / "p.npz", x=x, y=words, ids=np.array(ids))
    np.save(tmp_path / "p.npy", x)
    np.save(tmp_path / "y.npy", words)
    np.save(tmp_path / "ids.npy", np.array(ids))
    for name in (
        "p.csv",
        "p.tsv",
        "p.jsonl",
        "flat.parquet",
        "list.parquet",
        "fixed.parquet",
        "p.npz",
        "p.npy",
    ):
        named = {"label": "y.npy", "id": "ids.npy"} if name == "p.npy" else {}
        found = load_pool(str(tmp_path / name), **named)
        assert isinstance(found, Matrix) is name.endswith((".parquet", ".npz", ".npy")), name
        values = found.x if isinstance(found, Matrix) else found.features.to_numpy()
        np.testing.assert_allclose(values, x, rtol=1e-6, err_msg=name)
        assert found.labels.tolist() == labels, name
        assert found.ids.tolist() == ids, name
    assert isinstance(load_pool(str(tmp_path / "p.npy")).x, np.memmap)


def test_parquet_with_gaps_or_words_is_a_table(x, tmp_path):
    pl.DataFrame({"a": [1.0, None, 3.0], "b": [1.0, 2.0, 4.0]}).write_parquet(tmp_path / "gaps.parquet")
    pl.DataFrame({"a": [1.0, float("nan"), 3.0]}).write_parquet(tmp_path / "nan.parquet")
    pl.DataFrame({"a": [1.0, 2.0, 3.0], "w": ["u", "v", "u"]}).write_parquet(tmp_path / "words.parquet")
    for name in ("gaps", "nan", "words"):
        assert isinstance(load_pool(str(tmp_path / f"{name}.parquet")), Table)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_embedding_in_parquet_must_be_finite(x, tmp_path, value):
    rows = x.tolist()
    rows[8][1] = value
    pl.DataFrame({"id": [f"i{i}" for i in range(N)], "e": rows}).write_parquet(tmp_path / "p.parquet")
    found = load_pool(str(tmp_path / "p.parquet"))
    assert isinstance(found, Matrix)
    with pytest.raises(AskwellError, match=r"row 8 .*id 'i8'"):
        encode_matrix(found)


def test_damaged_parquet_and_repeated_ids(x, tmp_path):
    pl.DataFrame({"id": ["a", "b", "a"], "f": [1.0, 2.0, 3.0]}).write_parquet(tmp_path / "twice.parquet")
    with pytest.raises(AskwellError, match="id 'a' appears twice"):
        load_pool(str(tmp_path / "twice.parquet"))
    whole = (tmp_path / "twice.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[:-30])
    with pytest.raises(AskwellError, match=r"cut\.parquet: not a readable Parquet file"):
        load_pool(str(tmp_path / "cut.parquet"))
