"""What is skipped: the share of points that were labelled, against how sure the learner was when they came."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web

from askwell.core import AskwellError
from askwell.plots import chart, files, web
from askwell.plots.chart import Line, Lines
from askwell.plots.palette import style
from askwell.plots.sources import Replay, Scene

SOURCE = "replay"
PARTS = 5
"""Points are told apart in so many equally large parts, from the least to the most sure."""


class Skips(NamedTuple):
    """One split, seen once two classes were known and while the budget was not spent.

    Attributes:
        confidence: by strategy, the mean top probability of each part, ``[p]``.
        share: by strategy, the share of each part's points that was labelled, ``[p]``.
    """

    dataset: str
    confidence: dict[str, np.ndarray]
    share: dict[str, np.ndarray]


def data(replay: Replay) -> Skips:
    """Shares by confidence.

    Raises:
        AskwellError: where points do not come one at a time, or too few came after the first labels.
    """
    if not any(len(scene.offered) for scene in replay.scenes):
        raise AskwellError("Nothing can be skipped in this game; skips are of games such as label-or-skip.")
    confidence, share = {}, {}
    for scene in replay.scenes:
        sure, labelled = _told(scene)
        if len(sure) >= 2 * PARTS:
            parts = np.array_split(np.argsort(sure, kind="stable"), PARTS)
            confidence[scene.strategy] = np.array([sure[part].mean() for part in parts])
            share[scene.strategy] = np.array([labelled[part].mean() for part in parts])
    if not share:
        raise AskwellError("Too few points came while there was something to decide; play longer streams.")
    return Skips(replay.dataset, confidence, share)


def _told(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """How sure the learner was of each point that came, and whether it was labelled."""
    sure, labelled = [], []
    spent = scene.labels[-1]
    for round, bought in enumerate(scene.picks):
        before = scene.labels[round - 1] if round else 0
        if scene.knows(round) and before < spent:
            came = scene.offered[round * scene.each : (round + 1) * scene.each]
            sure += scene.confidence[round][came].tolist()
            labelled += np.isin(came, bought).tolist()
    return np.array(sure), np.array(labelled, float)


def charts(data: Skips) -> list[Lines]:
    """One panel, a line for each strategy."""
    lines = tuple(
        Line(name, data.confidence[name], y, None, None, *style(name)) for name, y in data.share.items()
    )
    return [Lines(data.dataset, "probability of the top class", "share labelled", lines, floor=0.0)]


def draw(data: Skips, figure: Figure) -> None:
    """Draw into an empty figure."""
    files.draw(charts(data), figure)


def figure(replay: Replay) -> Figure:
    """The whole figure."""
    return files.draw_all(charts(data(replay)))


def plotly(data: Skips) -> list[Web]:
    """The panel for the web."""
    return web.draw_all(charts(data))


def alt(data: Skips) -> str:
    """The figure in words."""
    return chart.alt(charts(data))


def caption(data: Skips) -> str:
    """Who chooses most by uncertainty: how much more of the least sure points it labels than of the surest."""
    lead = {name: float(share[0] - share[-1]) for name, share in data.share.items()}
    first = max(lead, key=lead.__getitem__)
    share = data.share[first]
    return (
        f"Of the fifth of the points that the learner was least sure of, {first} labelled {share[0]:.0%}, of the "
        f"surest fifth {share[-1]:.0%}: no other strategy's choice depends more on it."
    )
