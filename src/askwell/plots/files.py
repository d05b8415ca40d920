"""Panels drawn with Matplotlib, for files."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator, ScalarFormatter

from askwell.core import AskwellError
from askwell.plots.chart import Dots, Line, Lines, Panel, Tiles
from askwell.plots.labels import fits, label_ends, nudge
from askwell.plots.palette import ALARM, FAINT

COLUMNS = 4
PANEL = (3.4, 2.6)
"""Width and height of a panel in inches."""

LONE_PANEL = (6.4, 4.0)
ROW = 0.3
"""Inches that a row of dots or tiles takes at least."""

LABELS = 16
"""Most rows or columns of a heat map that are all named."""


def canvas(width: float, height: float) -> Figure:
    """An empty figure of so many inches that can be saved."""
    figure = Figure(figsize=(width, height), dpi=150)
    FigureCanvasAgg(figure)
    return figure


def draw_all(panels: Sequence[Panel]) -> Figure:
    """A figure of a size that suits the panels. Save it with ``.savefig(path)``."""
    _some(panels)
    columns, rows = _shape(panels)
    width, height = LONE_PANEL if len(panels) == 1 else PANEL
    if columns == 1:
        width = LONE_PANEL[0]
    if isinstance(panels[0], Tiles) and columns == 2:
        width = 5.0
    if all(isinstance(panel, Dots) or (isinstance(panel, Tiles) and panel.text) for panel in panels):
        height = 1.2  # rows of text need no more than their own height
    high = max(max(height, ROW * _rows(panel) + 0.9) for panel in panels)
    figure = canvas(columns * width, rows * high + 0.6)
    draw(panels, figure)
    return figure


def draw(panels: Sequence[Panel], figure: Figure) -> None:
    """Draw the panels into an empty figure; lines are named at their ends where that fits, else in a legend.

    Raises:
        AskwellError: if there is no panel.
    """
    _some(panels)
    columns, rows = _shape(panels)
    figure.set_layout_engine("constrained", h_pad=0.08, w_pad=0.08)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in grid[len(panels) :]:
        ax.remove()
    axes = list(grid[: len(panels)])
    same_x, same_y = (len({getattr(p, name, "") for p in panels}) == 1 for name in ("x", "y"))
    for panel, ax in zip(panels, axes, strict=True):
        if isinstance(panel, Lines):
            draw_lines(panel, ax)
        elif isinstance(panel, Dots):
            draw_dots(panel, ax)
        else:
            draw_tiles(panel, ax, figure)
        ax.set_title(panel.title, fontsize=10)
        if not same_x:
            ax.set_xlabel(panel.x, fontsize=9)
        if not same_y and not isinstance(panel, Dots):
            ax.set_ylabel(panel.y, fontsize=9)
    if same_x:
        figure.supxlabel(panels[0].x, fontsize=10)
    if same_y and not isinstance(panels[0], Dots):
        figure.supylabel(panels[0].y, fontsize=10)
    if any(len(p.lines) > 1 for p in panels if isinstance(p, Lines)):
        _name_lines(figure, [ax for ax, panel in zip(axes, panels, strict=True) if isinstance(panel, Lines)])


def _some(panels: Sequence[Panel]) -> None:
    if not panels:
        raise AskwellError("There are no records to draw; run an experiment first.")


def _shape(panels: Sequence[Panel]) -> tuple[int, int]:
    most = COLUMNS if isinstance(panels[0], Lines) else 2
    columns = min(len(panels), most)
    return columns, math.ceil(len(panels) / columns)


def _rows(panel: Panel) -> int:
    if isinstance(panel, Dots):
        return len({dot.row for dot in panel.dots})
    if isinstance(panel, Lines):
        return 0
    high = 1 + any("\n" in text for texts in panel.text or () for text in texts)
    return high * min(len(panel.rows), LABELS)


def draw_lines(panel: Lines, ax: Axes) -> None:
    """Draw one panel's lines and bands; the lines carry their names as labels."""
    for line in panel.lines:
        style = {"marker": line.marker, "ms": 4, "mew": 0.4, "ls": "--" if line.dash else "-"}
        ax.plot(line.x, line.y, color=line.colour, lw=1.4, label=line.name if line.named else "_", **style)
        if line.low is not None and line.high is not None:
            known = np.isfinite(line.low) & np.isfinite(line.high)
            ax.fill_between(
                line.x[known], line.low[known], line.high[known], color=line.colour, alpha=0.13, lw=0
            )
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="#e6e6e6", lw=0.6)
    ax.set_axisbelow(True)
    if panel.log_x:
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(FixedLocator(sorted({v for line in panel.lines for v in line.x})))
        ax.xaxis.set_major_formatter(ScalarFormatter())
        ax.xaxis.set_minor_locator(NullLocator())
    else:
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.yaxis.set_major_locator(MaxNLocator(5))
    ax.set_ylim(bottom=panel.floor, top=panel.ceiling)
    if panel.level is not None:
        ax.axhspan(panel.level, panel.level, color=FAINT, lw=0.8, ls=":")
    _mark(ax, panel.marks)
    ax.tick_params(labelsize=8)


