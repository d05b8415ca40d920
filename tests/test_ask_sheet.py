"""The file that a person types labels into: nothing typed is ever lost, and the loop goes round by itself."""

import csv
import io
import json

import numpy as np
import pandas as pd
import polars as pl
import pytest

import askwell
from askwell import cli

N = 72
RNG = np.random.default_rng(0)
TRUTH = np.array(["ant", "bee", "cat"])[RNG.integers(0, 3, N)]
X = RNG.normal(size=(N, 4)) + 2 * np.eye(4)[np.searchsorted(["ant", "bee", "cat"], TRUTH)]
NUMBERS = pl.DataFrame(
    {"id": [f"r{i}" for i in range(N)], **{name: X[:, i] for i, name in enumerate("abcd")}}
)
TEXTS = pl.DataFrame(
    {
        "id": [f"r{i}" for i in range(N)],
        "said": [f"one {w}, “{w}”\nand {i % 5} more" for i, w in enumerate(TRUTH)],
    }
)
MIXED = NUMBERS.with_columns(
    pl.Series("class", [None if i % 7 == 0 else "k" + word[0] for i, word in enumerate(TRUTH)]),
    pl.Series("y", [None if i % 5 == 0 else float(i % 3) for i in range(N)]),
)


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    def run(*args):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("sys.argv", ["askwell", *map(str, args)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        return (left.value.code or 0, *capsys.readouterr())

    return run


def read(path):
    content = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in content.splitlines()]
    return list(csv.DictReader(io.StringIO(content, newline="")))


def type_in(path, label="label", some=None):
    """A person opens the file and fills the empty labels, all of them or the first so many."""
    rows = read(path)
    empty = [row for row in rows if not row[label]][:some]
    for row in empty:
        row[label] = TRUTH[int(row["id"][1:])]
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(
    ("pool", "frame", "out"),
    [
        ("numbers.csv", NUMBERS, "next.csv"),
        ("texts.csv", TEXTS, "next.csv"),
        ("mixed.parquet", MIXED, "next.jsonl"),
    ],
)
def test_eight_rounds_by_the_command_line_alone(run, tmp_path, pool, frame, out):
    (frame.write_parquet if pool.endswith("parquet") else frame.write_csv)(tmp_path / pool)
    for turn in range(8):
        code, said, notes = run(
            "ask", pool, "--labels", out, "--out", out, "--batch", 5, "--strategy", "margin"
        )
        assert code == 0
        assert said == f"5 rows to label in {out}: type into its label column, then run this again.\n"
        assert ("rows have a label" in notes) is (turn > 0)
        rows = read(tmp_path / out)
        assert len(rows) == 5 * (turn + 1) == len({row["id"] for row in rows})
        type_in(tmp_path / out)
    rows = read(tmp_path / out)
    assert all(row["label"] == TRUTH[int(row["id"][1:])] for row in rows)
    known = {name: dict(zip(frame["id"], frame[name], strict=True)) for name in frame.columns}
    for row in rows:  # the item's own columns came along, cell by cell
        for name, cells in known.items():
            assert str(row[name] if row[name] is not None else "") == (
                "" if cells[row["id"]] is None else str(cells[row["id"]])
            )
    code, said, _ = run("status", pool, "--labels", out)
    assert code == 0
    assert f"40 of {N} rows have a label" in said
    code, said, _ = run("predict", pool, "--labels", out, "--out", "preds.parquet", "--model", "model.skops")
    assert (code, said) == (0, f"{N} rows predicted from 40 labels: preds.parquet\n")
    predicted = pl.read_parquet(tmp_path / "preds.parquet")
    assert predicted["id"].to_list() == frame["id"].to_list()
    assert predicted["label"].null_count() == N - 40
    right = np.mean(predicted["predicted"].to_numpy() == TRUTH)
    assert right > 0.8
    from askwell.labelling.models import load_model

    assert (
        load_model(tmp_path / "model.skops").predict(tmp_path / pool).tolist()
        == predicted["predicted"].to_list()
    )


def test_the_file_goes_on_though_nobody_says_that_it_holds_labels(run, tmp_path):
    NUMBERS.write_csv(tmp_path / "pool.csv")
    run("ask", "pool.csv", "--out", "next.csv", "--batch", 4)
    type_in(tmp_path / "next.csv")
    typed = read(tmp_path / "next.csv")
    code, _, notes = run("ask", "pool.csv", "--out", "next.csv", "--batch", 4)
    assert code == 0
    assert "4 of 72 rows have a label" in notes
    now = read(tmp_path / "next.csv")[:4]
    assert [{name: row[name] for name in typed[0]} for row in now] == typed
    assert len(read(tmp_path / "next.csv")) == 8


def test_rows_that_are_still_empty_stay_and_are_not_asked_again(run, tmp_path):
    NUMBERS.write_csv(tmp_path / "pool.csv")
    first = ("ask", "pool.csv", "--out", "next.csv", "--batch", 5)
    run(*first)
    before = (tmp_path / "next.csv").read_text()
    code, said, notes = run(*first)
    assert (code, said) == (0, "")
    assert notes == "5 rows of next.csv without a label: type those first.\n"
    assert (tmp_path / "next.csv").read_text() == before
    type_in(tmp_path / "next.csv", some=3)
    code, _, notes = run(*first)
    assert "Of next.csv 2 rows had no label yet and stay; 3 are new." in notes
    rows = read(tmp_path / "next.csv")
    assert len({row["id"] for row in rows}) == len(rows) == 8
    assert [bool(row["label"]) for row in rows] == [True] * 3 + [False] * 5


def test_what_a_spreadsheet_changes_is_kept(run, tmp_path):
    NUMBERS.write_csv(tmp_path / "pool.csv")
    run("ask", "pool.csv", "--out", "next.csv", "--batch", 3)
    rows = read(tmp_path / "next.csv")
    for row in rows:
        row["label"], row["remark"] = TRUTH[int(row["id"][1:])], 'said "hm", twice\nand left'
    header = ["remark", "label", *[name for name in rows[0] if name not in ("remark", "label")]]
    into = io.StringIO()
    writer = csv.DictWriter(into, header)
    writer.writeheader()
    writer.writerows(rows)
    (tmp_path / "next.csv").write_bytes(("\ufeff" + into.getvalue()).encode())
    run("ask", "pool.csv", "--labels", "next.csv", "--out", "next.csv", "--batch", 3)
    assert (tmp_path / "next.csv").read_bytes().startswith(b"\xef\xbb\xbfremark,label,")
    after = read(tmp_path / "next.csv")
    assert [{name: row[name] for name in header} for row in after[:3]] == [
        {n: r[n] for n in header} for r in rows
    ]
    assert [row["remark"] for row in after[3:]] == [""] * 3


def test_several_files_of_labels_all_count_and_must_agree(run, tmp_path):
    NUMBERS.write_csv(tmp_path / "pool.csv")
    (tmp_path / "a.csv").write_text("id,label\nr1,ant\nr2,bee\n")
    (tmp_path / "b.csv").write_text("id,label\nr2,bee\nr3,cat\n")
    code, _, notes = run("ask", "pool.csv", "--labels", "a.csv", "--labels", "b.csv", "--batch", 3)
    assert code == 0
    assert "3 of 72 rows have a label" in notes
    (tmp_path / "b.csv").write_text("id,label\nr2,ant\n")
    for command in (["ask"], ["status"], ["predict", "--out", "p.csv"]):
        code, _, said = run(command[0], "pool.csv", "--labels", "a.csv", "--labels", "b.csv", *command[1:])
        assert code == 2
        assert "b.csv: id 'r2' is labelled 'bee' and 'ant'" in said
    assert not (tmp_path / "p.csv").exists()


def test_a_feature_called_y_class_or_target_is_one_when_the_label_is_known():
    labels = {f"r{i}": TRUTH[i] for i in range(20)}
    rows = MIXED.rename({"a": "target"})
    with_labels = askwell.ask(rows, labels=labels, strategy="margin", batch=3)
    renamed = MIXED.rename({"a": "target"}).rename({"target": "t", "class": "k", "y": "u"})
    assert with_labels.ids == askwell.ask(renamed, labels=labels, strategy="margin", batch=3).ids
    assert [note for note in with_labels.notes if "is a feature" in note] == [
        f"pool: column '{name}' is a feature; if it holds labels, name it with --label."
        for name in ("target", "class", "y")
    ]
    named = rows.with_columns(kind=pl.Series([TRUTH[i] if i < 20 else None for i in range(N)]))
    assert askwell.ask(named, label="kind", strategy="margin", batch=3).ids == with_labels.ids


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_columns_are_left_out_or_chosen(tmp_path, suffix):
    for name, frame in (("all", NUMBERS), ("few", NUMBERS.select("id", "a", "c"))):
        (frame.write_csv if suffix == "csv" else frame.write_parquet)(tmp_path / f"{name}.{suffix}")
    few = askwell.ask(tmp_path / f"few.{suffix}", batch=5).ids
    assert askwell.ask(tmp_path / f"all.{suffix}", batch=5, ignore=["b", "d"]).ids == few
    assert askwell.ask(tmp_path / f"all.{suffix}", batch=5, features_from=["a", "c"]).ids == few
    for option in ("ignore", "features_from"):
        with pytest.raises(askwell.AskwellError, match="Unknown column 'e'"):
            askwell.ask(tmp_path / f"all.{suffix}", batch=5, **{option: ["e"]})
    np.save(tmp_path / "x.npy", X)
    with pytest.raises(askwell.AskwellError, match="embeddings, whose columns have no names"):
        askwell.ask(tmp_path / "x.npy", batch=5, ignore=["a"])


def test_nested_and_empty_columns_are_left_out_and_named():
    frame = NUMBERS.with_columns(
        pl.Series("meta", [{"a": 1}] * N), pl.Series("tags", [["x"] * (i % 3) for i in range(N)]),
        pl.Series("nothing", [None] * N, dtype=pl.String),
    )  # fmt: skip
    asked = askwell.ask(frame, batch=3)
    assert asked.ids == askwell.ask(NUMBERS, batch=3).ids
    assert [note.partition("Left out ")[2] for note in asked.notes] == [
        "meta: its cells are nested.", "tags: its cells are nested.", "nothing: it is empty.",
    ]  # fmt: skip


def test_columns_to_show_are_chosen_and_wide_tables_show_none(run, tmp_path):
    wide = NUMBERS.with_columns(**{f"w{i}": pl.col("a") * i for i in range(2, 12)})
    wide.write_csv(tmp_path / "wide.csv")
    NUMBERS.write_csv(tmp_path / "pool.csv")
    run("ask", "wide.csv", "--out", "wide-next.csv", "--batch", 2)
    assert list(read(tmp_path / "wide-next.csv")[0]) == ["id", "label", "rank", "predicted"]
    run("ask", "wide.csv", "--out", "shown.csv", "--batch", 2, "--show", "w3,a")
    assert list(read(tmp_path / "shown.csv")[0]) == ["id", "label", "rank", "predicted", "w3", "a"]
    run("ask", "pool.csv", "--out", "all.csv", "--batch", 2)
    assert list(read(tmp_path / "all.csv")[0]) == ["id", "label", "rank", "predicted", *"abcd"]
    code, _, said = run("ask", "pool.csv", "--out", "none.csv", "--batch", 2, "--show", "e")
    assert code == 2
    assert "--show: Unknown column 'e'" in said
    assert not (tmp_path / "none.csv").exists()


def test_classes_that_are_likely_the_same_are_pointed_out():
    labels = {"r1": "No", "r2": "no ", "r3": "yes", "r4": "Ｙｅｓ", "r5": "maybe"}
    notes = askwell.ask(NUMBERS, labels=labels, batch=3).notes
    assert "The classes 'No' and 'no' are likely the same; spell them alike." in notes
    assert "The classes 'yes' and 'Ｙｅｓ' are likely the same; spell them alike." in notes
    assert not any("maybe" in note for note in notes if "likely" in note)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("next.csv", "name,label\nx,1\n", "no one column is called 'id'"),
        (
            "next.csv",
            "id,price,size\nr1,1,2\n",
            "say with --label which column holds the labels: price, size",
        ),
        ("next.csv", "id,label\nr1,ant,more\n", "line 2 has 3 cells but the header has 2"),
        ("next.csv", b"id,label\nr1,\xff\n", "not valid UTF-8"),
        ("next.jsonl", '{"id": "r1"\n', "line 1 is not valid JSON"),
        ("next.csv", "id,label\nr999,ant\n", "not in pool"),
        ("next.csv", "id,label,rank\nr999,,1\n", "not in pool"),
        ("next.csv", "id,label,label\nr1,ant,\nr2,,bee\n", "two columns are called 'label'"),
        ("next.csv", 'id,label,remark\nr1,ant,"hm\nr2,bee,\n', "correct its quotes"),
        ("next.csv", "id,kind,rank,y\nr1,,1,ant\nr2,,2,bee\n", "column 'label'"),
        ("next.csv", "id;label\nr1;ant\n", "no one column is called 'id'"),
    ],
)
def test_a_file_that_cannot_go_on_is_left_as_it_is(run, tmp_path, name, content, said):
    NUMBERS.write_csv(tmp_path / "pool.csv")
    data = content if isinstance(content, bytes) else content.encode()
    (tmp_path / name).write_bytes(data)
    code, _, error = run("ask", "pool.csv", "--out", name, "--batch", 2)
    assert code == 2
    assert said in error
    assert (tmp_path / name).read_bytes() == data


