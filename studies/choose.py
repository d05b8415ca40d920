"""Which strategy for which metric? Plays them on the meta-validation and the held-out sets: `python studies/choose.py`.

Each set is played as it is and *thinned*, so that classes are unbalanced: of its classes, by size, the first keeps all
its rows, the last a twentieth as many, those between as many as a geometric series says. Takes about 20 minutes on two
cores; what is in `--out` is not played again. `docs/choose.py` reads it and writes docs/choose.md.
"""

import argparse
from pathlib import Path

import askwell
from askwell.data import Dataset, load, thinned
from askwell.data.catalogue import META_VALIDATION, TWINS, catalogue
from askwell.execution import workers

STRATEGIES = (
    *("random", "margin", "least-confidence", "entropy", "power-margin", "badge", "cluster-margin"),
    *("uherding", "maxherding", "margin-herding", "typiclust", "coreset", "learned"),
)
RAREST = 1 / 20
FEWEST = 500
"""Rows that a thinned set must keep; else it is left out."""

SPLITS = 12


def sets() -> list[str]:
    """Names of the meta-validation and the held-out sets."""
    roles = {entry.name: entry.role for entry in catalogue() if entry.installed}
    for twin in TWINS:
        roles.pop(twin, None)
    return [
        *(name for name, role in roles.items() if role == META_VALIDATION),
        *(name for name, role in roles.items() if role == "held out"),
    ]


def main() -> None:
    """Play what is not there yet."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path("runs/choose"))
    out = options.parse_args().out
    found: dict[str, Dataset] = {}
    for name in sets():
        whole = askwell.data.encode(load(name, label=None, id=None))
        found[whole.name] = whole
        fewer = thinned(whole, RAREST)
        if len(fewer.y) >= FEWEST:
            found[fewer.name] = fewer
    for name, data in found.items():  # one by one: a run that grows keeps what it has, and says where it is
        askwell.compare(
            list(found.values())[: list(found).index(name) + 1], strategies=STRATEGIES, splits=SPLITS, out=out
        )
        print(f"{name}: {len(data.x)} rows, {len(data.classes)} classes ({workers()} at once)", flush=True)


if __name__ == "__main__":
    main()
