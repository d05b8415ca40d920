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
    *("final", "seconds", "splits", "gap_closed"),
)
NET = (
    *("dataset", "strategy", "batch", "net", "net_low", "net_high"),
    *("labels", "final", "seconds", "splits", "gap_closed"),
)
VERDICT = (
    *("strategy", "baseline", "difference", "low", "high", "verdict", "more_splits"),
    *("p_better", "p_equivalent", "p_worse", "below"),
)


@dataclass(frozen=True)
class Result:
    """Records of a comparison (columns: `askwell.core.SCHEMA`) and everything computed from them.

    Attributes:
        compile_seconds: spent compiling, summed over programs (they compile side by side).
        run_seconds: spent playing, summed over chunks.
        notes: what the user should know about the data, one sentence each.

    All of it is about the spec's metric, or the one that is named. Where labels have a price, the net takes the place
    of AULC: see `askwell.stats.net`.
    """

    spec: Spec
    records: pl.DataFrame
    compile_seconds: float = 0.0
    run_seconds: float = 0.0
    notes: tuple[str, ...] = ()

    def table(self, metric: str | None = None) -> pl.DataFrame:
        """Mean AULC with its interval, the metric at the end, seconds, gap closed; see `askwell.stats.summarise`.

        Where labels have a price: net with its interval, labels and so on, see `askwell.stats.summarise_net`.
        """
        metric, price = metric or self.spec.metric, self.spec.price
        if price is None:
            return stats.summarise(self.records, metric)
        return stats.summarise_net(self.records, price, metric)

    def judged(self, metric: str | None = None) -> pl.DataFrame:
        """What strategies are judged by: the records, or where labels have a price the net of each episode."""
        price = self.spec.price
        return self.records if price is None else stats.net(self.records, price, metric or self.spec.metric)

    def verdicts(self, baseline: str | None = None, metric: str | None = None) -> list[stats.Verdict]:
        """Every strategy against the baseline (the spec's by default), paired by split."""
        metric = metric or self.spec.metric
        return stats.verdicts(self.judged(metric), baseline or self.spec.baseline, metric=metric)

    def ranks(self, metric: str | None = None) -> stats.Ranks | None:
        """Friedman ranks with Holm-corrected pairs; None for fewer than five datasets."""
        return stats.ranks(self.judged(metric), metric or self.spec.metric)

    def majority(self, metric: str | None = None) -> pl.DataFrame:
        """What a learner scores on each dataset that knows the classes' shares alone; see `askwell.stats.majority`."""
        return stats.majority(self.records, metric or self.spec.metric)

    def below_majority(self, metric: str | None = None) -> list[str]:
        """A sentence for each dataset on which some strategy is no better than the majority class."""
        return stats.majority_sentences(self.judged(metric), metric or self.spec.metric)

    def json(self) -> str:
        """Table, verdicts and majority classes as one JSON object: ``metric``, ``rows``, ``verdicts``, ``majority``.

        Where several learners are compared, each row also names its ``learner``. Where labels have a price, rows have
        ``net`` and ``labels`` in place of ``aulc``.
        """
        row = ROW if self.spec.price is None else NET
        columns = row if len(self.spec.learners) == 1 else ("learner", *row)
        rows = self.table().select(columns).to_dicts()
        verdicts = [{name: getattr(verdict, name) for name in VERDICT} for verdict in self.verdicts()]
        said = {
            "metric": self.spec.metric,
            "rows": rows,
            "verdicts": verdicts,
            "majority": self.majority().to_dicts(),
        }
        return json.dumps(said, indent=1, allow_nan=False)

    def rich(self, width: int = 80) -> Group:
        """The table for a terminal `width` characters wide; see `askwell.comparison.table.tables`."""
        summary, price = self.table(), self.spec.price
        if price is None:
            return tables(summary, self.majority(), self.spec.metric, width)
        summary = summary.rename({"net": "aulc", "net_low": "aulc_low", "net_high": "aulc_high"})
        what = f"net: {{}} at the end less {price:g} a label"
        return tables(summary, self.majority(), self.spec.metric, width, what)
