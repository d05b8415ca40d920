"""What docs/label.md shows works, and prints what the page says."""

import contextlib
import io
import re
import shlex
from pathlib import Path

from askwell import cli

PAGE = (Path(__file__).parents[1] / "docs" / "label.md").read_text()
SHOWN = re.findall(r"^```(python|sh)\n(.*?)^```\n\n(?:```\n(.*?)^```\n)?", PAGE, re.M | re.S)


def run(kind, code, names, monkeypatch):
    """What a block prints, notes first."""
    output, notes = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(notes):
        if kind == "python":
            exec(code, names)
        else:
            monkeypatch.setattr("sys.argv", shlex.split(code))
            with contextlib.suppress(SystemExit):
                cli.main()
    return notes.getvalue() + output.getvalue()


def test_the_examples_print_what_the_page_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(SHOWN) == 11
    names: dict = {}
    for kind, code, said in SHOWN:
        assert run(kind, code, names, monkeypatch) == said
