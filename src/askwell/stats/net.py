"""What an episode is judged by where labels have a price: the metric at its end, less what its labels cost."""

import polars as pl

from askwell.core import ACCURACY, CELL, metric_of
from askwell.stats.gap import GROUP
from askwell.stats.summary import summarise


def net(records: pl.DataFrame, price: float, metric: str = ACCURACY) -> pl.DataFrame:
    """The last record of each episode, with `price` for each label bought taken off the metric.

    Start labels are free. Where lower is better, the price is added. All of `askwell.stats` can be asked about these
    records; what it calls AULC is then the net, since each curve has one point.
    """
    column, sign = metric_of(metric).column, metric_of(metric).sign
    paid = records.group_by(CELL).agg(pl.col("picks").list.len().sum().alias("paid"))
    ends = records.filter(pl.col("round") == pl.col("round").max().over(CELL))
    return ends.join(paid, on=CELL, maintain_order="left").select(
        pl.exclude("paid", "labels", column),
        (pl.col(column) - sign * price * pl.col("paid")).alias(column),
        labels=pl.col("budget"),  # an episode is over, whatever it bought
    )


def summarise_net(records: pl.DataFrame, price: float, metric: str = ACCURACY) -> pl.DataFrame:
    """As `summarise`, with the net in place of AULC, and ``labels``, the mean number that was paid for in the end."""
    ends = records.filter(pl.col("round") == pl.col("round").max().over(CELL))
    paid = ends.group_by(GROUP).agg(
        pl.col(metric_of(metric).column).mean().alias("final"), pl.col("labels").mean()
    )
    seconds = (
        records.group_by(*CELL).agg(pl.col("seconds").sum()).group_by(GROUP).agg(pl.col("seconds").mean())
    )
    return (
        summarise(net(records, price, metric), metric)
        .drop("final", "seconds")
        .join(paid, on=GROUP, maintain_order="left")
        .join(seconds, on=GROUP, maintain_order="left")
        .rename({"aulc": "net", "aulc_low": "net_low", "aulc_high": "net_high"})
    )