def test_ctrl_c_says_what_is_true_of_ask(run, tmp_path, monkeypatch):
    def interrupt(*args, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr("askwell.asking.ask", interrupt)
    monkeypatch.setattr("os._exit", lambda code: (_ for _ in ()).throw(SystemExit(code)))
    code, _, said = run("ask", "pool.csv")
    assert code == 130
    assert said == "askwell: interrupted; no file was changed, and the same command starts again.\n"


def test_a_frames_rows_come_with_their_cells(tmp_path):
    frame = pd.DataFrame({"id": NUMBERS["id"].to_list(), "a": X[:, 0], "b": X[:, 1]})
    asked = askwell.ask(frame, batch=3, out=tmp_path / "next.csv")
    rows = read(tmp_path / "next.csv")
    assert [row["id"] for row in rows] == list(asked.ids)
    np.testing.assert_allclose([float(row["a"]) for row in rows], X[asked.rows, 0])


def test_a_file_that_is_saved_while_askwell_chooses_is_left_as_it_is(tmp_path):
    out = tmp_path / "next.csv"
    askwell.ask(NUMBERS, batch=3, out=out)

    def query(X, labels, q):
        type_in(out)
        return [row for row in range(N) if labels[row] == -1][-q:]

    type_in(out, some=1)
    with pytest.raises(askwell.AskwellError, match="was saved while askwell was choosing"):
        askwell.ask(NUMBERS, batch=3, strategy=query, out=out)
    assert [bool(row["label"]) for row in read(out)] == [True] * 3


def test_labels_that_were_typed_under_another_name_are_not_passed_over(run, tmp_path):
    NUMBERS.write_csv(tmp_path / "pool.csv")
    run("ask", "pool.csv", "--out", "next.csv", "--batch", 3)
    type_in(tmp_path / "next.csv")
    before = (tmp_path / "next.csv").read_bytes()
    code, _, said = run("ask", "pool.csv", "--out", "next.csv", "--batch", 3, "--label", "kind")
    assert code == 2
    assert "Unknown label column 'kind'" in said
    assert (tmp_path / "next.csv").read_bytes() == before
    run("ask", "pool.csv", "--out", "kind.csv", "--batch", 3, "--label", "kind")
    type_in(tmp_path / "kind.csv", "kind")
    code, _, notes = run("ask", "pool.csv", "--out", "kind.csv", "--batch", 3, "--label", "kind")
    assert code == 0
    assert "3 of 72 rows have a label" in notes


def test_empty_rows_that_were_labelled_elsewhere_stay_and_do_not_wait(run, tmp_path):
    NUMBERS.write_csv(tmp_path / "pool.csv")
    run("ask", "pool.csv", "--out", "next.csv", "--batch", 4)
    rows = read(tmp_path / "next.csv")
    pl.DataFrame([{**row, "remark": "who knows"} for row in rows]).write_csv(tmp_path / "next.csv")
    first = rows[0]["id"]
    (tmp_path / "other.csv").write_text(f"id,label\n{first},{TRUTH[int(first[1:])]}\n")
    code, _, notes = run("ask", "pool.csv", "--labels", "other.csv", "--out", "next.csv", "--batch", 4)
    assert code == 0
    assert "Of next.csv 3 rows had no label yet and stay; 1 are new." in notes
    after = read(tmp_path / "next.csv")
    assert [(row["id"], row["remark"]) for row in after[:4]] == [(row["id"], "who knows") for row in rows]
    assert len(after) == 5


def test_a_class_called_none_is_pointed_out(run, tmp_path):
    NUMBERS.write_csv(tmp_path / "pool.csv")
    (tmp_path / "a.csv").write_text("id,label\nr1,ant\nr2,bee\nr3,None\nr4,none\nr5,?\nr6,None\n")
    said = (
        "a.csv: these cells of column 'label' count as empty: 'None' 2, 'none' 1, '?' 1; if one is a class, give it "
        "another name."
    )
    for command in (["ask", "--batch", 3], ["ask", "--batch", 7, "--out", "a.csv"], ["status"]):
        code, _, notes = run(command[0], "pool.csv", "--labels", "a.csv", *command[1:])
        assert code == 0
        assert said in notes.splitlines()
    assert [row["label"] for row in read(tmp_path / "a.csv")][2:6] == ["None", "none", "?", "None"]


def test_the_column_that_was_taken_for_the_label_is_named(run, tmp_path):
    NUMBERS.write_csv(tmp_path / "pool.csv")
    NUMBERS.with_columns(target=pl.Series([w if i < 9 else None for i, w in enumerate(TRUTH)])).write_csv(
        tmp_path / "own.csv"
    )
    (tmp_path / "class.csv").write_text("id,class\nr1,ant\nr2,bee\n")
    note = "class.csv: the labels are taken from column 'class'; --label names another."
    code, _, notes = run("ask", "pool.csv", "--labels", "class.csv", "--out", "class.csv", "--batch", 3)
    assert code == 0
    assert note in notes.splitlines()
    rows = read(tmp_path / "class.csv")
    assert list(rows[0]) == ["id", "class", "rank", "predicted", *"abcd"]
    assert [row["class"] for row in rows] == ["ant", "bee", "", "", ""]
    code, _, notes = run("status", "pool.csv", "--labels", "class.csv", "--label", "class")
    assert code == 0
    assert "taken from" not in notes
    for command in (["ask", "--batch", 3], ["status"]):
        _, _, notes = run(command[0], "own.csv", *command[1:])
        assert "own: the labels are taken from column 'target'; --label names another." in notes.splitlines()


@pytest.mark.parametrize("name", ["ID", "Id"])
def test_the_pools_ids_come_once(run, tmp_path, name):
    NUMBERS.rename({"id": name}).write_csv(tmp_path / "pool.csv")
    for turn in range(2):
        code, _, _ = run("ask", "pool.csv", "--out", "next.csv", "--batch", 3)
        assert code == 0
        assert list(read(tmp_path / "next.csv")[0])[:4] == ["id", "label", "rank", "predicted"]
        assert "ID" not in read(tmp_path / "next.csv")[0]
        assert len(read(tmp_path / "next.csv")) == 3 * (turn + 1)
        type_in(tmp_path / "next.csv")


def test_rows_of_separators_are_no_rows(run, tmp_path):
    NUMBERS.write_csv(tmp_path / "pool.csv")
    run("ask", "pool.csv", "--out", "next.csv", "--batch", 3)
    type_in(tmp_path / "next.csv")
    with (tmp_path / "next.csv").open("a") as file:
        file.write(",,,,,,,\n\n,,,,,,,\n")
    code, _, notes = run("ask", "pool.csv", "--out", "next.csv", "--batch", 3)
    assert code == 0
    assert "3 of 72 rows have a label" in notes
    assert len(read(tmp_path / "next.csv")) == 6


def test_the_last_round_is_what_is_left(run, tmp_path):
    NUMBERS[:8].write_csv(tmp_path / "pool.csv")
    for rows in (5, 8):
        code, _, _ = run("ask", "pool.csv", "--out", "next.csv", "--batch", 5)
        assert code == 0
        assert len(read(tmp_path / "next.csv")) == rows
        type_in(tmp_path / "next.csv", some=4 - rows // 8)
    code, said, notes = run("ask", "pool.csv", "--out", "next.csv", "--batch", 5)
    assert (code, said) == (0, "")
    assert "without a label: type those first." in notes
    type_in(tmp_path / "next.csv")
    code, _, said = run("ask", "pool.csv", "--out", "next.csv", "--batch", 5)
    assert code == 2
    assert "so there is nothing to ask" in said
    assert "--batch is" not in said


def test_embeddings_are_not_shown_unless_they_are_named(tmp_path):
    frame = TEXTS.with_columns(pl.Series("x", X.tolist()))
    askwell.ask(frame, batch=3, out=tmp_path / "a.csv")
    assert list(read(tmp_path / "a.csv")[0]) == ["id", "label", "rank", "predicted", "said"]
    asked = askwell.ask(frame, batch=3, show=["x", "id"], out=tmp_path / "b.jsonl")
    assert read(tmp_path / "b.jsonl")[0]["x"] == X[asked.rows[0]].tolist()
    assert list(read(tmp_path / "b.jsonl")[0]) == ["id", "label", "rank", "predicted", "x"]


@pytest.mark.parametrize("command", ["status", "predict"])
def test_status_and_predict_leave_out_columns_like_ask(run, tmp_path, command):
    NUMBERS.write_csv(tmp_path / "pool.csv")
    NUMBERS.select("id", "a", "c").write_csv(tmp_path / "few.csv")
    pl.DataFrame({"id": NUMBERS["id"][:30], "label": TRUTH[:30]}).write_csv(tmp_path / "labels.csv")
    more = ["--out", "p.csv"] if command == "predict" else []
    said = []
    for pool, options in (
        ("few.csv", []), ("pool.csv", ["--ignore", "b,d"]), ("pool.csv", ["--features-from", "a,c"])
    ):  # fmt: skip
        code, words, _ = run(command, pool, "--labels", "labels.csv", *options, *more)
        assert code == 0
        said.append((tmp_path / "p.csv").read_text() if more else words)
    assert said[0] == said[1] == said[2]
    code, _, error = run(command, "pool.csv", "--labels", "labels.csv", "--ignore", "e", *more)
    assert code == 2
    assert "Unknown column 'e'" in error
