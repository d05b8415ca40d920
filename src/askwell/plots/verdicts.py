"""Every strategy against the baseline: mean paired difference in AULC, its 95 % interval, the verdict."""

import polars as pl
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web

from askwell.core import ACCURACY, AskwellError, metric_of
from askwell.plots import chart, files, web
from askwell.plots.chart import Dot, Dots
from askwell.plots.palette import style
from askwell.stats import Verdict, verdicts

SOURCE = "records"
SETTINGS = ("metric", "baseline")


def data(records: pl.DataFrame, baseline: str = "random", metric: str = ACCURACY) -> list[Verdict]:
    """The verdicts, best difference first, against the baseline (the first strategy where that is missing).

    Raises:
        AskwellError: if no other strategy shares a cell with the baseline.
    """
    names = records["strategy"].unique(maintain_order=True).to_list()
    found = verdicts(records, baseline if baseline in names else names[0], metric=metric)
    if not found:
        raise AskwellError(
            "A verdict needs two strategies that played the same splits; these records have none."
        )
    return sorted(found, key=lambda verdict: -metric_of(metric).sign * verdict.difference)


def charts(data: list[Verdict]) -> list[Dots]:
    """One panel with a row a strategy; the shaded stretch is what counts as equivalent."""
    dots = [Dot(v.strategy, v.difference, v.low, v.high, *style(v.strategy)) for v in data]
    title = f"Difference in AULC from {data[0].baseline}"
    stretch = (-data[0].delta, data[0].delta)
    metric = metric_of(data[0].metric)
    axis = "AULC less the baseline's" + ("" if metric.name == ACCURACY else f", {metric.axis}")
    return [Dots(title, axis, tuple(dots), ((0.0, data[0].baseline),), stretch)]


def draw(data: list[Verdict], figure: Figure) -> None:
    """Draw into an empty figure."""
    files.draw(charts(data), figure)


def figure(records: pl.DataFrame, **settings: str) -> Figure:
    """The whole figure."""
    return files.draw_all(charts(data(records, **settings)))


def plotly(data: list[Verdict]) -> list[Web]:
    """The panel for the web."""
    return web.draw_all(charts(data))


def alt(data: list[Verdict]) -> str:
    """The figure in words."""
    return chart.alt(charts(data))


def caption(data: list[Verdict]) -> str:
    """How many are better, worse, equivalent, open."""
    words = [verdict.verdict for verdict in data]
    counts = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))
    return (
        f"Against {data[0].baseline}: {counts}. Lines are 95 % intervals over paired splits; within the shaded "
        f"stretch (±{data[0].delta:g}) a difference does not matter."
    )
