"""How much of the way from random to the oracle each strategy goes, one panel per dataset."""

import polars as pl
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web

from askwell.core import ACCURACY, CEILINGS, AskwellError
from askwell.plots import chart, files, web
from askwell.plots.chart import Dot, Dots
from askwell.plots.learning_curves import panel_names
from askwell.plots.palette import style
from askwell.stats import gap_closed

SOURCE = "records"
SETTINGS = ("metric",)


def data(records: pl.DataFrame, metric: str = ACCURACY) -> pl.DataFrame:
    """One row per panel and strategy: ``panel``, ``strategy``, ``gap_closed``; random and ceilings left out.

    Raises:
        AskwellError: where random or the oracle was not played, or is not reliably apart on any dataset.
    """
    shares = gap_closed(records, metric).filter(
        ~pl.col("strategy").is_in(["random", *CEILINGS]), pl.col("gap_closed").is_not_null()
    )
    if shares.is_empty():
        raise AskwellError(
            "The gap closed needs random, the oracle and a third strategy on the same splits, with the oracle "
            "reliably better than random; these records have none such."
        )
    return shares.select(panel_names(records), "strategy", "gap_closed")


def charts(data: pl.DataFrame) -> list[Dots]:
    """One panel of dots for each of the data's, the best strategy on average first."""
    order = data.group_by("strategy").agg(pl.col("gap_closed").mean()).sort("gap_closed", descending=True)
    panels = []
    for (name,), part in data.group_by("panel", maintain_order=True):
        value = dict(part.select("strategy", "gap_closed").rows())
        dots = [Dot(s, 100 * value[s], None, None, *style(s)) for s in order["strategy"] if s in value]
        levels = ((0.0, "random"), (100.0, "oracle"))
        panels.append(Dots(str(name), "gap closed (%)", tuple(dots), levels))
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
    """Who closes most of the gap, on average over the panels."""
    mean = data.group_by("strategy").agg(pl.col("gap_closed").mean()).sort("gap_closed", "strategy")
    best, share = mean.row(-1)
    panels = data["panel"].n_unique()
    over = f", on average over {panels} panels" if panels > 1 else ""
    return f"{best} closes {share:.0%} of the gap between random and the oracle{over}, more than any other."
