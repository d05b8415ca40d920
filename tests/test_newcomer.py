"""A newcomer's path: a file of one's own, from the first command to a figure."""

import json
import random
import subprocess
import sys

import pytest

import askwell
from askwell import cli

WORDS = {"bug": "crash error broken fails hang trace", "wish": "please would like add option nicer"}
FILLERS = "the a window when saving large files and"


def tickets() -> str:
    draw = random.Random(0)
    lines = ["ticket,age,product,words,kind"]
    for i in range(80):
        kind = draw.choice(["bug", "wish"])
        said = " ".join(draw.choices([*WORDS[kind].split(), *FILLERS.split()], k=12))
        age = "" if i % 9 == 0 else f"{draw.gauss(3, 1):.2f}"
        product = "" if i % 11 == 0 else draw.choice(["web", "app", "api"])
        lines.append(f'T-{i:03d},{age},{product},"{said}, thanks",{kind}')
    return "\n".join(lines)


def in_a_process(*args: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "askwell", *args], capture_output=True, text=True, timeout=200
    )
    assert (done.returncode, done.stderr.strip()) == (0, "")
    return done.stdout


def test_from_a_file_to_a_report(tmp_path, monkeypatch, capsys):
    def command(*args: str) -> str:
        """What a process of its own would print, once the first has shown that one does."""
        monkeypatch.setattr("sys.argv", ["askwell", *args])
        with pytest.raises(SystemExit) as left:
            cli.main()
        output = capsys.readouterr()
        assert (left.value.code or 0, output.err.strip()) == (0, "")
        return output.out

    monkeypatch.chdir(tmp_path)
    (tmp_path / "tickets.csv").write_text(tickets())
    compare = ["compare", "tickets.csv", "--label", "kind", "--id", "ticket", "--strategies", "random,margin"]
    compare += ["--rounds", "2", "--batch", "5", "--splits", "3", "--out", "runs/tickets"]
    first = in_a_process(*compare)
    assert "tickets" in first
    records = askwell.reopen(tmp_path / "runs" / "tickets").records
    picks = records.explode("picks")["picks"]
    assert len(picks) == 2 * 3 * 2 * 5
    assert set(picks) <= {f"T-{i:03d}" for i in range(80)}
    rows = json.loads(command(*compare, "--format", "json"))["rows"]  # goes on: all is there
    assert [row["strategy"] for row in rows] == ["random", "margin"]
    assert askwell.reopen(tmp_path / "runs" / "tickets").records.equals(records)
    suggested = first.splitlines()[-1].split()
    assert suggested[:3] == ["python", "-m", "askwell"]  # as it was called
    said = command(*suggested[3:])
    assert said == "The report is in runs/tickets/report.html\n"
    assert "means over 3 splits" in (tmp_path / "runs" / "tickets" / "report.html").read_text()
