"""Log-loss against labels asked: what accuracy hides, how wrong the learner is when it is wrong."""

import polars as pl

from askwell.plots import files, learning_curves
from askwell.plots.learning_curves import SOURCE, alt, caption, charts, draw, plotly


def data(records: pl.DataFrame) -> pl.DataFrame:
    """As `learning_curves.data`, of ``log_loss`` in nats."""
    return learning_curves.data(records, "log-loss")


def figure(records: pl.DataFrame):
    """See `learning_curves.figure`."""
    return files.draw_all(charts(data(records)))


__all__ = ["SOURCE", "alt", "caption", "charts", "data", "draw", "figure", "plotly"]
