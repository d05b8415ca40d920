"""One episode's learning curve, as numbers."""

import polars as pl

from askwell.core import CELL, AskwellError


def episodes(records: pl.DataFrame) -> pl.DataFrame:
    """One row per episode: the columns of `CELL`, ``aulc``, ``final_accuracy`` and ``seconds``.

    ``aulc`` is the mean accuracy over the rounds, ``final_accuracy`` the last round's, ``seconds`` the sum.
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
            pl.col("accuracy").mean().alias("aulc"),
            pl.col("accuracy").last().alias("final_accuracy"),
            pl.col("seconds").sum(),
        )
    )
