"""The effect of the batch size: the lead in AULC over a baseline for each size."""

import polars as pl
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web

from askwell.core import ACCURACY, CEILINGS, AskwellError, metric_of
from askwell.plots import chart, files, web
from askwell.plots.chart import Line, Lines
from askwell.plots.palette import style
from askwell.stats import episodes, mean_intervals
from askwell.stats.paired import PAIR

SOURCE = "records"
SETTINGS = ("metric", "baseline")


def data(records: pl.DataFrame, baseline: str = "random", metric: str = ACCURACY) -> pl.DataFrame:
    """One row per dataset (and learner, where there are several), strategy and batch.

    Columns: ``panel``, ``strategy``, ``batch``, ``lead`` (mean paired gain in AULC over the baseline),
    ``lead_low``, ``lead_high`` (95 % Student t interval over splits, null with one), ``splits``.

    Raises:
        AskwellError: with a single batch size, or with nothing but the baseline.
    """
    cells = episodes(records, metric)
    names = cells["strategy"].unique(maintain_order=True).to_list()
    if cells["batch"].n_unique() < 2:
        raise AskwellError(
            "These records have one batch size; compare with --batch 1,10 or so to see what it does."
        )
    base = baseline if baseline in names else names[0]
    panel = pl.col("dataset")
    if cells["learner"].n_unique() > 1:
        panel = pl.concat_str(panel, "learner", separator=" · ")
    paired = cells.filter(pl.col("strategy") != base).join(
        cells.filter(pl.col("strategy") == base).select(*PAIR, pl.col("aulc").alias("base")), on=PAIR
    )
    if paired.is_empty():
        raise AskwellError(
            f"A lead needs a strategy besides the baseline {base}, and these records have none."
        )
    lead = metric_of(metric).sign * (pl.col("aulc") - pl.col("base"))
    paired = paired.select(panel.alias("panel"), "strategy", "batch", "split", lead=lead)
    order = pl.col("strategy").cast(pl.Enum(names))
    return mean_intervals(
        paired.sort("panel", order, "batch", "split"), ["panel", "strategy", "batch"], "lead"
    )


def charts(data: pl.DataFrame) -> list[Lines]:
    """One panel of lines for each of the data's."""
    panels = []
    for (name,), part in data.group_by("panel", maintain_order=True):
        lines = []
        for (strategy,), line in part.group_by("strategy", maintain_order=True):
            y, low, high = (line[c].cast(float).to_numpy() for c in ("lead", "lead_low", "lead_high"))
            lines.append(Line(str(strategy), line["batch"].to_numpy(), y, low, high, *style(str(strategy))))
        panels.append(Lines(str(name), "labels in a batch", "lead in AULC", tuple(lines), 0.0, log_x=True))
    return panels


def draw(data: pl.DataFrame, figure: Figure) -> None:
    """Draw all panels into an empty figure."""
    files.draw(charts(data), figure)


def figure(records: pl.DataFrame, **settings: str) -> Figure:
    """The whole figure."""
    return files.draw_all(charts(data(records, **settings)))


def plotly(data: pl.DataFrame) -> list[Web]:
    """The panels for the web."""
    return web.draw_all(charts(data))


def alt(data: pl.DataFrame) -> str:
    """The figure in words."""
    return chart.alt(charts(data))


def caption(data: pl.DataFrame) -> str:
    """Who leads at the smallest batch and who at the largest, ceilings aside, on average over the panels."""
    honest = data.filter(~pl.col("strategy").is_in(CEILINGS))
    means = (
        (data if honest.is_empty() else honest)
        .group_by("batch", "strategy")
        .agg(pl.col("lead").mean())
        .sort("batch", "lead", "strategy")
    )
    first, last = (
        means.filter(pl.col("batch") == size).row(-1) for size in (means["batch"][0], means["batch"][-1])
    )
    small, large = (f"{name} leads by {lead:.3f}" for _, name, lead in (first, last))
    return f"With batches of {first[0]} {small}, with batches of {last[0]} {large}; 0 is the baseline."
