"""One episode's learning curve, as numbers."""

import polars as pl

from askwell.core import CELL, AskwellError


def _area() -> pl.Expr:
    bought, accuracy = pl.col("picks").list.len().cast(pl.Float64), pl.col("accuracy")
    unspent = (pl.col("budget") - pl.col("labels")).last().cast(pl.Float64)
    return ((bought * accuracy).sum() + unspent * accuracy.last()) / (bought.sum() + unspent)


def episodes(records: pl.DataFrame) -> pl.DataFrame:
    """One row per episode: the columns of `CELL`, ``aulc``, ``final_accuracy`` and ``seconds``.

    ``aulc`` is the mean accuracy over the labels that the budget allows: each label counts at the accuracy after the
    refit that first knew it, and each that was not bought at the last accuracy. Where all rounds cost the same, that is
    the mean over the rounds. ``final_accuracy`` is the last round's, ``seconds`` the sum.
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
