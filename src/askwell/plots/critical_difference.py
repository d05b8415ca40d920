"""The critical-difference diagram: mean ranks over datasets, bars joining strategies that do not differ."""

import math
from typing import NamedTuple

import polars as pl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web
from plotly.graph_objects import Scatter

from askwell.core import ACCURACY, CEILINGS, AskwellError
from askwell.plots import web
from askwell.plots.chart import Dot, Dots
from askwell.plots.palette import INK, style
from askwell.stats import Ranks, cliques, ranks
from askwell.stats.cliques import ALPHA
from askwell.stats.ranks import STRATEGIES
from askwell.stats.spread import GENERAL

SOURCE = "records"
SETTINGS = ("metric",)

SIZE = 9
"""Font size in points."""

LETTER = 0.62 * SIZE / 72
"""Width of a letter in inches, generously."""

WIDTH, AXIS = 7.5, 3.2
"""Width of the figure and of its axis of ranks, in inches; longer names make it wider."""

ROW, BAR, TOP = 0.22, 0.11, 0.6
"""Inches from name to name, from bar to bar, and from the upper edge to the axis."""


class Diagram(NamedTuple):
    """Mean ranks with their tests, and the groups of strategies that do not differ."""

    ranks: Ranks
    groups: list[tuple[str, ...]]


def data(records: pl.DataFrame, metric: str = ACCURACY) -> Diagram:
    """Ranks and groups, from one mean per dataset: rounds, splits, learners and batches are no more evidence.

    Raises:
        AskwellError: if fewer than five datasets were played by all of three or more strategies.
    """
    found = ranks(records, metric)
    if found is None:
        count = records["dataset"].n_unique()
        raise AskwellError(
            f"A critical-difference diagram needs {STRATEGIES} strategies or more that all played on "
            f"the same {GENERAL} datasets or more; these records have {records['strategy'].n_unique()} "
            f"strategies and {count} {'dataset' if count == 1 else 'datasets'}."
        )
    return Diagram(found, cliques(found))


def draw(data: Diagram, figure: Figure) -> None:
    """Draw into an empty figure: the axis above, bars below it, names at both sides, best at the upper left.

    A bar has a dot for each of its strategies; a line that crosses a bar without a dot is not in its group.
    """
    width, height = figure.get_size_inches()
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(height, 0))  # in inches, downwards
    ax.axis("off")
    mean = data.ranks.mean
    first, last = math.floor(min(mean.values())), math.ceil(max(mean.values()))
    side = _side(mean)

    def x(rank: float) -> float:
        return side + (rank - first) / max(last - first, 1) * (width - 2 * side)

    _scale(ax, x, first, last)
    below = TOP + BAR * (len(data.groups) + 1)
    half = math.ceil(len(mean) / 2)
    for i, (name, rank) in enumerate(mean.items()):
        row, left = (i, True) if i < half else (len(mean) - 1 - i, False)
        y, edge = below + ROW * (row + 0.5), side - 0.15 if left else width - side + 0.15
        colour, marker = style(name)
        ax.plot([x(rank), x(rank), edge], [TOP, y, y], color=colour, lw=1, solid_joinstyle="round")
        ax.plot(edge, y, color=colour, marker=marker, ms=5, label=name)
        text = f"{name}  {rank:.2f}" if left else f"{rank:.2f}  {name}"
        away, align = (-0.08, "right") if left else (0.08, "left")
        ax.text(edge + away, y, text, ha=align, va="center", fontsize=SIZE)
    for i, group in enumerate(data.groups):
        y, at = TOP + BAR * (i + 1), [x(mean[name]) for name in group]
        ax.plot([min(at), max(at)], [y, y], color="#333333", lw=2.4, solid_capstyle="round", zorder=3)
        ax.plot(at, [y] * len(at), color="#333333", ls="", marker="o", ms=4, zorder=4)


