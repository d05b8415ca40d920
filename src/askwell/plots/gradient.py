"""Whether the gradient carries a signal: its norm against that with rewards shuffled among siblings."""

import polars as pl
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web

from askwell.plots import chart, files, web
from askwell.plots.chart import Lines
from askwell.plots.palette import FAINT, style
from askwell.plots.sources import Training
from askwell.plots.updates import binned, last, line

SOURCE = "training"


def data(training: Training) -> pl.DataFrame:
    """`binned` rows of ``gradient``, ``shuffled``, their ``ratio``, ``agreement`` and ``chance``."""
    updates = training.updates.with_columns(ratio=pl.col("gradient") / pl.col("shuffled").clip(1e-12))
    return binned(
        training._replace(updates=updates),
        ["gradient", "shuffled", "ratio", "agreement", "chance"],
        "shuffled",
    )


def charts(data: pl.DataFrame) -> list[Lines]:
    """The ratio, with 1 for nothing but noise, both norms and, where it was taken, how far halves agree."""
    colour = style("learned").colour
    norms = (line(data, "gradient", "gradient", colour), line(data, "shuffled", "shuffled", FAINT))
    panels = [
        Lines(
            "Signal to noise",
            "update",
            "gradient / shuffled",
            (line(data, "ratio", "ratio", colour),),
            1.0,
            floor=0.0,
        ),
        Lines("Gradient's norm", "update", "norm", norms, floor=0.0),
    ]
    known = data.drop_nulls("agreement")
    if len(known):
        halves = (line(known, "agreement", "halves", colour), line(known, "chance", "shuffled", FAINT))
        panels.append(Lines("Agreement of two halves of the tasks", "update", "cosine", halves, 0.0))
    return panels


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
    """The last ratio, and what it means."""
    ratio = last(data, "ratio")
    if ratio > 1.2:
        says = "rewards still tell good batches from bad ones"
    else:
        says = "hardly more than noise: the policy learns little now, or has settled"
    known = data.drop_nulls("agreement")
    agree = ""
    if len(known):
        cosine, chance = last(known, "agreement"), last(known, "chance")
        agree = (
            f" Gradients of two halves of the tasks have a cosine of {cosine:.2f} (shuffled: {chance:.2f})."
        )
    return f"At the end the gradient is {ratio:.1f} times that of shuffled rewards: {says}.{agree}"
