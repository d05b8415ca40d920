"""Labels bought against the points that have come, where a strategy may skip; one panel per dataset."""

import polars as pl
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web

from askwell.core import AskwellError
from askwell.plots import chart, files, web
from askwell.plots.chart import Line, Lines
from askwell.plots.learning_curves import panel_names
from askwell.plots.palette import style
from askwell.stats import mean_intervals

SOURCE = "records"


def data(records: pl.DataFrame) -> pl.DataFrame:
    """One row per panel, strategy and turn.

    Columns: ``panel``, ``strategy``, ``turn``, ``labels`` (mean over splits), the same with ``_low`` and ``_high``
    (95 % Student t interval, null with one split), ``splits``.

    Raises:
        AskwellError: where all strategies buy the same number of labels in every turn.
    """
    key = ["dataset", "learner", "batch"]
    if records.group_by(*key, "turn").agg(pl.col("labels").n_unique())["labels"].max() == 1:
        raise AskwellError(
            "All strategies bought as many labels in every round; labels against turns is for games in which they may "
            "skip, such as label-or-skip."
        )
    order = [*key, "strategy", "turn"]
    frame = records.sort(*order, "split").with_columns(pl.col("labels").cast(pl.Float64))
    curves = mean_intervals(frame, order, "labels")
    return curves.select(panel_names(records), pl.exclude(key))


def charts(data: pl.DataFrame) -> list[Lines]:
    """One panel of lines for each of the data's."""
    panels = []
    for (name,), part in data.group_by("panel", maintain_order=True):
        lines = []
        for (strategy,), curve in part.group_by("strategy", maintain_order=True):
            y, low, high = (curve["labels" + end].to_numpy() for end in ("", "_low", "_high"))
            lines.append(Line(str(strategy), curve["turn"].to_numpy(), y, low, high, *style(str(strategy))))
        panels.append(Lines(str(name), "points that have come", "labels bought", tuple(lines)))
    return panels


def draw(data: pl.DataFrame, figure: Figure) -> None:
    """Draw all panels into an empty figure."""
    files.draw(charts(data), figure)


def figure(records: pl.DataFrame) -> Figure:
    """The whole figure."""
    return files.draw_all(charts(data(records)))


def plotly(data: pl.DataFrame) -> list[Web]:
    """The panels for the web."""
    return web.draw_all(charts(data))


def alt(data: pl.DataFrame) -> str:
    """The figure in words."""
    return chart.alt(charts(data))


def caption(data: pl.DataFrame) -> str:
    """Who has spent half of what it spends soonest, and who latest, on average over the panels; who spends least."""
    ends = data.group_by("panel", "strategy").agg(pl.col("labels").max().alias("all"))
    half = (
        data.join(ends, on=["panel", "strategy"])
        .filter(pl.col("labels") >= pl.col("all") / 2)
        .group_by("panel", "strategy")
        .agg(pl.col("turn").min())
    )
    means = half.group_by("strategy").agg(pl.col("turn").mean()).sort("turn", "strategy")
    spent = ends.group_by("strategy").agg(pl.col("all").mean()).sort("all", "strategy")
    (soon, early), (late, last) = means.row(0), means.row(-1)
    least, labels = spent.row(0)
    return (
        f"{soon} has bought half of its labels after {early:.0f} points, {late} after {last:.0f}; {least} buys the "
        f"fewest in all, {labels:.0f}."
    )