def _side(mean: dict[str, float]) -> float:
    """Room for the names at either side, in inches."""
    return LETTER * (max(map(len, mean)) + 6) + 0.3


def _scale(ax: Axes, x, first: int, last: int) -> None:
    ax.plot([x(first), x(last)], [TOP, TOP], color="black", lw=1)
    step = math.ceil((last - first) / 10) or 1
    for rank in range(first, last + 1, step):
        ax.plot([x(rank), x(rank)], [TOP - 0.06, TOP], color="black", lw=1)
        ax.text(x(rank), TOP - 0.09, str(rank), ha="center", va="bottom", fontsize=SIZE)
    ax.text((x(first) + x(last)) / 2, 0.14, "mean rank over datasets (1 is best)", ha="center", va="center")


def figure(records: pl.DataFrame, **settings: str) -> Figure:
    """The whole figure, as high as its names and bars need. Save it with ``.savefig(path)``."""
    found = data(records, **settings)
    mean = found.ranks.mean
    height = TOP + BAR * (len(found.groups) + 1) + ROW * math.ceil(len(mean) / 2) + 0.1
    drawn = Figure(figsize=(max(WIDTH, 2 * _side(mean) + AXIS), height), dpi=150)
    FigureCanvasAgg(drawn)
    draw(found, drawn)
    return drawn


def caption(data: Diagram) -> str:
    """Who ranks best, the ceilings aside, what was not found to differ from it, and what could be at all."""
    mean, k = data.ranks.mean, len(data.ranks.datasets)
    aside = [name for name in CEILINGS if name in mean]
    best = next(name for name in mean if name not in aside)
    start = f"{' and '.join(aside).capitalize()} aside, {best}" if aside else best
    text = f"Over {k} datasets: {start} has the best mean rank ({mean[best]:.2f} of {len(mean)}"
    text += f", Friedman p = {data.ranks.p_value:.2g})"
    pairs = data.ranks.pairs.height
    if 2.0 ** (1 - k) * pairs > ALPHA and (data.ranks.pairs["p_holm"] > ALPHA).all():
        # Even a strategy that is better everywhere has Wilcoxon's smallest p-value only.
        return f"{text}; so few datasets cannot tell any of {pairs} pairs apart at {ALPHA:.0%}."
    alike = {name for group in data.groups if best in group for name in group} - {best, *aside}
    others = f"{len(alike)} of {len(mean) - 1 - len(aside)} others could not be told from it"
    told = others if alike else "it differs from all others"
    return f"{text}; {told} (Wilcoxon, Holm). Bars join what does not differ."


def plotly(data: Diagram) -> list[Web]:
    """The diagram for the web, turned so that a phone can show it: a row a strategy, bars at the right."""
    mean = data.ranks.mean
    dots = tuple(Dot(name, rank, None, None, *style(name)) for name, rank in mean.items())
    (panel,) = web.draw_all([Dots("Mean ranks", "mean rank over datasets (1 is best)", dots)])
    step = 0.03 * (len(mean) - 1)
    edge = max(mean.values()) + step
    for i, group in enumerate(data.groups):
        x = [edge + step * (i + 1)] * len(group)
        panel.add_trace(
            Scatter(x=x, y=list(group), mode="lines+markers", line={"color": INK, "width": 2.5}, marker={"size": 6},
                    hovertemplate="%{y}: in a group that does not differ<extra></extra>", showlegend=False)
        )  # fmt: skip
    panel.update_xaxes(range=[0.8, edge + step * (len(data.groups) + 1)], dtick=1)
    return [panel]


def alt(data: Diagram) -> str:
    """The figure in words."""
    listed = ", ".join(f"{name} {rank:.2f}" for name, rank in data.ranks.mean.items())
    groups = "; ".join(" and ".join(group) for group in data.groups) or "none"
    return f"Critical-difference diagram: mean ranks {listed}. Groups that do not differ: {groups}."
