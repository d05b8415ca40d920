"""What a comparison gives back: records, and what they say."""

import json
from dataclasses import dataclass

import polars as pl
from rich.table import Table as RichTable

from askwell import stats
from askwell.experiments.spec import Spec

ROW = ("dataset", "strategy", "batch", "aulc", "aulc_low", "aulc_high", "final_accuracy", "seconds", "splits")
VERDICT = ("strategy", "baseline", "difference", "low", "high", "verdict", "more_splits")


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
        """Mean AULC with its interval, final accuracy and seconds; see `askwell.stats.summarise`."""
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

    def rich(self) -> RichTable:
        """The table for a terminal: one row a strategy, one column a dataset, the best in bold."""
        summary = self.table()
        extra = [name for name in ("learner", "batch") if summary[name].n_unique() > 1]
        datasets = summary["dataset"].unique(maintain_order=True).to_list()
        table = RichTable(title="AULC: mean accuracy over the rounds, with its 95 % interval")
        for name in ("strategy", *extra):
            table.add_column(name)
        for name in (*datasets, *(["mean"] if len(datasets) > 1 else [])):
            table.add_column(name, justify="right")
        top = dict(summary.group_by("dataset", maintain_order=True).agg(pl.col("aulc").max()).iter_rows())
        for key, group in summary.group_by("strategy", *extra, maintain_order=True):
            found = {row["dataset"]: row for row in group.to_dicts()}
            cells = [_cell(found.get(name), top[name]) for name in datasets]
            if len(datasets) > 1:
                cells.append(f"{group['aulc'].mean():.4f}" if len(found) == len(datasets) else "")
            table.add_row(*map(str, key), *cells)
        return table


def _cell(row: dict | None, top: float) -> str:
    if row is None:
        return ""
    text = f"{row['aulc']:.4f}"
    if row["aulc_low"] is not None:
        text += f" ± {row['aulc'] - row['aulc_low']:.4f}"
    return f"[bold]{text}[/bold]" if row["aulc"] == top else text
