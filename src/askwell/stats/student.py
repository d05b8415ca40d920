"""Student's t interval of a mean, group by group."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy import stats


def mean_intervals(
    frame: pl.DataFrame, by: Sequence[str], value: str, confidence: float = 0.95
) -> pl.DataFrame:
    """One row per group: the mean of `value`, ``{value}_low``, ``{value}_high``, and ``splits`` (row count).

    ``mean ± t_{n-1} s / √n`` (Student 1908). With one row the spread is unknown, and the bounds are null.
    Groups stay in order of first appearance.
    """
    spread = pl.col(value).std() / pl.len().sqrt()
    grouped = frame.group_by(by, maintain_order=True).agg(
        pl.col(value).mean(), spread.alias("error"), pl.len().alias("splits")
    )
    freedom = np.maximum(grouped["splits"].to_numpy() - 1, 1)
    half = pl.Series(stats.t.ppf((1 + confidence) / 2, freedom)) * grouped["error"]
    return grouped.select(
        *by,
        value,
        (pl.col(value) - half).alias(f"{value}_low"),
        (pl.col(value) + half).alias(f"{value}_high"),
        pl.col("splits").cast(pl.Int32),
    )
