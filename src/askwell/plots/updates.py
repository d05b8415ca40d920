"""A training's updates, few enough to be drawn."""

import numpy as np
import polars as pl

from askwell.core import AskwellError
from askwell.plots.chart import Line
from askwell.plots.sources import Training

POINTS = 150
"""Most points of a line."""


def binned(training: Training, columns: list[str], needed: str) -> pl.DataFrame:
    """One row per stretch of updates: its middle ``update`` and, per column, mean, ``_low`` and ``_high``.

    A stretch is so long that there are at most `POINTS`; its ``width`` is in updates. With several seeds the
    bounds are the lowest and highest seed's mean; with one, the lowest and highest update (equal to the mean
    where a stretch is one update).

    Raises:
        AskwellError: without any update, or where the trainer does not tell the column `needed`.
    """
    updates = training.updates
    if updates.is_empty():
        raise AskwellError("This training has no finished update yet; wait for the first, or run it again.")
    if updates[needed].null_count() == len(updates):
        raise AskwellError(f"This figure shows '{needed}', and the trainer of this run does not tell it.")
    width = -(-(updates["update"].max() + 1) // POINTS)  # type: ignore[operator]
    stretch = (pl.col("update") // width).alias("stretch")
    if updates["seed"].n_unique() > 1:
        updates = updates.group_by("seed", stretch).agg(pl.col("update", *columns).mean())
    else:
        updates = updates.with_columns(stretch)
    return (
        updates.group_by("stretch")
        .agg(
            pl.col("update").mean(),
            pl.col(columns).mean(),
            pl.col(columns).min().name.suffix("_low"),
            pl.col(columns).max().name.suffix("_high"),
        )
        .sort("stretch")
        .with_columns(width=pl.lit(width))
    )


def line(frame: pl.DataFrame, column: str, name: str, colour: str, factor: float = 1.0) -> Line:
    """A column of `binned` as a line with its band."""
    y, low, high = (factor * frame[column + end].cast(float).to_numpy() for end in ("", "_low", "_high"))
    return Line(name, frame["update"].cast(float).to_numpy(), y, low, high, colour)


def warnings(training: Training) -> list[tuple[float, str]]:
    """Where warnings fell: the update, and the sentence with its seed where there are several."""
    updates = training.updates.filter(pl.col("warning").fill_null("") != "").sort("update", "seed")
    several = training.updates["seed"].n_unique() > 1
    return [
        (
            float(row["update"]),
            row["warning"].rstrip(".") + (f" (seed {row['seed']})" if several else ""),
        )
        for row in updates.iter_rows(named=True)
    ]


def smoothing(frame: pl.DataFrame) -> str:
    """What a point of `binned` is, for captions."""
    width = frame["width"][0]
    return f"each point is the mean of {width} updates" if width > 1 else "one point an update"


def last(frame: pl.DataFrame, column: str) -> float:
    """The mean over the last tenth of the points, which one odd update does not move."""
    return float(np.mean(frame[column].to_numpy()[-max(1, len(frame) // 10) :]))


def first(frame: pl.DataFrame, column: str) -> float:
    """The mean over the first tenth."""
    return float(np.mean(frame[column].to_numpy()[: max(1, len(frame) // 10)]))