def _mark(ax: Axes, marks: Sequence[tuple[float, str]]) -> None:
    for x, _ in marks:
        ax.axvspan(x, x, color=ALARM, lw=0.9, ls="--", alpha=0.8)
    if marks:
        ax.plot([x for x, _ in marks], [1] * len(marks), "v", c=ALARM, ms=5, transform=ax.get_xaxis_transform(),
                clip_on=False, label="_warnings")  # fmt: skip


def draw_dots(panel: Dots, ax: Axes) -> None:
    """Draw rows of dots with their intervals, the first row on top."""
    rows = list(dict.fromkeys(dot.row for dot in panel.dots))
    for dot in panel.dots:
        y = rows.index(dot.row)
        if dot.low is not None and dot.high is not None:
            ax.plot([dot.low, dot.high], [y, y], color=dot.colour, lw=1.6, solid_capstyle="butt")
        ax.plot(dot.value, y, color=dot.colour, marker=dot.marker, ms=6, mew=0.4, ls="")
    if panel.shade is not None:
        ax.axvspan(*panel.shade, color="#efefef", lw=0, zorder=0)
    for x, word in panel.levels:
        ax.axvspan(x, x, color=FAINT, lw=0.8, ls=":", zorder=0)
        ax.annotate(
            word, (x, 0), (0, 2), xycoords=("data", "axes fraction"), textcoords="offset points",
            ha="center", va="bottom", fontsize=7, color=FAINT,
            bbox={"fc": "white", "ec": "none", "pad": 0.6},
        )  # fmt: skip
    ax.set_ylim(len(rows) - (0.1 if panel.levels else 0.4), -0.6)
    ax.set_yticks(range(len(rows)), rows)
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(labelsize=8)
    ax.tick_params(axis="y", length=0)
    names = {dot.name: dot for dot in panel.dots if dot.name}
    if names:
        handles = [Line2D([], [], color=d.colour, marker=d.marker, ls="", ms=5) for d in names.values()]
        ax.legend(handles, list(names), fontsize=7, frameon=False, loc="best")


def draw_tiles(panel: Tiles, ax: Axes, figure: Figure) -> None:
    """Draw a heat map with its scale, or with its text where it has one; unknown tiles stay white."""
    shades = LinearSegmentedColormap.from_list("shades", list(panel.shades))
    z = np.ma.masked_invalid(panel.z)
    image = ax.pcolormesh(z, cmap=shades, vmin=panel.low, vmax=panel.high, edgecolors="none")
    ax.set(xlim=(0, len(panel.columns)), ylim=(len(panel.rows), 0))  # unknown tiles alone would leave none
    for place, names, most in (("x", panel.columns, 10), ("y", panel.rows, LABELS)):
        step = math.ceil(len(names) / (LABELS if panel.text else most))
        at = np.arange(0, len(names), step)
        turn = (
            {"rotation": 40, "ha": "right"} if place == "x" and len(names) * max(map(len, names)) > 40 else {}
        )
        getattr(ax, f"set_{place}ticks")(at + 0.5, list(names[::step]), **turn)
    if panel.text is None:
        figure.colorbar(image, ax=ax, label=panel.unit, shrink=0.9).ax.tick_params(labelsize=8)
    for row, texts in enumerate(panel.text or ()):
        for column, text in enumerate(texts):
            weak = not np.isfinite(panel.z[row, column]) or 0.25 < _share(panel, row, column) < 0.75
            ax.text(
                column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=8,
                color="black" if weak else "white",
            )  # fmt: skip
    for x, _ in panel.marks:
        ax.plot([x + 0.5], [0], "v", color=ALARM, ms=6, clip_on=False, zorder=5)
    ax.spines[:].set_visible(False)
    ax.tick_params(labelsize=8, length=0)


def _share(panel: Tiles, row: int, column: int) -> float:
    return float((panel.z[row, column] - panel.low) / (panel.high - panel.low))


def _name_lines(figure: Figure, axes: list[Axes]) -> None:
    lines: dict[str, Line2D] = {str(line.get_label()): line for ax in axes for line in _named(ax)}
    figure.draw_without_rendering()  # the layout settles, so sizes are known
    if not all(fits(ax, len(_named(ax)), figure.dpi) for ax in axes):
        names = sorted(lines)
        width = max(len(name) for name in names) * 0.065 + 0.5
        columns = max(1, min(len(names), int(figure.get_figwidth() / width)))
        handles = [lines[name] for name in names]
        figure.legend(handles, names, loc="outside upper center", ncols=columns, frameon=False, fontsize=8)
        return
    labels = [label_ends(ax, _named(ax)) for ax in axes]
    figure.draw_without_rendering()  # again, with room for the names at the right
    for ax, texts in zip(axes, labels, strict=True):
        nudge(ax, texts, figure.dpi)
    figure.set_layout_engine("none")


def _named(ax: Axes) -> list[Line2D]:
    return [line for line in ax.lines if not str(line.get_label()).startswith("_")]


__all__ = ["Line", "canvas", "draw", "draw_all", "draw_lines"]
