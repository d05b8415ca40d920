"""The report of a labelling, from its file alone."""

import sys

import pytest

from askwell import AskwellError
from askwell.cli import main
from askwell.labelling.database import Database, Row
from askwell.report import report

HOSTILE = "<script>alert(1)</script>"


def written(path, rows, estimates=()):
    database = Database(path)
    database.begin({"rows": "9"})
    database.add(rows)
    for labels, value in estimates:
        database.add_estimate(labels, {"value": value, "low": value - 0.1, "high": value + 0.05})
    return database


def events():
    asked = [Row(1e9, "anna", "ask", f"r{i}", batch=1) for i in range(4)]
    told = [Row(1e9 + i, "anna", "tell", f"r{i}", HOSTILE, seconds=2.0) for i in range(3)]
    skipped = Row(1e9 + 5, "anna", "skip", "r3", how="unsure", seconds=4.0)
    others = [Row(1e9 + 6, "bo", "tell", "r0", "ham"), Row(1e9 + 7, "bo", "tell", "r1", HOSTILE)]
    back = [Row(1e9 + 8, "bo", "tell", "r2", "ham"), Row(1e9 + 9, "bo", "untell", "r2")]
    return [*asked, *told, skipped, *others, *back]


def test_it_says_who_answered_what_while_the_server_runs(tmp_path, monkeypatch, capsys):
    database = written(tmp_path / "mails.sqlite", events(), [(10, 0.7), (20, 0.8)])
    monkeypatch.setattr(sys, "argv", ["askwell", "report", str(tmp_path / "mails.sqlite")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    database.close()
    assert "mails.html" in capsys.readouterr().out
    page = (tmp_path / "mails.html").read_text()
    assert HOSTILE not in page
    for sentence in (
        "3 rows of the pool have a label, 1 was skipped. 1 batch was handed out.",
        "Accuracy at 20 labels, as it was estimated then: 0.80 (0.70 to 0.85",
        "An answer took 2.0 s (median).",
        "1 answer was taken back.",
        "Agreement of those who labelled the same rows: ",
        "anna: &lt;script&gt;alert(1)&lt;/script&gt; and bo: ham",
        '<th scope="row">anna</th><td>3</td><td>1</td><td>0</td><td>2.0</td>',
        'data-name="accuracy"',
    ):
        assert sentence in page, sentence


def test_nothing_answered_yet(tmp_path):
    written(tmp_path / "l.sqlite", events()[:4]).close()
    assert "Nobody has answered yet." in report(tmp_path / "l.sqlite").read_text()


@pytest.mark.parametrize("content", [b"", b"id,label\n1,a\n" * 100])
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / "other.csv").write_bytes(content)
    with pytest.raises(AskwellError, match=r"other\.csv (cannot be read|is no labelling)"):
        report(tmp_path / "other.csv")
    written(tmp_path / "l.sqlite", events()).close()
    with pytest.raises(AskwellError, match="leave out --metric"):
        report(tmp_path / "l.sqlite", metric="macro-f1")
