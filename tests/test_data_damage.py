"""10,000 randomly damaged files: one clear error, or a table that says exactly what the file says.

What it says is read a second time by code that shares nothing with `askwell.data`.
"""

import csv
import io
import json
import math
import zipfile
import zlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from askwell.core import AskwellError
from askwell.data import encode, load

EXAMPLES = 2500
TOKENS = [b",", b'"', b"\n", b"\r", b"\0", b";", b"\xff", b"\xef\xbb\xbf", b"nan", b"-inf", b"1e999", b"?"]
TOKENS += [b"{", b"}", b"[", b"]", b"null", b"true", b"NaN", b":", b"\\ud800", b"e", b"-", b".", b"9" * 20]
MISSING = {"", "na", "n/a", "nan", "null", "none", "?"}

damage = st.lists(
    st.tuples(
        st.sampled_from(["digit", "digit", "flip", "insert", "delete", "truncate", "repeat"]),
        st.integers(0, 2**16),
        st.integers(1, 40),
        st.sampled_from(TOKENS) | st.binary(min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=3,
)
thorough = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def spoil(data: bytes, strokes) -> bytes:
    for stroke, where, length, new in strokes:
        at = where % max(len(data), 1)
        if stroke == "digit":  # the gentlest: most files stay readable
            at += next((i for i, byte in enumerate(data[at : at + 60]) if 48 <= byte < 58), 0)
            data = data[:at] + b"%d" % (length % 10) + data[at + 1 :]
        elif stroke == "flip":
            data = data[:at] + new + data[at + len(new) :]
        elif stroke == "insert":
            data = data[:at] + new + data[at:]
        elif stroke == "delete":
            data = data[:at] + data[at + length :]
        elif stroke == "truncate":
            data = data[:at]
        else:
            data = data[: at + length] + data[at:]
    return data


def columns() -> dict[str, list]:
    rng = np.random.default_rng(0)
    return {
        "id": [f"r{i}" for i in range(30)],
        "a": [round(float(v), 3) for v in rng.normal(size=30)],
        "b": [int(v) for v in rng.integers(0, 100, 30)],
        "colour": [str(v) for v in rng.choice(["red", "green", "blue"], 30)],
        "label": ["cat", "dog", "eel"] * 10,
    }


def csv_file() -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([columns().keys(), *zip(*columns().values(), strict=True)])
    return text.getvalue().encode()


def jsonl_file() -> bytes:
    rows = zip(*columns().values(), strict=True)
    return "\n".join(json.dumps(dict(zip(columns(), row, strict=True))) for row in rows).encode()


def parquet_file(**options) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns()), stream, **options)
    return stream.getvalue()


def members() -> dict[str, bytes]:
    made = {}
    x = np.stack([columns()["a"], columns()["b"]], axis=1)
    for name, value in {"x": x, "y": columns()["label"], "ids": columns()["id"]}.items():
        stream = io.BytesIO()
        np.save(stream, np.array(value))
        made[name] = stream.getvalue()
    return made


