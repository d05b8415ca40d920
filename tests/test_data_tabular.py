"""Tables from files: what they mean, and one sentence for each way of being wrong."""

import datetime
import json
import pathlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from askwell.core import AskwellError
from askwell.data import load


def csv_text(columns: dict[str, list]) -> str:
    rows = [list(columns), *zip(*columns.values(), strict=True)]
    return "\n".join(",".join(map(str, row)) for row in rows) + "\n"


def good(**more) -> dict[str, list]:
    return {"a": [1, 2, 3, 4, 5, 6], "label": list("xxxyyy")} | more


@pytest.fixture
def write(tmp_path):
    def put(content, name="t.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return put


def test_csv_means_what_it_says(write):
    table = load(
        write(
            "\ufeffid,a,colour,label\nr1,1.5, red ,x\n\nr2,?,blue,x\nr3,-2e1,NA,x\n"
            + "r4,0,red,y\nr5,0,red,y\nr6,0,red,y\n"
        )
    )
    assert table.name == "t"
    assert list(table.ids) == ["r1", "r2", "r3", "r4", "r5", "r6"]
    assert list(table.labels) == list("xxxyyy")
    assert list(table.features.columns) == ["a", "colour"]
    np.testing.assert_array_equal(table.features["a"], [1.5, np.nan, -20, 0, 0, 0])
    assert list(table.features["colour"]) == ["red", "blue", None, "red", "red", "red"]


def test_rows_are_numbered_without_an_id_column(write):
    assert list(load(write(csv_text(good()))).ids) == list("012345")


def test_label_and_id_can_be_named(write):
    path = write(csv_text({"a": [1, 2, 3, 4, 5, 6], "kind": list("xxxyyy"), "key": list("fedcba")}))
    table = load(path, label="kind", id="key")
    assert (list(table.labels), list(table.ids), list(table.features)) == (
        list("xxxyyy"),
        list("fedcba"),
        ["a"],
    )


@pytest.mark.parametrize("name", ["Label", "TARGET", "class", "y"])
def test_the_label_column_is_found(write, name):
    assert list(load(write(csv_text({"a": [1, 2, 3, 4, 5, 6], name: list("xxxyyy")}))).labels) == list(
        "xxxyyy"
    )


def test_every_format_gives_the_same_table(write, tmp_path):
    columns = good(id=[f"r{i}" for i in range(6)], w=["p", "q", "p", "q", "q", "p"])
    frame = pd.DataFrame(columns)
    frame.to_parquet(tmp_path / "t.parquet")
    records = frame.to_dict("records")
    paths = [
        write(csv_text(columns)),
        write(csv_text(columns).replace(",", "\t"), "t.tsv"),
        write("\n".join(map(json.dumps, records)), "t.jsonl"),
        write("\r\n".join(map(json.dumps, records)) + "\r\n", "t.ndjson"),
        str(tmp_path / "t.parquet"),
    ]
    first = load(paths[0])
    for path in paths[1:]:
        other = load(path)
        pd.testing.assert_frame_equal(other.features, first.features)
        assert list(other.labels) == list(first.labels)
        assert list(other.ids) == list(first.ids)


def test_quoted_cells_keep_separators_and_lines(write):
    text = 'a,b,label\n1,"one, two",x\n2,"up\ndown",x\n3,u,x\n4,u,y\n5,u,y\n6,u,y\n'
    assert list(load(write(text)).features["b"])[:2] == ["one, two", "up\ndown"]


def test_typed_columns_of_parquet(tmp_path):
    days = [datetime.date(2024, 1, day) for day in (1, 2, 3, 4, 5, 11)]
    columns = {
        "flag": [True, False, None, True, True, False],
        "day": days,
        "moment": [datetime.datetime(2024, 1, 1, hour) for hour in range(6)],
        "e": pa.array([[i, i + 0.5] for i in range(6)], pa.list_(pa.float32(), 2)),
        "word": pa.array(list("ppqqpp")).dictionary_encode(),
        "y": [0.0, 0.0, 0.0, 1.0, 1.0, 1.0],
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    table = load(str(tmp_path / "t.parquet"))
    assert list(table.features["flag"]) == ["true", "false", None, "true", "true", "false"]
    np.testing.assert_array_equal(np.diff(table.features["day"]) / 86400, [1, 1, 1, 1, 6])
    np.testing.assert_array_equal(np.diff(table.features["moment"]), 3600)
    np.testing.assert_array_equal(table.features[["e[0]", "e[1]"]], [[i, i + 0.5] for i in range(6)])
    assert list(table.features["word"]) == list("ppqqpp")
    assert list(table.labels) == list("000111")


def test_a_pandas_index_is_not_a_feature(tmp_path):
    pd.DataFrame(good()).sample(frac=1, random_state=0).to_parquet(tmp_path / "t.parquet")
    table = load(str(tmp_path / "t.parquet"))
    assert list(table.features) == ["a"]
    assert table.dropped == ("__index_level_0__",)


def test_jsonl_missing_keys_lists_and_line_separators(write):
    lines = [json.dumps({"a": i, "w": "u\u2028v", "e": [i, 2]}, ensure_ascii=False)[:-1] for i in range(6)]
    lines = [f'{line}, "label": "{"xy"[i > 2]}"}}' for i, line in enumerate(lines)]
    lines[3] = '{"e": [9, 2], "label": "y"}'
    table = load(write("\n".join(lines), "t.jsonl"))
    assert list(table.features) == ["a", "w", "e[0]", "e[1]"]
    assert np.isnan(table.features["a"][3])
    assert table.features["w"][3] is None
    assert table.features["e[0]"][3] == 9


def test_a_column_that_only_names_rows_is_dropped(write):
    rows = 40
    text = csv_text(
        {"name": [f"n{i}" for i in range(rows)], "a": range(rows), "label": ["x", "y"] * (rows // 2)}
    )
    table = load(write(text))
    assert table.dropped == ("name",)
    assert list(table.features) == ["a"]


def test_prose_is_kept(write):
    rows = 40
    text = csv_text({"t": [f"the word number {i}" for i in range(rows)], "label": ["x", "y"] * (rows // 2)})
    assert list(load(write(text)).features) == ["t"]


BAD_CSV = {
    "": "the file is empty",
    "\n\n": "the file is empty",
    "a,label\n": "there are no rows",
    "a,label\n1,x\n2\n": "line 3 has 1 cell but the header has 2",
    'a,b,label\n"1\n2",u,x\n1,2,3,4\n': "line 4 has 4 cells but the header has 3",
    "a,a,label\n1,2,x\n": "two columns are called 'a'",
    ",a,label\n1,2,x\n": "column 1 has an empty name",
    'a,label\n"1"2,x\n': "line 2 is not valid CSV",
    'a,label\n"1,x\n': "not valid CSV",
    "a,label\n\0,x\n": "NUL byte",
    "a,b\n1,x\n": "no column is called label, target, class or y.*--label: a, b",
    "a;label\n1;x\n": "is the separator right",
    "a,y,label\n1,x,x\n": "more than one column could be the label",
    "a,id,ID,label\n1,1,1,x\n": "more than one column could be the id",
    "label\nx\nx\nx\ny\ny\ny\n": "no feature columns are left",
    csv_text(good(label=list("xxxxxx"))): "at least 2 classes, but there is only 'x'",
    csv_text(good(label=list("xxxxyy"))): "class 'y' has 2 rows, but a class needs at least 3",
    csv_text(good(label=["x", "x", "x", "", "y", "?"])): r"no label in 2 of 6 rows, the first being line 5",
    csv_text(good(label=["x", "x", "x", "None", "y", "y"])): r"line 5 \('None'\)",
    csv_text(good(id=list("abcdae"))): "id 'a' appears twice, in line 2 and line 6",
    csv_text(good(id=["a", "b", "", "d", "e", "f"])): "no id in 1 of 6 rows, the first being line 4",
    csv_text(
        good(a=["1", "2", "x1", "4", "oops", "6"])
    ): "column 'a' is mostly numbers, but 2 of 6.*'x1' in line 4",
    csv_text(good(a=["1", "2", "1_0", "4", "5", "6"])): "column 'a' is mostly numbers",
    csv_text(good(a=[1, 2, "inf", 4, 5, 6])): "column 'a' has an infinite or too large number in line 4",
    csv_text(good(a=[1, 2, "1e999", 4, 5, 6])): "column 'a' has an infinite",
    csv_text(good(a=["", "?", "NA", "nan", "null", "none"])): "column 'a' is empty in every row",
    csv_text({"a": range(60), "y": [i + 0.5 for i in range(30)] * 2}): "look like a regression target",
    csv_text({"a": range(60), "y": range(60)}): "look like a regression target",
}


@pytest.mark.parametrize(("text", "message"), BAD_CSV.items())
def test_bad_csv(write, text, message):
    with pytest.raises(AskwellError, match=message) as caught:
        load(write(text))
    assert str(caught.value).startswith("t.csv: ")
    assert "\n" not in str(caught.value)


def test_integer_classes_are_no_regression_target(write):
    assert len(set(load(write(csv_text({"a": range(90), "y": [i % 30 for i in range(90)]}))).labels)) == 30


LINES = [json.dumps({"a": i, "label": "xy"[i > 2]}) for i in range(6)]
BAD_JSONL = {
    "": "the file is empty",
    "[1]": "line 1 is not a JSON object",
    "\n".join([*LINES, "{"]): "line 7 is not valid JSON",
    "\n".join([*LINES, '{"b": 1}']): "line 7 has the key 'b', which the first line does not have",
    "\n".join([*LINES, '{"a": 1, "a": 2}']): "line 7 has the key 'a' twice",
    "\n".join([*LINES, '{"a": NaN, "label": "x"}']): "line 7 has NaN, which is not JSON",
    "\n".join([*LINES, '{"a": -Infinity, "label": "x"}']): "line 7 has -Infinity",
    "\n".join([*LINES, '{"a": 1e999, "label": "x"}']): "infinite or too large number in line 7",
    "\n".join([*LINES, '{"a": 1' + "0" * 400 + ', "label": "x"}']): "infinite or too large number in line 7",
    "\n".join([*LINES, '{"a": 1' + "0" * 5000 + ', "label": "x"}']): "line 7 is not valid JSON",
    "\n".join([*LINES, '{"a": "u", "label": "x"}']): "column 'a' holds number and text values",
    "\n".join([*LINES, '{"a": {}, "label": "x"}']): "column 'a' holds dict and number values",
    "\n".join([*LINES, '{"a": 1, "label": 1}']): "column 'label' holds number and text values",
    "\n".join([*LINES, '{"a": 1, "label": "\\ud800"}']): "line 7 is not valid JSON",
    "[" * 100_000: "line 1 is not valid JSON",
    "\n".join(
        line.replace('"a": 2', '"a": []').replace('"a": ', '"a": [1], "b": ') for line in LINES
    ): "'b' holds",
    "\n".join(line.replace('"a": 2', '"a": [1, 2]').replace('"a": 5', '"a": [1]') for line in LINES[2:3] * 3)
    + '\n{"a": [1], "label": "y"}': "line 4 is not a list of 2 numbers",
    '{"a": 1, "label": ["x"]}': "column 'label' holds lists and cannot be the label",
    '{"": 1, "label": "x"}': "column 1 has an empty name",
}


@pytest.mark.parametrize(("text", "message"), BAD_JSONL.items(), ids=range(len(BAD_JSONL)))
def test_bad_jsonl(write, text, message):
    with pytest.raises(AskwellError, match=message):
        load(write(text, "t.jsonl"))


def test_bad_parquet(write, tmp_path):
    with pytest.raises(AskwellError, match="not a readable Parquet file"):
        load(write(b"PAR1 nothing", "t.parquet"))
    nested = pa.table({"s": [{"u": 1}] * 6, "label": list("xxxyyy")})
    pq.write_table(nested, tmp_path / "n.parquet")
    with pytest.raises(AskwellError, match="column 's' holds dict values"):
        load(str(tmp_path / "n.parquet"))
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pq.write_table(twice, tmp_path / "d.parquet")
    with pytest.raises(AskwellError, match="two columns are called 'a'"):
        load(str(tmp_path / "d.parquet"))


def test_not_utf8(write):
    with pytest.raises(AskwellError, match="line 2 is not valid UTF-8"):
        load(write("a,label\né,x\n".encode("latin-1")))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label": "lable"}, "Unknown label column 'lable'. Did you mean 'label'"),
        ({"id": "aa"}, "Unknown id column 'aa'. Did you mean 'a'"),
        ({"label": "a", "id": "a"}, "cannot be both label and id"),
    ],
)
def test_bad_column_names(write, options, message):
    with pytest.raises(AskwellError, match=message):
        load(write(csv_text(good())), **options)


def test_bad_paths(write, tmp_path):
    with pytest.raises(AskwellError, match=r"no file .*none\.csv"):
        load(str(tmp_path / "none.csv"))
    with pytest.raises(AskwellError, match="is a folder"):
        load(str(tmp_path))
    with pytest.raises(AskwellError, match=r"ends in '\.xls'; allowed are \.csv"):
        load(write("x", "t.xls"))
    for source in ("", "a\0b.csv", "x" * 5000 + ".csv"):
        with pytest.raises(AskwellError, match="no file"):
            load(source)


def test_unreadable_file(write, monkeypatch):
    def deny(self):
        raise PermissionError(13, "Permission denied", str(self))

    path = write(csv_text(good()))
    monkeypatch.setattr(pathlib.Path, "read_bytes", deny)  # root could read whatever its permissions say
    with pytest.raises(AskwellError, match=r"cannot be read \(Permission denied\); check its permissions"):
        load(path)
