"""How much each setting of a search matters, beside what noise alone would show."""

import polars as pl
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web

from askwell.core import AskwellError, listed
from askwell.plots import chart, files, web
from askwell.plots.chart import Dot, Dots
from askwell.plots.palette import GREY, style
from askwell.plots.sources import Search

SOURCE = "search"


def data(search: Search) -> pl.DataFrame:
    """One row per ``setting``: its ``importance`` and the ``noise``, as shares.

    Raises:
        AskwellError: if there were too few trials to tell.
    """
    if search.importance.is_empty():
        raise AskwellError("This search has too few trials to tell what matters; give it more hours.")
    return search.importance.sort("importance", descending=True)


def charts(data: pl.DataFrame) -> list[Dots]:
    """One panel: a row a setting."""
    own = style("learned")
    dots = []
    for row in data.iter_rows(named=True):
        dots.append(Dot(row["setting"], 100 * row["noise"], None, None, GREY, "o", "noise alone, 95 %"))
        dots.append(Dot(row["setting"], 100 * row["importance"], None, None, *own, "this search"))
    return [Dots("What matters", "share of the differences explained (%)", tuple(dots))]


def draw(data: pl.DataFrame, figure: Figure) -> None:
    """Draw all panels into an empty figure."""
    files.draw(charts(data), figure)


def figure(search: Search) -> Figure:
    """The whole figure."""
    return files.draw_all(charts(data(search)))


def plotly(data: pl.DataFrame) -> list[Web]:
    """The panels for the web."""
    return web.draw_all(charts(data))


def alt(data: pl.DataFrame) -> str:
    """The figure in words."""
    return chart.alt(charts(data))


def caption(data: pl.DataFrame) -> str:
    """Which settings explain more than noise would."""
    real = data.filter(pl.col("importance") > pl.col("noise"))["setting"].to_list()
    if not real:
        return (
            "No setting explains more of the differences between trials at the first validation than it would explain "
            "of shuffled ones (95 %)."
        )
    verb = "explains" if len(real) == 1 else "explain"
    return (
        f"{listed(real)} {verb} more of the differences between trials at the first validation than of shuffled ones. "
        f"Each of the {len(data)} settings is held against its own 95 %: of twenty without any effect, one would be "
        "above."
    )