def npz_file(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in parts.items():
            archive.writestr(f"{name}.npy", data)
    return stream.getvalue()


def word(value) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and value == int(value) and abs(value) < 2**53:
        return str(int(value))
    return None if str(value).strip().lower() in MISSING else str(value).strip()


def compare(table, names: list[str], rows: list[list]) -> None:
    """The table against names and rows read independently."""
    assert len(table.labels) == len(table.ids) == len(table.features) == len(rows)
    (label,) = [i for i, name in enumerate(names) if name.lower() in ("label", "target", "class", "y")]
    ids = [i for i, name in enumerate(names) if name.lower() == "id"]
    assert list(table.labels) == [word(row[label]) for row in rows]
    assert list(table.ids) == [word(row[ids[0]]) if ids else str(i) for i, row in enumerate(rows)]
    rest = [i for i in range(len(names)) if i not in (label, *ids)]
    assert [names[i] for i in rest if names[i] not in table.dropped] == list(table.features)
    for i in rest:
        if names[i] in table.dropped:
            continue
        column, cells = table.features[names[i]], [row[i] for row in rows]
        if column.dtype == float:
            said = [cell.strip() if isinstance(cell, str) else cell for cell in cells]  # float strips less
            expected = [math.nan if word(cell) is None else float(cell) for cell in said]
            np.testing.assert_array_equal(column, expected)
            assert not np.isinf(column).any()
        else:
            low = [str(cell).lower() if isinstance(cell, bool) else word(cell) for cell in cells]
            assert list(column) == low


def read_csv(data: bytes):
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    rows = [row for row in rows if len(row) > 1 or "".join(row).strip()]
    return [name.strip() for name in rows[0]], rows[1:]


def read_jsonl(data: bytes):
    records = [json.loads(line) for line in data.decode("utf-8-sig").split("\n") if line.strip()]
    return list(records[0]), [[record.get(key) for key in records[0]] for record in records]


def read_parquet(data: bytes):
    table = pq.read_table(pa.BufferReader(data))
    return table.column_names, [list(row.values()) for row in table.to_pylist()]


def read_npz(data: bytes):
    with np.load(io.BytesIO(data)) as arrays:
        x = arrays["x"].astype(float)
        words = [arrays[name] for name in ("ids", "y") if name in arrays]
    words = [np.char.decode(column, "utf-8") if column.dtype.kind == "S" else column for column in words]
    names = [*(f"x[{i}]" for i in range(x.shape[1])), *(["id"] * (len(words) - 1)), "y"]
    return names, [[*row, *word] for row, word in zip(x.tolist(), zip(*words, strict=True), strict=True)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("damage")


def survive(path, damaged, read) -> None:
    """Damaged files of one format; the damage must be neither too great nor too small."""
    loaded = refused = 0

    @thorough
    @given(data=damaged)
    def survives(data):
        nonlocal loaded, refused
        path.write_bytes(data)
        table, message = attempt(lambda: load(str(path)))
        if table is None:
            refused += 1
            assert "\n" not in message
            return
        loaded += 1
        compare(table, *read(data))
        if zlib.crc32(data) % 8 == 0:  # encoding takes ten times as long as loading
            encoded, message = attempt(lambda: encode(table))
            assert np.isfinite(encoded.x).all() if encoded else "same in all rows" in message

    survives()
    assert loaded >= 50
    assert refused >= 500


def attempt(do):
    """The result and nothing, or nothing and the one kind of error that is allowed."""
    try:
        return do(), ""
    except AskwellError as error:
        return None, str(error)


CSV, JSONL, MEMBERS = csv_file(), jsonl_file(), members()
# Uncompressed, so that damage reaches the values and is not caught by the decompressor.
PARQUETS = [parquet_file(), parquet_file(compression="none", use_dictionary=False)]
NPZ = npz_file(MEMBERS)


def test_damaged_csv(folder):
    survive(folder / "t.csv", st.builds(spoil, st.just(CSV), damage), read_csv)


def test_damaged_jsonl(folder):
    survive(folder / "t.jsonl", st.builds(spoil, st.just(JSONL), damage), read_jsonl)


def test_damaged_parquet(folder):
    survive(folder / "t.parquet", st.builds(spoil, st.sampled_from(PARQUETS), damage), read_parquet)


def test_damaged_npz(folder):
    """The archive, or an array within an archive whose checksums are right."""

    def spoilt(inside, strokes):
        return npz_file(MEMBERS | {inside: spoil(MEMBERS[inside], strokes)})

    whole, member = (
        st.builds(spoil, st.just(NPZ), damage),
        st.builds(spoilt, st.sampled_from([*MEMBERS]), damage),
    )
    survive(folder / "t.npz", st.one_of(whole, member), read_npz)


@pytest.mark.parametrize("data", [CSV, JSONL, *PARQUETS, NPZ])
def test_undamaged_files_load(folder, data):
    suffix = {CSV: ".csv", JSONL: ".jsonl", NPZ: ".npz"}.get(data, ".parquet")
    path = folder / f"good{suffix}"
    path.write_bytes(data)
    read = {".csv": read_csv, ".jsonl": read_jsonl, ".npz": read_npz, ".parquet": read_parquet}[suffix]
    compare(load(str(path)), *read(data))
