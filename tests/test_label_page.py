"""What docs/label.md and docs/estimate.md show works, and prints what the pages say."""

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

from askwell import cli

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```\n\n(?:```\n(.*?)^```\n)?", re.M | re.S)


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


@pytest.mark.parametrize(("page", "blocks"), [("label.md", 11), ("estimate.md", 1)])
def test_the_examples_print_what_the_page_says(tmp_path, monkeypatch, page, blocks):
    monkeypatch.chdir(tmp_path)
    shown = BLOCK.findall((DOCS / page).read_text())
    assert len(shown) == blocks
    names: dict = {}
    for kind, code, said in shown:
        assert run(kind, code, names, monkeypatch) == said
