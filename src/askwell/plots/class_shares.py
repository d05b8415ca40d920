"""Which classes a batch asks about, against their shares of the pool."""

import numpy as np
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web

from askwell.core import AskwellError
from askwell.plots import chart, decisions, files, web
from askwell.plots.chart import Dot, Dots
from askwell.plots.decisions import Decisions
from askwell.plots.palette import FAINT, style
from askwell.plots.sources import Training

SOURCE = "training"


def data(training: Training) -> Decisions:
    """The decisions of the first seed over classes.

    Raises:
        AskwellError: if none was logged.
    """
    found = [one for one in decisions.data(training) if one.kind == "class"]
    if not found:
        raise AskwellError("This training has logged no decision over classes yet; wait for its next report.")
    return found[0]


def charts(data: Decisions) -> list[Dots]:
    """One panel: each class's share of the last batches, mean over rounds, and of the pool."""
    share = 100 * np.nanmean(data.shares[-1], axis=0)
    dots = []
    for one, asked, prior in zip(data.which, share, 100 * data.prior, strict=True):
        dots.append(Dot(f"class {one}", float(prior), None, None, FAINT, "s", "of the pool"))
        dots.append(Dot(f"class {one}", float(asked), None, None, *style("learned"), "of the batch"))
    return [Dots(f"Classes asked at update {data.updates[-1]}", "share (%)", tuple(dots))]


def draw(data: Decisions, figure: Figure) -> None:
    """Draw all panels into an empty figure."""
    files.draw(charts(data), figure)


def figure(training: Training) -> Figure:
    """The whole figure."""
    return files.draw_all(charts(data(training)))


def plotly(data: Decisions) -> list[Web]:
    """The panels for the web."""
    return web.draw_all(charts(data))


def alt(data: Decisions) -> str:
    """The figure in words."""
    return chart.alt(charts(data))


def caption(data: Decisions) -> str:
    """The class that is most over-asked, and how far the shares are from the pool's in all."""
    share = np.nanmean(data.shares[-1], axis=0)
    most = int(np.argmax(share - data.prior))
    apart = 0.5 * float(np.abs(share - data.prior).sum())
    return (
        f"Class {data.which[most]} is asked most beyond its share: {share[most]:.0%} of the batch, "
        f"{data.prior[most]:.0%} of the pool. In all {apart:.0%} of a batch lies elsewhere than the pool would put it."
    )
