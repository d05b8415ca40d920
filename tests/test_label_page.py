"""What docs/label.md shows works, and prints what the page says."""

import contextlib
import io
import re
from pathlib import Path

PAGE = (Path(__file__).parents[1] / "docs" / "label.md").read_text()
SHOWN = re.findall(r"^```python\n(.*?)^```\n\n(?:```\n(.*?)^```\n)?", PAGE, re.M | re.S)


def test_the_example_prints_what_the_page_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(SHOWN) == 3
    names: dict = {}
    for code, said in SHOWN:
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(code, names)
        assert output.getvalue() == said
