"""What studies share that play on the meta-validation sets: AULC less uherding's, as a table."""

from collections.abc import Mapping

import askwell
from askwell.core import AbstractStrategy
from askwell.data.catalogue import META_VALIDATION, ROLES


def show(played: Mapping[str, AbstractStrategy], what: str, splits: int, seed: int | None = None) -> None:
    """Play strategies, uherding among them, and print a row for each; `what` heads their names."""
    sets = sorted(name for name, role in ROLES.items() if role == META_VALIDATION)
    result = askwell.compare(sets, strategies=played, baseline="uherding", splits=splits, seed=seed or 0)
    print(f"{', '.join(sets)}; {splits} splits each{'' if seed is None else f', seed {seed}'}\n")
    print(f"| {what} | AULC less uherding's | 95 % |\n| --- | --- | --- |")
    for v in result.verdicts():
        print(f"| {v.strategy} | {v.difference:+.4f} | [{v.low:+.4f}, {v.high:+.4f}] |")
