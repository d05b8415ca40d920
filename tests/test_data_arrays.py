"""Embeddings from .npz and .npy."""

import io
import zipfile

import numpy as np
import pytest

from askwell.core import AskwellError
from askwell.data import encode, load

X = np.arange(12, dtype=np.float32).reshape(6, 2) ** 2
Y = np.array(list("xxxyyy"))


def save(path, **arrays):
    np.savez(path, **arrays)
    return str(path)


def test_npz(tmp_path):
    ids = np.array([f"r{i}" for i in range(6)])
    table = load(save(tmp_path / "e.npz", x=X, y=Y, ids=ids))
    np.testing.assert_array_equal(table.features, X)
    assert (list(table.labels), list(table.ids), table.name) == (list(Y), list(ids), "e")
    assert encode(table).x.shape == (6, 2)


def test_npz_with_other_names_and_no_ids(tmp_path):
    path = save(tmp_path / "e.npz", x=X, kind=np.array([0, 0, 0, 1, 1, 1]), key=np.arange(6) * 10)
    table = load(path, label="kind", id="key")
    assert list(table.labels) == list("000111")
    assert list(table.ids) == ["0", "10", "20", "30", "40", "50"]
    assert list(load(path, label="kind").ids) == list("012345")


def test_fortran_order_bytes_and_big_endian(tmp_path):
    path = save(tmp_path / "e.npz", x=np.asfortranarray(X.astype(">f8")), y=Y.astype("S"))
    table = load(path)
    np.testing.assert_array_equal(table.features, X)
    assert list(table.labels) == list(Y)


def test_npy_with_labels_beside(tmp_path):
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "labels.npy", Y)
    np.save(tmp_path / "ids.npy", np.array(list("fedcba")))
    table = load(str(tmp_path / "x.npy"), label="labels.npy", id=str(tmp_path / "ids.npy"))
    np.testing.assert_array_equal(table.features, X)
    assert (list(table.labels), list(table.ids)) == (list(Y), list("fedcba"))
    with pytest.raises(AskwellError, match="holds no labels; give a 1-D array with --label"):
        load(str(tmp_path / "x.npy"))
    with pytest.raises(AskwellError, match=r"no \.npy file 'gone.npy'"):
        load(str(tmp_path / "x.npy"), label="gone.npy")


def spoiled(value):
    x = X.copy()
    x[4, 1] = value
    return x


BAD = [
    ({"x": X[:, 0], "y": Y}, r"shape \(6,\); it must be numbers of shape \[rows, features\]"),
    ({"x": X.reshape(6, 2, 1), "y": Y}, "flatten or embed images"),
    ({"x": X.astype(str), "y": Y}, "it must be numbers"),
    ({"x": X.astype(complex), "y": Y}, "it must be numbers"),
    ({"x": X[:, :0], "y": Y}, "it must be numbers"),
    ({"x": X[:0], "y": Y[:0]}, "there are no rows"),
    ({"x": spoiled(np.nan), "y": Y}, r"NaN or infinite value in row 4"),
    ({"x": spoiled(np.inf), "y": Y}, r"NaN or infinite value in row 4"),
    ({"x": X, "y": Y[:5]}, "x has 6 rows but there are 5 labels"),
    ({"x": X, "y": Y, "ids": np.arange(7)}, "x has 6 rows but there are 7 ids"),
    ({"x": X, "y": Y[:, None]}, "the labels are .*give a 1-D array"),
    ({"x": X, "y": Y, "ids": np.array([1, 2, 3, 1, 5, 6])}, "id '1' appears twice, in row 0"),
    ({"x": X, "y": np.array([0, 0, 0, 1, 1, np.nan])}, "no label in 1 of 6 rows, the first being row 5"),
    ({"x": X, "y": np.array([0, 0, 0, 1, 1, np.inf])}, "infinite label"),
    ({"x": X, "y": np.array(["x"] * 6)}, "only 'x'"),
    ({"x": X}, "Unknown array 'y'"),
    ({"X": X, "y": Y}, "Unknown array 'x'.*Known: X, y"),
    ({"x": X, "y": np.array([b"\xff"] * 6)}, "utf-8"),
    ({"x": X, "y": Y.astype(object)}, "never unpickled"),
    ({"x": X.astype(object), "y": Y}, "never unpickled"),
]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("code", [0x110000, 0xD800])
def test_text_that_is_no_unicode(tmp_path, code, order):
    codes = np.array([ord(c) for c in Y], dtype=order + "u4")
    codes[2] = code
    with pytest.raises(AskwellError, match="the labels hold text that is not valid Unicode"):
        load(save(tmp_path / "e.npz", x=X, y=codes.view(order + "U1")))
    codes[2] = 0x1F600
    smile = np.where(Y == "x", codes[2:3].view(order + "U1"), Y)
    assert load(save(tmp_path / "e.npz", x=X, y=smile)).labels[0] == "😀"


@pytest.mark.parametrize(("arrays", "message"), BAD, ids=range(len(BAD)))
def test_bad_arrays(tmp_path, arrays, message):
    with pytest.raises(AskwellError, match=message):
        load(save(tmp_path / "e.npz", **arrays))


def header(shape) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return stream.getvalue()


@pytest.mark.parametrize("shape", [(10**15, 2), (10**30, 10**30), (5, 2), (-6, 2), (-6, -2)])
def test_a_claimed_shape_is_not_believed(tmp_path, shape):
    with zipfile.ZipFile(tmp_path / "e.npz", "w") as archive:
        archive.writestr("x.npy", header(shape) + X.tobytes())
        archive.writestr("y.npy", b"")
    with pytest.raises(AskwellError, match="claims the shape"):
        load(str(tmp_path / "e.npz"))


def test_damaged_archives(tmp_path):
    path = tmp_path / "e.npz"
    save(path, x=X, y=Y)
    whole = path.read_bytes()
    for data in (b"", b"PK", whole[: len(whole) // 2], whole[:200] + b"\xff" + whole[201:]):
        path.write_bytes(data)
        with pytest.raises(AskwellError, match="not a readable NumPy file"):
            load(str(path))
    (tmp_path / "x.npy").write_bytes(b"no numpy")
    with pytest.raises(AskwellError, match="not a readable NumPy file"):
        load(str(tmp_path / "x.npy"), label=str(tmp_path / "x.npy"))
