"""One episode's learning curve in a metric, as numbers."""

import polars as pl

from askwell.core import ACCURACY, CELL, AskwellError, metric_of


def at_labels(records: pl.DataFrame, metric: str = ACCURACY) -> pl.DataFrame:
    """The metric with at most so many labels, at the same numbers of labels in every episode.

    Columns: those of `CELL`, ``labels`` and the metric's. In a game in which all rounds cost the same these are the
    records' own. Where strategies may skip, the numbers are a batch apart up to the budget, and an episode's value at
    one of them is that of its last round which had cost no more; there is none before its first. So a strategy that
    spends in small steps is not put at a disadvantage, and what is not spent counts at the last value.
    """
    key, column = ["dataset", "learner", "batch"], metric_of(metric).column
    own = records.select(*CELL, "round", "labels", column)
    if own.group_by(*key, "round").agg(pl.col("labels").n_unique())["labels"].max() == 1:
        return own.drop("round")
    free = (
        pl.col("labels") - pl.col("picks").list.len()
    ).min()  # labels that were given before the first round
    most = records.group_by(key).agg(pl.col("budget").max(), free.alias("free"))
    labels = pl.int_ranges(pl.col("free") + pl.col("batch"), pl.col("budget") + 1, pl.col("batch"))
    grid = most.select(*key, labels.cast(pl.List(pl.Int32)).alias("labels")).explode("labels")
    cells = own.select(CELL).unique(maintain_order=True).join(grid, on=key, maintain_order="left")
    last = own.sort(*CELL, "round").group_by(*CELL, "labels", maintain_order=True).agg(pl.col(column).last())
    joined = cells.sort("labels").join_asof(
        last.sort("labels"), on="labels", by=list(CELL), check_sortedness=False
    )
    return joined.drop_nulls(column).select(*CELL, "labels", column)


def episodes(records: pl.DataFrame, metric: str = ACCURACY) -> pl.DataFrame:
    """One row per episode: the columns of `CELL`, ``aulc``, ``final`` and ``seconds``.

    ``aulc`` is the mean of the metric over numbers of labels, a batch apart up to the budget, see `at_labels`; where
    all rounds cost the same, that is the mean over the rounds. ``final`` is the last round's, ``seconds`` the sum.
    Rows come by dataset, then by first appearance of the strategy in `records`, then by learner, batch,
    split; apart from that order of strategies, the order of `records` changes nothing, not even a last digit.

    Raises:
        AskwellError: if a value is missing; statistics over what is left would not be paired.
    """
    column, words = metric_of(metric).column, metric_of(metric).words
    if records[column].null_count() or records[column].is_nan().any():
        raise AskwellError(
            f"Some records have no {words} (they are damaged, or of a version that did not measure it); play them "
            "again with another --out, or choose another metric."
        )
    names = records["strategy"].unique(maintain_order=True)
    order = pl.DataFrame(
        {"strategy": names, "order": range(len(names))}, {"strategy": pl.String(), "order": pl.Int32()}
    )
    areas = at_labels(records, metric).group_by(CELL).agg(pl.col(column).mean().alias("aulc"))
    return (
        records.join(order, on="strategy")
        .sort("dataset", "order", "learner", "batch", "split", "round")
        .group_by(CELL, maintain_order=True)
        .agg(
            pl.col(column).last().alias("final"),
            pl.col("seconds").sum(),
        )
        .join(areas, on=CELL, maintain_order="left")
        .select(*CELL, "aulc", "final", "seconds")
    )
