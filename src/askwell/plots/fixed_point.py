"""How far the policy's decisions are from those at the end of training, its fixed point."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web

from askwell.core import AskwellError
from askwell.plots import chart, decisions, files, web
from askwell.plots.chart import Line, Lines
from askwell.plots.decisions import MANY
from askwell.plots.palette import BAD, GOOD
from askwell.plots.sources import Training

SOURCE = "training"
NEAR = 0.05


class Way(NamedTuple):
    """Distance of one kind of decisions to their last one, update by update, for one seed."""

    kind: str
    seed: int
    update: np.ndarray
    distance: np.ndarray


def data(training: Training) -> list[Way]:
    """Total variation ``½ Σ |p - p_last|``, mean over rounds: 0 alike, 1 nothing in common.

    Raises:
        AskwellError: if decisions were not logged at two updates or more.
    """
    if training.decisions.is_empty():
        decisions.data(training)  # says so
    if training.decisions["update"].n_unique() < 2:
        raise AskwellError("Decisions were logged at one update only, so nothing can have moved yet.")
    ways = []
    for seed in training.decisions["seed"].unique().sort():
        for one in decisions.data(training, seed):
            distance = np.nanmean(0.5 * np.nansum(np.abs(one.shares - one.shares[-1]), axis=2), axis=1)
            ways.append(Way(one.kind, seed, np.array(one.updates, float), distance))
    return ways


def charts(data: list[Way]) -> list[Lines]:
    """One panel: a line for each kind, the mean over seeds; the band goes from the nearest seed to the farthest."""
    lines = []
    for kind, colour, marker in (("group", GOOD, "o"), ("class", BAD, "s")):
        ways = [
            (update, d)
            for w in data
            if w.kind == kind
            for update, d in zip(w.update, w.distance, strict=True)
        ]
        if ways:
            updates = np.unique([update for update, _ in ways])
            found = [[d for update, d in ways if update == at] for at in updates]
            y, low, high = (np.array([f(one) for one in found]) for f in (np.mean, np.min, np.max))
            lines.append(Line(MANY[kind].lower(), updates, y, low, high, colour, marker))
    return [Lines("Distance to the last decisions", "update", "total variation", tuple(lines), floor=0.0)]


def draw(data: list[Way], figure: Figure) -> None:
    """Draw all panels into an empty figure."""
    files.draw(charts(data), figure)


def figure(training: Training) -> Figure:
    """The whole figure."""
    return files.draw_all(charts(data(training)))


def plotly(data: list[Way]) -> list[Web]:
    """The panels for the web."""
    return web.draw_all(charts(data))


def alt(data: list[Way]) -> str:
    """The figure in words."""
    return chart.alt(charts(data))


def caption(data: list[Way]) -> str:
    """When each kind came near its end for good, if it did before the last log."""
    said = []
    for kind in dict.fromkeys(way.kind for way in data):
        ways = [way for way in data if way.kind == kind]
        far = [way.update[way.distance > NEAR] for way in ways]
        moved = max((float(at[-1]) for at in far if len(at)), default=None)
        before = max(float(way.update[-2]) if len(way.update) > 1 else -1.0 for way in ways)
        if moved is None:
            said.append(f"{kind} decisions never moved further than {NEAR:g} from their end")
        elif moved >= before:
            said.append(f"{kind} decisions still move at the end: no fixed point yet")
        else:
            said.append(f"{kind} decisions stay within {NEAR:g} of their end after update {moved:.0f}")
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]} (total variation, mean over rounds)."
