"""How much of the way from random to the oracle a strategy goes."""

import polars as pl

from askwell.core import ACCURACY, metric_of
from askwell.stats.curves import episodes
from askwell.stats.paired import PAIR
from askwell.stats.student import mean_intervals

GROUP = ("dataset", "strategy", "learner", "batch")
RANDOM, ORACLE = "random", "oracle"
ROUNDING = 1e-9


def gap_closed(records: pl.DataFrame, metric: str = ACCURACY) -> pl.DataFrame:
    """One row per (dataset, strategy, learner, batch) with its ``gap_closed``, in `summarise`'s order.

    ``(AULC - random's) / (oracle's - random's)``: 0 for random, 1 for the oracle, above 1 or below 0 where a
    strategy beats the one or loses to the other. Means over the splits that all three have come first, then
    one ratio: a mean of ratios would be dominated by the splits where the oracle gains nearly nothing.

    Null where random or the oracle was not played, and where the oracle is not reliably better than random: the
    95 % Student t interval of its paired gain over these splits does not lie above 0, as it never does with
    one split. A share of a gap that may be 0 has no meaning.
    """
    cells, sign = episodes(records, metric), metric_of(metric).sign
    rows = cells.select(GROUP).unique(maintain_order=True)
    for name in (RANDOM, ORACLE):
        one = cells.filter(pl.col("strategy") == name).select(*PAIR, pl.col("aulc").alias(name))
        cells = cells.join(one, on=PAIR, maintain_order="left")  # inner: splits that it has too
    cells = cells.with_columns(
        gap=sign * (pl.col(ORACLE) - pl.col(RANDOM)), gain=sign * (pl.col("aulc") - pl.col(RANDOM))
    )
    gaps = mean_intervals(cells, GROUP, "gap").join(
        cells.group_by(GROUP).agg(pl.col("gain").mean()), on=GROUP, maintain_order="left"
    )
    # A null bound (one split) is not above 0 either, nor is one that rounding made.
    share = pl.when(pl.col("gap_low") > ROUNDING).then(pl.col("gain") / pl.col("gap")).alias("gap_closed")
    return rows.join(gaps.select(*GROUP, share), on=GROUP, how="left", maintain_order="left")
