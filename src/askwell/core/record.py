"""The record: one row per round of an episode; all that statistics and plots ever read."""

import polars as pl

from askwell.core.metrics import METRICS

CEILINGS = ("oracle", "clairvoyant")
"""Strategies that see hidden labels, so being the best is no merit of theirs."""

CELL = ("dataset", "strategy", "learner", "batch", "split")
"""The columns that name one cell of a grid, that is, one episode."""

SCORES = (*(metric.column for metric in METRICS.values()), "calibration_error")
"""Measured on the report split after each round's refit."""

MAJORITY = {name: f"majority_{metric.column}" for name, metric in METRICS.items()}
"""By metric, the column with the score of a learner that knows nothing but the classes' shares in the report split."""

SCHEMA = pl.Schema(
    {
        "dataset": pl.String(),
        "strategy": pl.String(),
        "learner": pl.String(),
        "batch": pl.Int32(),
        "split": pl.Int32(),
        "seed": pl.Int64(),
        "round": pl.Int32(),  # 1, 2, … after the first batch, the second, …
        "turn": pl.Int32(),  # actions taken so far; of a stream, the points that have come
        "labels": pl.Int32(),  # how many labels have been paid for after this round
        "budget": pl.Int32(),  # how many may be paid for in all
        "picks": pl.List(pl.String()),  # the user's row ids, best first
        **{score: pl.Float64() for score in SCORES},
        "majority": pl.String(),  # the largest class of the report split
        **{column: pl.Float64() for column in MAJORITY.values()},
        "selection_accuracy": pl.Float64(),
        "selection_log_loss": pl.Float64(),
        "reward": pl.Float64(),
        "seconds": pl.Float64(),  # this round's share of the run time, compilation left out
        "versions": pl.String(),
    }
)


def completed(records: pl.DataFrame) -> pl.DataFrame:
    """Records in today's schema.

    In earlier versions each round was one turn, and the whole budget was spent. What they did not record is null.

    Raises:
        polars.exceptions.PolarsError: if these are no records.
    """
    if "turn" not in records.columns:
        whole = pl.col("labels").max().over(CELL)
        records = records.with_columns(turn=pl.col("round"), budget=whole)
    later = [name for name in ("macro_f1", "majority", *MAJORITY.values()) if name not in records.columns]
    return (
        records.with_columns(pl.lit(None).alias(name) for name in later).select(SCHEMA.names()).cast(SCHEMA)
    )
