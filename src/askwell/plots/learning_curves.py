"""Accuracy against labels asked, one panel per dataset, one line per strategy."""

import math

import polars as pl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from askwell.core import AskwellError
from askwell.plots.labels import fits, label_ends, nudge
from askwell.plots.palette import CEILINGS, style
from askwell.stats import mean_intervals

COLUMNS = 4
PANEL = (3.4, 2.6)
"""Width and height of a panel in inches."""

LONE_PANEL = (6.4, 4.0)


def data(records: pl.DataFrame) -> pl.DataFrame:
    """One row per panel, strategy and number of labels.

    Columns: ``panel`` (the dataset; with several learners or batches, which are panels of their own, those
    too), ``strategy``, ``labels``, ``accuracy`` (mean over splits), ``accuracy_low``, ``accuracy_high``
    (95 % Student t interval, null with one split), ``splits``.
    """
    names = [pl.col("dataset")]
    if records["learner"].n_unique() > 1:
        names.append(pl.col("learner"))
    if records["batch"].n_unique() > 1:
        names.append(pl.format("batch {}", "batch"))
    order = ["dataset", "learner", "batch", "strategy", "labels"]
    curves = mean_intervals(records.sort(*order, "split"), order, "accuracy")
    return curves.select(
        pl.concat_str(names, separator=" · ").alias("panel"), pl.exclude("dataset", "learner", "batch")
    )


def draw(data: pl.DataFrame, figure: Figure) -> None:
    """Draw all panels into an empty figure: names at the lines' ends where they fit, else one legend."""
    panels = data["panel"].unique(maintain_order=True).to_list()
    if not panels:
        raise AskwellError("There are no records to draw; run an experiment first.")
    columns = min(len(panels), COLUMNS)
    figure.set_layout_engine("constrained", h_pad=0.08, w_pad=0.08)
    grid = figure.subplots(math.ceil(len(panels) / columns), columns, squeeze=False).ravel()
    for ax in grid[len(panels) :]:
        ax.remove()
    axes = dict(zip(panels, grid, strict=False))
    for name, ax in axes.items():
        draw_panel(data.filter(pl.col("panel") == name), ax)
        ax.set_title(name, fontsize=10)
    figure.supxlabel("labels asked", fontsize=10)
    figure.supylabel("accuracy on report split", fontsize=10)
    _name_lines(figure, list(axes.values()))


def draw_panel(data: pl.DataFrame, ax: Axes) -> None:
    """Draw one panel's lines and interval bands; the lines carry their strategies as labels."""
    for (strategy,), curve in data.group_by("strategy", maintain_order=True):
        colour, marker = style(str(strategy))
        x = curve["labels"].to_numpy()
        ax.plot(x, curve["accuracy"], color=colour, marker=marker, ms=4, lw=1.4, mew=0.4, label=str(strategy))
        band = curve.drop_nulls()
        ax.fill_between(
            band["labels"], band["accuracy_low"], band["accuracy_high"], color=colour, alpha=0.13, lw=0
        )
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="#e6e6e6", lw=0.6)
    ax.set_axisbelow(True)
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.yaxis.set_major_locator(MaxNLocator(5))
    ax.tick_params(labelsize=8)


def _name_lines(figure: Figure, axes: list[Axes]) -> None:
    lines: dict[str, Line2D] = {str(line.get_label()): line for ax in axes for line in ax.lines}
    figure.draw_without_rendering()  # the layout settles, so sizes are known
    if not all(fits(ax, len(ax.lines), figure.dpi) for ax in axes):
        names = sorted(lines)
        width = max(len(name) for name in names) * 0.065 + 0.5
        columns = max(1, min(len(names), int(figure.get_figwidth() / width)))
        handles = [lines[name] for name in names]
        figure.legend(handles, names, loc="outside upper center", ncols=columns, frameon=False, fontsize=8)
        return
    labels = [label_ends(ax) for ax in axes]
    figure.draw_without_rendering()  # again, with room for the names at the right
    for ax, texts in zip(axes, labels, strict=True):
        nudge(ax, texts, figure.dpi)
    figure.set_layout_engine("none")


def figure(records: pl.DataFrame) -> Figure:
    """The whole figure, of a size that suits its number of panels. Save it with ``.savefig(path)``."""
    curves = data(records)
    panels = curves["panel"].n_unique()
    columns = min(panels, COLUMNS)
    width, height = LONE_PANEL if panels == 1 else PANEL
    drawn = Figure(
        figsize=(max(columns, 1) * width, max(math.ceil(panels / COLUMNS), 1) * height + 0.6), dpi=150
    )
    FigureCanvasAgg(drawn)
    draw(curves, drawn)
    return drawn


def caption(data: pl.DataFrame) -> str:
    """One sentence on who ends highest, the ceilings aside, computed from the figure's data."""
    last = data.filter(pl.col("labels") == pl.col("labels").max().over("panel"))
    aside = [name for name in CEILINGS if name in last["strategy"]]
    if len(aside) == last["strategy"].n_unique():
        aside = []
    last = last.filter(~pl.col("strategy").is_in(aside))
    best = last.filter(pl.col("accuracy") == pl.col("accuracy").max().over("panel"))
    wins = best.group_by("strategy").len("wins").sort(["wins", "strategy"], descending=[True, False]).rows()
    panels = last["panel"].n_unique()
    labels = last["labels"].unique().sort().to_list()
    after = (
        f"{labels[0]} labels" if len(labels) == 1 else f"the last round ({labels[0]} to {labels[-1]} labels)"
    )
    noun = "panel" if data["panel"].str.contains(" · ", literal=True).any() else "dataset"
    if panels == 1:
        names = " and ".join(name for name, _ in wins)
        who = f"{names} {'is' if len(wins) == 1 else 'are'} highest"
    else:
        (first, most), *rest = wins
        who = f"{first} is highest on {most} of {panels} {noun}s"
        who += "".join(f", {name} on {count}" for name, count in rest)
    fewest, splits = last["splits"].min(), last["splits"].max()
    over = f"{splits}" if fewest == splits else f"{fewest} to {splits}"
    start = f"{' and '.join(aside).capitalize()} aside, after {after}" if aside else f"After {after}"
    if splits == 1:
        return f"{start} {who}; lines are of one split."
    return f"{start} {who}; lines are means over {over} splits, bands their 95 % intervals."
