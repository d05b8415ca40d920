"""The table of results: how good each strategy was on each dataset."""

import polars as pl

from askwell.core import ACCURACY
from askwell.stats.curves import episodes
from askwell.stats.gap import GROUP, gap_closed
from askwell.stats.student import mean_intervals

FEWEST = 3
"""Splits that an interval needs: one has no spread, and two say next to nothing of it (``t_1 = 12.7``)."""


def summarise(records: pl.DataFrame, metric: str = ACCURACY, confidence: float = 0.95) -> pl.DataFrame:
    """One row per (dataset, strategy, learner, batch), averaged over splits.

    Columns: ``aulc`` with its Student t interval ``aulc_low``, ``aulc_high`` (null with fewer than `FEWEST` splits),
    ``final`` (the metric after the last round), ``seconds`` per episode, ``splits``, ``gap_closed`` (see
    `askwell.stats.gap_closed`; null without an oracle). By dataset, strategies as they first appear.

    These intervals hold the spread between splits, which all strategies share: two that overlap may still
    differ clearly. To compare strategies, use `verdicts`, which pairs the splits.
    """
    cells = episodes(records, metric)
    means = cells.group_by(GROUP).agg(pl.col("final", "seconds").mean())
    found = mean_intervals(cells, GROUP, "aulc", confidence)
    enough = pl.when(pl.col("splits") >= FEWEST)
    bounds = [enough.then(pl.col(name)).alias(name) for name in ("aulc_low", "aulc_high")]
    return (
        found.with_columns(bounds)
        .join(means, on=GROUP, maintain_order="left")
        .join(gap_closed(records, metric), on=GROUP, maintain_order="left")
        .select(*GROUP, "aulc", "aulc_low", "aulc_high", "final", "seconds", "splits", "gap_closed")
    )
