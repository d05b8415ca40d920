"""What most figures are made of: panels of lines, dots or tiles, described once and drawn for files and for the web."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from askwell.plots.palette import INK


class Line(NamedTuple):
    """A line; `low` and `high` bound its band, NaN where there is none. Its name is shown unless it is not `named`."""

    name: str
    x: np.ndarray
    y: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    colour: str = INK
    marker: str | None = None
    dash: bool = False
    named: bool = True


class Lines(NamedTuple):
    """A panel of lines. `level` is a value to compare with; `marks` are places on x with a word on each.

    `floor` and `ceiling`, where given, are the lower and the upper end of the y axis.
    """

    title: str
    x: str
    y: str
    lines: tuple[Line, ...]
    level: float | None = None
    marks: tuple[tuple[float, str], ...] = ()
    log_x: bool = False
    floor: float | None = None
    ceiling: float | None = None


class Dot(NamedTuple):
    """A value in a row, with an interval where there is one."""

    row: str
    value: float
    low: float | None = None
    high: float | None = None
    colour: str = INK
    marker: str = "o"
    name: str = ""


class Dots(NamedTuple):
    """A panel with one row a name. `levels` are values with a word each, `shade` a stretch of x."""

    title: str
    x: str
    dots: tuple[Dot, ...]
    levels: tuple[tuple[float, str], ...] = ()
    shade: tuple[float, float] | None = None


class Tiles(NamedTuple):
    """A heat map: `z` is ``[rows, columns]``; `text` ``[rows][columns]`` is written on the tiles.

    `unit` is written after its numbers. `shades` are the colours from `low` to `high`. `marks` are
    columns with a word each, as in `Lines`.
    """

    title: str
    x: str
    y: str
    columns: Sequence[str]
    rows: Sequence[str]
    z: np.ndarray
    unit: str
    shades: Sequence[str]
    low: float
    high: float
    text: Sequence[Sequence[str]] | None = None
    marks: tuple[tuple[float, str], ...] = ()


Panel = Lines | Dots | Tiles


def alt(panels: Sequence[Panel]) -> str:
    """What the panels show, in words, for those who cannot see them."""
    kinds = {Lines: "Line chart", Dots: "Dot chart", Tiles: "Heat map"}
    first = panels[0]
    text = kinds[type(first)]
    if len(panels) > 1:
        text += f" in {len(panels)} panels ({', '.join(panel.title for panel in panels)})"
    if isinstance(first, Dots):
        rows = dict.fromkeys(dot.row for panel in panels if isinstance(panel, Dots) for dot in panel.dots)
        return f"{text}: {first.x}, a row for each of {', '.join(rows)}."
    text += f": {first.y} by {first.x}"
    if isinstance(first, Lines):
        names = dict.fromkeys(
            line.name for panel in panels if isinstance(panel, Lines) for line in panel.lines if line.named
        )
        if len(names) > 1:
            text += f", a line for each of {', '.join(names)}"
    return f"{text}."
