"""A metric against labels asked, one panel per dataset, one line per strategy."""

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web

from askwell.core import ACCURACY, CEILINGS, METRICS, Metric, counted, metric_of
from askwell.plots import chart, files, web
from askwell.plots.chart import Line, Lines
from askwell.plots.palette import INK, style
from askwell.stats import at_labels, majority, mean_intervals

SOURCE = "records"
SETTINGS: tuple[str, ...] = ("metric",)
MAJORITY = "majority class"


def data(records: pl.DataFrame, metric: str = ACCURACY) -> pl.DataFrame:
    """One row per panel, strategy and number of labels.

    Columns: ``panel`` (the dataset; with several learners or batches, which are panels of their own, those
    too), ``strategy``, ``labels``, the metric's column (mean over splits), and the same with ``_low`` and
    ``_high`` (95 % Student t interval, null with one split), ``splits``, and ``level``: what the majority class
    scores on the dataset (null in records that do not hold it).
    """
    order = ["dataset", "learner", "batch", "strategy", "labels"]
    curves = mean_intervals(at_labels(records, metric).sort(*order, "split"), order, metric_of(metric).column)
    levels = majority(records, metric).select("dataset", "level")
    return curves.join(levels, on="dataset", how="left", maintain_order="left").select(
        panel_names(records), pl.exclude("dataset", "learner", "batch")
    )


def panel_names(records: pl.DataFrame) -> pl.Expr:
    """What each row's ``panel`` is called: the dataset and, of learner and batch, what differs at all."""
    names = [pl.col("dataset")]
    if records["learner"].n_unique() > 1:
        names.append(pl.col("learner"))
    if records["batch"].n_unique() > 1:
        names.append(pl.format("batch {}", "batch"))
    return pl.concat_str(names, separator=" · ").alias("panel")


def charts(data: pl.DataFrame) -> list[Lines]:
    """One panel of lines for each of the data's."""
    metric, panels = _metric(data), []
    axis = f"{metric.words} on report split" + ("" if metric.sign > 0 else " (nats)")
    for (name,), part in data.group_by("panel", maintain_order=True):
        lines = []
        for (strategy,), curve in part.group_by("strategy", maintain_order=True):
            y, low, high = (
                curve[metric.column + end].cast(float).to_numpy() for end in ("", "_low", "_high")
            )
            lines.append(Line(str(strategy), curve["labels"].to_numpy(), y, low, high, *style(str(strategy))))
        if _needed(part):
            ends = np.array([part["labels"].min(), part["labels"].max()])
            lines.append(Line(MAJORITY, ends, np.repeat(part["level"][0], 2), colour=INK, dash=True))
        panels.append(Lines(str(name), "labels asked", axis, tuple(lines)))
    return panels


def _metric(data: pl.DataFrame) -> Metric:
    return next(metric for metric in METRICS.values() if metric.column in data.columns)


def _needed(panel: pl.DataFrame) -> bool:
    """Is some curve somewhere no better than the majority class? Else its line would only make the panel higher."""
    metric, level = _metric(panel), panel["level"][0]
    return level is not None and bool((metric.sign * (panel[metric.column] - level) <= 0).any())


def draw(data: pl.DataFrame, figure: Figure) -> None:
    """Draw all panels into an empty figure: names at the lines' ends where they fit, else one legend."""
    files.draw(charts(data), figure)


def figure(records: pl.DataFrame, **settings: str) -> Figure:
    """The whole figure, of a size that suits its number of panels. Save it with ``.savefig(path)``."""
    return files.draw_all(charts(data(records, **settings)))


def plotly(data: pl.DataFrame) -> list[Web]:
    """The panels for the web."""
    return web.draw_all(charts(data))


def alt(data: pl.DataFrame) -> str:
    """The figure in words."""
    return chart.alt(charts(data))


def caption(data: pl.DataFrame) -> str:
    """Who ends best, the ceilings aside, in words computed from the figure's data."""
    metric = _metric(data)
    last = data.filter(pl.col("labels") == pl.col("labels").max().over("panel"))
    aside = [name for name in CEILINGS if name in last["strategy"]]
    if len(aside) == last["strategy"].n_unique():
        aside = []
    last = last.filter(~pl.col("strategy").is_in(aside))
    value = metric.sign * pl.col(metric.column)
    best = last.filter(value == value.max().over("panel"))
    wins = best.group_by("strategy").len("wins").sort(["wins", "strategy"], descending=[True, False]).rows()
    panels, end = last["panel"].n_unique(), "highest" if metric.sign > 0 else "lowest (best)"
    labels = last["labels"].unique().sort().to_list()
    after = (
        counted(labels[0], "label")
        if len(labels) == 1
        else f"the last round ({labels[0]} to {labels[-1]} labels)"
    )
    noun = "panel" if data["panel"].str.contains(" · ", literal=True).any() else "dataset"
    if panels == 1:
        names = " and ".join(name for name, _ in wins)
        who = f"{names} {'is' if len(wins) == 1 else 'are'} {end}"
    else:
        (first, most), *rest = wins
        who = f"{first} is {end} on {most} of {panels} {noun}s"
        who += "".join(f", {name} on {count}" for name, count in rest)
    fewest, splits = last["splits"].min(), last["splits"].max()
    over = f"{splits}" if fewest == splits else f"{fewest} to {splits}"
    start = f"{' and '.join(aside).capitalize()} aside, after {after}" if aside else f"After {after}"
    lines = "lines are of one split"
    if splits != 1:
        lines = f"lines are means over {over} splits, bands their 95 % intervals"
    if any(_needed(part) for _, part in data.group_by("panel")):
        does = metric.trivial.format("the largest class")
        lines += f"; the dashed line is what {does} gives"
    return f"{start} {who}; {lines}."
