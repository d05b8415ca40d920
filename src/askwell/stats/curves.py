"""One episode's learning curve, as numbers."""

import polars as pl

from askwell.core import CELL, AskwellError


def at_labels(records: pl.DataFrame, metric: str = "accuracy") -> pl.DataFrame:
    """The metric with at most so many labels, at the same numbers of labels in every episode.

    Columns: those of `CELL`, ``labels`` and the metric. In a game in which all rounds cost the same these are the
    records' own; where strategies may skip, an episode's value at a number of labels is that of its last round which
    cost no more, and there is none before its first.
    """
    key = ["dataset", "learner", "batch"]
    own = records.select(*CELL, "round", "labels", metric)
    if own.group_by(*key, "round").agg(pl.col("labels").n_unique())["labels"].max() == 1:
        return own.drop("round")
    first = records["labels"].min()
    most = records.group_by(key).agg(pl.col("budget").max())
    grid = (
        most.with_columns(
            labels=pl.int_ranges(pl.lit(first), pl.col("budget") + 1, pl.col("batch")).cast(pl.List(pl.Int32))
        )
        .explode("labels")
        .drop("budget")
    )
    cells = own.select(CELL).unique(maintain_order=True).join(grid, on=key, maintain_order="left")
    last = own.sort(*CELL, "round").group_by(*CELL, "labels", maintain_order=True).agg(pl.col(metric).last())
    joined = cells.sort("labels").join_asof(
        last.sort("labels"), on="labels", by=list(CELL), check_sortedness=False
    )
    return joined.drop_nulls(metric).select(*CELL, "labels", metric)


def _area() -> pl.Expr:
    bought, accuracy = pl.col("picks").list.len().cast(pl.Float64), pl.col("accuracy")
    unspent = (pl.col("budget") - pl.col("labels")).last().cast(pl.Float64)
    return ((bought * accuracy).sum() + unspent * accuracy.last()) / (bought.sum() + unspent)


def episodes(records: pl.DataFrame) -> pl.DataFrame:
    """One row per episode: the columns of `CELL`, ``aulc``, ``final_accuracy`` and ``seconds``.

    ``aulc`` is the mean accuracy over the labels that the budget allows: each label counts at the accuracy after the
    refit that first knew it, and what was not spent at the last accuracy. Where all rounds cost the same, that is the
    mean over the rounds. ``final_accuracy`` is the last round's, ``seconds`` the sum.
    Rows come by dataset, then by first appearance of the strategy in `records`, then by learner, batch,
    split; apart from that order of strategies, the order of `records` changes nothing, not even a last digit.

    Raises:
        AskwellError: if an accuracy is missing; statistics over what is left would not be paired.
    """
    accuracy = records["accuracy"]
    if accuracy.null_count() or accuracy.is_nan().any():
        raise AskwellError(
            "Some records have no accuracy (null or NaN), but every round needs one; rerun those cells."
        )
    names = records["strategy"].unique(maintain_order=True)
    order = pl.DataFrame(
        {"strategy": names, "order": range(len(names))}, {"strategy": pl.String(), "order": pl.Int32()}
    )
    return (
        records.join(order, on="strategy")
        .sort("dataset", "order", "learner", "batch", "split", "round")
        .group_by(CELL, maintain_order=True)
        .agg(
            _area().alias("aulc"),
            pl.col("accuracy").last().alias("final_accuracy"),
            pl.col("seconds").sum(),
        )
    )
