"""What the policy decides: which groups and classes it asks about, over updates and over rounds."""

import io
from typing import NamedTuple

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web
from plotly.graph_objects import Frame, Heatmap

from askwell.core import AskwellError
from askwell.plots import chart, files, web
from askwell.plots.animation import animate
from askwell.plots.chart import Tiles
from askwell.plots.palette import SHADES
from askwell.plots.sources import Training
from askwell.plots.updates import warnings

SOURCE = "training"
MANY = {"group": "Groups", "class": "Classes"}
FRAMES = 60
"""Most updates in an animation."""

PAUSE = 150
"""Milliseconds that each stays."""


class Decisions(NamedTuple):
    """The decision distribution of one seed on its probe pool, for one kind ("group" or "class").

    Attributes:
        which: the groups or classes, the one asked most at the end first.
        updates: the updates that were logged.
        shares: expected share of the batch, ``[updates, rounds, which]``, NaN where it was not logged.
        prior: their shares of the pool, ``[which]``.
    """

    kind: str
    seed: int
    which: list[int]
    updates: list[int]
    shares: np.ndarray
    prior: np.ndarray
    warnings: list[tuple[float, str]]


def data(training: Training, seed: int | None = None) -> list[Decisions]:
    """One for each kind that was logged, of a seed (the first by default).

    Raises:
        AskwellError: if no decision was logged.
    """
    frame = training.decisions
    if seed is None and not frame.is_empty():
        seed = int(frame["seed"].min())  # type: ignore[arg-type]
    frame = frame.filter(pl.col("seed") == seed) if seed is not None else frame
    if frame.is_empty():
        raise AskwellError("This training has logged no decision yet; wait for its first report.")
    one = training._replace(updates=training.updates.filter(pl.col("seed") == seed))
    return [_kind(part, str(kind), int(seed or 0), warnings(one)) for (kind,), part in
            sorted(frame.group_by("kind"), key=lambda pair: pair[0][0] != "group")]  # fmt: skip


def _kind(frame: pl.DataFrame, kind: str, seed: int, marks: list[tuple[float, str]]) -> Decisions:
    # A policy's classes are as many as its tasks may have; those that are not in this pool say nothing.
    frame = frame.filter(pl.max_horizontal("share", "prior").max().over("index") > 0)
    updates, rounds = (frame[name].unique().sort().to_list() for name in ("update", "round"))
    final = frame.filter(pl.col("update") == updates[-1]).group_by("index").agg(pl.col("share").mean())
    index = final.sort("share", "index", descending=[True, False])["index"].to_list()
    index += sorted(set(frame["index"].to_list()) - set(index))
    shares = np.full((len(updates), len(rounds), len(index)), np.nan)
    places = [{value: at for at, value in enumerate(values)} for values in (updates, rounds, index)]
    prior = np.zeros(len(index))
    for update, round, one, share, expected in frame.select(
        "update", "round", "index", "share", "prior"
    ).rows():
        shares[places[0][update], places[1][round], places[2][one]] = share
        prior[places[2][one]] = expected
    return Decisions(kind, seed, index, updates, shares, prior, marks)


def charts(data: list[Decisions], update: int = -1) -> list[Tiles]:
    """Per kind two heat maps: over updates (mean of the rounds) and, at one place among them, over rounds."""
    panels = []
    for one in data:
        top = 100 * float(np.nanmax(one.shares))
        rows = [f"{one.kind} {i}" for i in one.which]
        look = ("%", SHADES, 0.0, top)
        over = 100 * np.nanmean(one.shares, axis=1).T
        # A warning stands over the column that was logged last before it.
        marks = tuple((max(sum(u <= at for u in one.updates) - 1, 0), word) for at, word in one.warnings)
        named = [str(u) for u in one.updates]
        panels.append(
            Tiles(f"{MANY[one.kind]} over updates", "update", "", named, rows, over, *look, marks=marks)
        )
        rounds = [str(r + 1) for r in range(one.shares.shape[1])]
        panels.append(
            Tiles(_title(one, update), "round", "", rounds, rows, 100 * one.shares[update].T, *look)
        )
    return panels


def draw(data: list[Decisions], figure: Figure) -> None:
    """Draw all panels into an empty figure."""
    files.draw(charts(data), figure)


def figure(training: Training) -> Figure:
    """The whole figure."""
    return files.draw_all(charts(data(training)))


def plotly(data: list[Decisions]) -> list[Web]:
    """The panels for the web; those over rounds have a frame for each of `FRAMES` updates at most."""
    panels = web.draw_all(charts(data))
    moments = _moments(data[0])
    for place, one in enumerate(data):
        panel = panels[2 * place + 1]
        panel.frames = [
            Frame(
                name=str(step), data=[Heatmap(z=(100 * one.shares[at].T).astype(np.float32))], traces=[0],
                layout={"title.text": _title(one, at)},
            )
            for step, at in enumerate(moments)
        ]  # fmt: skip
        panel.layout.meta = {
            "steps": [f"update {one.updates[at]}" for at in moments],
            "pause": PAUSE,
            "start": len(moments) - 1,
        }
    return panels


def film(training: Training) -> io.BytesIO:
    """The distribution over rounds as it changes from update to update, as a GIF."""
    found = data(training)
    moments = _moments(found[0])

    def frame(figure: Figure, step: int) -> None:
        files.draw(charts(found, moments[step])[1::2], figure)

    return animate((4.6 * len(found), 4.2), len(moments), frame, PAUSE)


def _moments(one: Decisions) -> list[int]:
    """Places among the logged updates, spread evenly, the last among them."""
    return sorted({round(at) for at in np.linspace(0, len(one.updates) - 1, FRAMES)})


def _title(one: Decisions, at: int) -> str:
    return f"{MANY[one.kind]} over rounds, update {one.updates[at]}"


def alt(data: list[Decisions]) -> str:
    """The figure in words."""
    return chart.alt(charts(data))


def caption(data: list[Decisions]) -> str:
    """Which group or class takes most of the batch at the end, against its share of the pool."""
    said = []
    for one in data:
        share = float(np.nanmean(one.shares[-1, :, 0]))
        said.append(
            f"{one.kind} {one.which[0]} takes {share:.0%} of the batch ({one.prior[0]:.0%} of the pool)"
        )
    return f"At the last logged update {', '.join(said)}. Tiles are shares of the batch; rows are sorted by the end."
