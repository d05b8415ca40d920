"""Log-loss against labels asked: what accuracy hides, how wrong the learner is when it is wrong."""

import polars as pl

from askwell.plots import learning_curves
from askwell.plots.learning_curves import SOURCE, alt, charts, draw, plotly
from askwell.plots.palette import CEILINGS


def data(records: pl.DataFrame) -> pl.DataFrame:
    """As `learning_curves.data`, of ``log_loss`` in nats."""
    return learning_curves.data(records, "log_loss")


def figure(records: pl.DataFrame):
    """See `learning_curves.figure`."""
    from askwell.plots import files

    return files.draw_all(charts(data(records)))


def caption(data: pl.DataFrame) -> str:
    """Who ends lowest, the ceilings aside, on how many panels."""
    honest = data.filter(~pl.col("strategy").is_in(CEILINGS))
    last = (data if honest.is_empty() else honest).filter(
        pl.col("labels") == pl.col("labels").max().over("panel")
    )
    best = last.filter(pl.col("log_loss") == pl.col("log_loss").min().over("panel"))
    wins = best.group_by("strategy").len("wins").sort(["wins", "strategy"], descending=[True, False]).rows()
    if last["panel"].n_unique() == 1:
        return f"After the last round {wins[0][0]} has the lowest log-loss; lower is better."
    listed = ", ".join(f"{name} on {count}" for name, count in wins)
    return f"Lowest log-loss at the end, of {last['panel'].n_unique()}: {listed}; lower is better."


__all__ = ["SOURCE", "alt", "caption", "charts", "data", "draw", "figure", "plotly"]
