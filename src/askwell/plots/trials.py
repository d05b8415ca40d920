"""Every trial of a search against the spec as it is, by update: who went on, and who won."""

import polars as pl
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web

from askwell.core import AskwellError, counted
from askwell.plots import chart, files, web
from askwell.plots.chart import Line, Lines
from askwell.plots.palette import GREY, style
from askwell.plots.sources import Search

SOURCE = "search"


def data(search: Search) -> pl.DataFrame:
    """One row per ``trial`` and ``update``: the mean ``difference``, its standard ``error``, ``state``, ``winner``.

    Raises:
        AskwellError: if no trial but the spec itself was judged.
    """
    trials = search.trials.filter(pl.col("trial") > 0)
    if trials.is_empty():
        raise AskwellError("This search has judged no trial yet besides the spec itself; give it more hours.")
    return trials.with_columns(winner=(pl.col("trial") == search.winner).fill_null(False)).sort(
        "trial", "update"
    )


def charts(data: pl.DataFrame) -> list[Lines]:
    """One panel: a grey line a trial; the winner with a band of 1.96 standard errors; 0 is the spec as it is."""
    lines = []
    for (trial,), part in data.sort("winner").group_by("trial", maintain_order=True):
        x, y, error = (part[c].cast(float).to_numpy() for c in ("update", "difference", "error"))
        if part["winner"][0]:
            bounds = y - 1.96 * error, y + 1.96 * error
            lines.append(Line(f"trial {trial}, chosen", x, y, *bounds, *style("learned")))
        else:
            lines.append(Line(f"trial {trial}", x, y, None, None, GREY, "o", named=False))
    return [Lines("Trials against the spec as it is", "update", "better by (AULC)", tuple(lines), 0.0)]


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
    """How many trials there were, and how many were trained to their end."""
    last = data.group_by("trial").agg(pl.col("state").last())
    ended = int((last["state"] == "complete").sum())
    return (
        f"{counted(len(last), 'trial')}, all judged on the same tasks; {ended} trained to the end, the others were "
        "stopped where they were worse than the better half by more than a standard error. Of many trials the highest "
        "is partly luck, so the winner is judged again on fresh splits."
    )
