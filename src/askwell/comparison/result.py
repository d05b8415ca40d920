"""What a comparison gives back: records, and what they say."""

import json
from dataclasses import dataclass

import polars as pl
from rich.console import Group

from askwell import stats
from askwell.comparison.spec import Spec
from askwell.comparison.table import tables

ROW = (
    *("dataset", "strategy", "batch", "aulc", "aulc_low", "aulc_high"),
    *("final_accuracy", "seconds", "splits", "gap_closed"),
)
VERDICT = (
    *("strategy", "baseline", "difference", "low", "high", "verdict", "more_splits"),
    *("p_better", "p_equivalent", "p_worse"),
)


@dataclass(frozen=True)
class Result:
    """Records of a comparison (columns: `askwell.core.SCHEMA`) and everything computed from them.

    Attributes:
        compile_seconds: spent compiling, summed over programs (they compile side by side).
        run_seconds: spent playing, summed over chunks.
        notes: what the user should know about the data, one sentence each.
    """

    spec: Spec
    records: pl.DataFrame
    compile_seconds: float = 0.0
    run_seconds: float = 0.0
    notes: tuple[str, ...] = ()

    def table(self) -> pl.DataFrame:
        """Mean AULC with its interval, final accuracy, seconds, gap closed; see `askwell.stats.summarise`."""
        return stats.summarise(self.records)

    def verdicts(self, baseline: str | None = None) -> list[stats.Verdict]:
        """Every strategy against the baseline (the spec's by default), paired by split."""
        return stats.verdicts(self.records, baseline or self.spec.baseline)

    def ranks(self) -> stats.Ranks | None:
        """Friedman ranks with Holm-corrected pairs; None for fewer than five datasets."""
        return stats.ranks(self.records)

    def json(self) -> str:
        """The table and the verdicts as one JSON object with the keys ``rows`` and ``verdicts``.

        Where several learners are compared, each row also names its ``learner``.
        """
        columns = ROW if len(self.spec.learners) == 1 else ("learner", *ROW)
        rows = self.table().select(columns).to_dicts()
        verdicts = [{name: getattr(verdict, name) for name in VERDICT} for verdict in self.verdicts()]
        return json.dumps({"rows": rows, "verdicts": verdicts}, indent=1, allow_nan=False)

    def rich(self, width: int = 80) -> Group:
        """The table for a terminal `width` characters wide; see `askwell.comparison.table.tables`."""
        return tables(self.table(), width)
