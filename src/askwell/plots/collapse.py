"""Whether the policy still asks in many places: entropy, groups, classes, largest share, redundancy."""

from typing import NamedTuple

import polars as pl
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web

from askwell.plots import chart, files, web
from askwell.plots.chart import Lines
from askwell.plots.palette import ALARM, GOOD
from askwell.plots.sources import Training
from askwell.plots.updates import binned, first, last, line, smoothing, warnings

SOURCE = "training"

MEASURES = {
    "entropy": ("Entropy", "nats a pick"),
    "groups": ("Groups asked in a batch", "effective number"),
    "classes": ("Classes asked in a batch", "effective number"),
    "largest": ("Largest group's share", "% of the batch"),
    "redundancy": ("Redundancy", "similarity in the batch, 0..1"),
}


KIND = "Collapse:"
"""How the warnings begin that are about it (`askwell.training.warn`); others say what else went wrong."""


class Collapse(NamedTuple):
    """The measures, `binned`, and the updates at which a warning fell."""

    measures: pl.DataFrame
    warnings: list[tuple[float, str]]


def data(training: Training) -> Collapse:
    """All measures of concentration over the updates."""
    return Collapse(binned(training, list(MEASURES), "groups"), warnings(training))


def charts(data: Collapse) -> list[Lines]:
    """One panel a measure, red while there is a warning."""
    colour = ALARM if data.warnings else GOOD
    return [
        Lines(
            title, "update", unit, (line(data.measures, name, title, colour, 100 if name == "largest" else 1),),
            marks=tuple(data.warnings), floor=0.0,
        )
        for name, (title, unit) in MEASURES.items()
    ]  # fmt: skip


def draw(data: Collapse, figure: Figure) -> None:
    """Draw all panels into an empty figure."""
    files.draw(charts(data), figure)


def figure(training: Training) -> Figure:
    """The whole figure."""
    return files.draw_all(charts(data(training)))


def plotly(data: Collapse) -> list[Web]:
    """The panels for the web."""
    return web.draw_all(charts(data))


def alt(data: Collapse) -> str:
    """The figure in words."""
    return chart.alt(charts(data))


def caption(data: Collapse) -> str:
    """The first warning, if any, and how widely a batch is spread in the end."""
    frame = data.measures
    groups = f"a batch asks in {first(frame, 'groups'):.1f} groups at first and {last(frame, 'groups'):.1f} at the end"
    collapsed = [(update, sentence) for update, sentence in data.warnings if KIND in sentence]
    if collapsed:
        update, sentence = collapsed[0]
        sentence = sentence[sentence.index(KIND) + len(KIND) :].rstrip(".")
        count = len(collapsed)
        more = f" ({count} warnings in all)" if count > 1 else ""
        return f"{KIND} at update {update:.0f},{sentence}{more}; {groups}. Red marks show where."
    other = "".join(f" Red: at update {update:.0f}, {sentence}" for update, sentence in data.warnings[:1])
    return f"No warning of collapse: {groups} ({smoothing(frame)}).{other}"
