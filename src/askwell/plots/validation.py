"""The policy against heuristics on the same validation tasks, as it trains."""

import polars as pl
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web

from askwell.core import AskwellError
from askwell.plots import chart, files, web
from askwell.plots.chart import Line, Lines
from askwell.plots.palette import style
from askwell.plots.sources import Training
from askwell.stats.paired import Interval
from askwell.stats.verdict import judge

SOURCE = "training"

WORDS = {
    "better": "above",
    "worse": "below",
    "equivalent": "equivalent to",
    "not enough evidence": "not told apart from",
}


def data(training: Training) -> pl.DataFrame:
    """One row per ``against`` and ``update``: mean ``difference`` in AULC over seeds, ``low`` and ``high``.

    With several seeds the bounds are the lowest low and the highest high.

    Raises:
        AskwellError: without any validation.
    """
    if training.validation.is_empty():
        raise AskwellError("This training has not been validated yet; wait for the first validation.")
    return (
        training.validation.group_by("against", "update", maintain_order=True)
        .agg(pl.col("difference").mean(), pl.col("low").min(), pl.col("high").max(), pl.len().alias("seeds"))
        .sort("against", "update", maintain_order=True)
    )


def charts(data: pl.DataFrame) -> list[Lines]:
    """One panel: a line for each strategy that the policy is held against, 0 where they are equal."""
    lines = []
    for (name,), part in data.group_by("against", maintain_order=True):
        x, y, low, high = (part[c].cast(float).to_numpy() for c in ("update", "difference", "low", "high"))
        lines.append(Line(f"vs {name}", x, y, low, high, *style(str(name))))
    return [Lines("Policy less heuristic", "update", "difference in AULC", tuple(lines), 0.0)]


def draw(data: pl.DataFrame, figure: Figure) -> None:
    """Draw all panels into an empty figure."""
    files.draw(charts(data), figure)


def figure(training: Training) -> Figure:
    """The whole figure."""
    return files.draw_all(charts(data(training)))


def plotly(data: pl.DataFrame) -> list[Web]:
    """The panels for the web."""
    return web.draw_all(charts(data))


def alt(data: pl.DataFrame) -> str:
    """The figure in words."""
    return chart.alt(charts(data))


def caption(data: pl.DataFrame) -> str:
    """Where the policy stands against each at the last validation."""
    said = []
    for (name,), part in data.group_by("against", maintain_order=True):
        row = part.row(-1, named=True)
        told = WORDS[judge(Interval(row["difference"], row["low"], row["high"]))]
        said.append(f"{told} {name} ({row['difference']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}])")
    return f"At update {data['update'].max()} the policy is {', '.join(said)}; bands are 95 % intervals."
