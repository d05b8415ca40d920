"""How far one label reaches: where it supports what the classifier says in the end, and where it speaks against it."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web
from plotly.graph_objects import Frame, Scatter

from askwell.core import AskwellError
from askwell.plots import files
from askwell.plots.palette import BAD, GOOD, INK, PALE, PAPER
from askwell.plots.sources import Replay, Scene
from askwell.plots.web import layout

SOURCE = "reach"
SHOWN = 3
"""Labels in a still figure: those that reach farthest."""

SIDE, HEIGHT, PAUSE = 3.1, 400, 500
FAR = 0.05
"""A label reaches the points whose probability it changes by more than this."""


class Reach(NamedTuple):
    """The labels of one episode.

    Attributes:
        rows: the pool rows bought, in order, ``[b]``.
        change: what each label adds to the probability of the class that is believed in the end, ``[b, n]``.
        reaches: the share of the pool that each label reaches, ``[b]``.
        top: the change that has the full colour.
    """

    replay: Replay
    scene: Scene
    rows: np.ndarray
    change: np.ndarray
    reaches: np.ndarray
    top: float


def data(replay: Replay) -> list[Reach]:
    """Every strategy's episode.

    Raises:
        AskwellError: for a learner that cannot tell what it would be without a label.
    """
    scenes = [scene for scene in replay.scenes if len(scene.change)]
    if not scenes:
        raise AskwellError(
            "What a label does to each point is known only of learners that foretell it: play logistic or mlp."
        )
    top = max(float(np.quantile(np.abs(scene.change), 0.995)) for scene in scenes) or 1.0
    return [
        Reach(
            replay, one, np.concatenate(one.picks), one.change, np.mean(np.abs(one.change) > FAR, axis=1), top
        )
        for one in scenes
    ]


def draw(data: list[Reach], figure: Figure) -> None:
    """Draw into an empty figure: a row a strategy, its farthest-reaching labels."""
    figure.set_layout_engine("constrained", h_pad=0.05, w_pad=0.05)
    axes = figure.subplots(len(data), SHOWN, squeeze=False)
    for row, one in zip(axes, data, strict=True):
        for ax, label in zip(row, np.argsort(-one.reaches, kind="stable")[:SHOWN], strict=True):
            _panel(one, int(label), ax)
        row[0].set_ylabel(one.scene.strategy, fontsize=10)
    replay = data[0].replay
    figure.suptitle(f"{replay.dataset}, split {replay.split} ({replay.plane})", fontsize=10)


def _panel(one: Reach, label: int, ax: Axes) -> None:
    replay, row = one.replay, one.rows[label]
    shades = LinearSegmentedColormap.from_list("reach", [BAD, PALE, GOOD])
    look = {"cmap": shades, "vmin": -one.top, "vmax": one.top}
    order = np.argsort(np.abs(one.change[label]))
    ax.scatter(*replay.xy[order].T, c=one.change[label][order], s=9, lw=0, **look)
    ax.scatter(*replay.xy[row], marker="*", color=INK, s=120, lw=0.8, edgecolors=PAPER, zorder=3)
    left, right, bottom, top = replay.box
    ax.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
    ax.set_title(f"{_name(one, label)}: reaches {one.reaches[label]:.0%}", fontsize=9)


def _name(one: Reach, label: int) -> str:
    return f"label {label + 1}, class {one.replay.classes[one.replay.y[one.rows[label]]]}"


def figure(replay: Replay) -> Figure:
    """The whole still figure."""
    found = data(replay)
    drawn = files.canvas(SIDE * SHOWN + 0.3, SIDE * len(found) + 0.4)
    draw(found, drawn)
    return drawn


def plotly(data: list[Reach]) -> list[Web]:
    """The first strategy for the web, a frame for each label; a click on a label shows its frame."""
    one = data[0]
    replay, colours = one.replay, [[0, BAD], [0.5, PALE], [1, GOOD]]
    x, y = replay.xy.astype(np.float32).T

    def seen(label: int) -> list[Scatter]:
        percent = (100 * one.change[label]).round().astype(int)
        return [
            Scatter(customdata=percent, marker={"color": percent}),
            Scatter(x=x[[one.rows[label]]], y=y[[one.rows[label]]]),
        ]

    points, star = seen(0)
    bare = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": "", "fixedrange": True}
    left, right, bottom, top = replay.box
    figure = Web(layout=layout(_title(one, 0), HEIGHT, left=4, right=4))
    figure.update_layout(
        title={"pad": {"t": 18, "l": 4}}, margin={"l": 4, "r": 4, "t": 54, "b": 6},
        xaxis={**bare, "range": [left, right]}, yaxis={**bare, "range": [bottom, top]},
    )  # fmt: skip
    points.update(
        x=x, y=y, mode="markers", hovertemplate="%{customdata} points of 100<extra></extra>",
        marker={"size": 6, "colorscale": colours, "cmin": -100 * one.top, "cmax": 100 * one.top, "showscale": False},
    )  # fmt: skip
    bought = Scatter(
        x=x[one.rows], y=y[one.rows], mode="markers", customdata=list(range(len(one.rows))), name="steps",
        hovertemplate="label %{customdata}<extra></extra>", text=[_name(one, i) for i in range(len(one.rows))],
        marker={"size": 9, "color": "rgba(0,0,0,0)", "line": {"width": 1.2, "color": INK}},
    )  # fmt: skip
    bought.update(hovertemplate="%{text}<extra></extra>")
    star.update(mode="markers", hoverinfo="skip", marker={"symbol": "star", "size": 17, "color": INK})
    figure.add_traces([points, bought, star])
    figure.frames = [
        Frame(name=str(at), data=seen(at), traces=[0, 2], layout={"title.text": _title(one, at)})
        for at in range(len(one.rows))
    ]
    steps = [_name(one, at) for at in range(len(one.rows))]
    figure.layout.meta = {"steps": steps, "pause": PAUSE, "start": int(np.argmax(one.reaches))}
    return [figure]


def _title(one: Reach, label: int) -> str:
    return f"<b>{one.scene.strategy}</b><br>{_name(one, label)}: reaches {one.reaches[label]:.0%} of the pool"


def alt(data: list[Reach]) -> str:
    """The figure in words."""
    names = ", ".join(one.scene.strategy for one in data)
    return f"Map of the pool of {data[0].replay.dataset}, for labels of {names}: what one label changes at each point."


def caption(data: list[Reach]) -> str:
    """How far labels reach, by strategy."""
    said = "; ".join(
        f"{one.scene.strategy} {np.median(one.reaches):.1%} (the farthest {one.reaches.max():.0%})"
        for one in data
    )
    return (
        "Without one of its labels the classifier of the last round would say something else. Blue: the label supports "
        "what is said there, orange: it speaks against it. The median label changes the probability by more than "
        f"{FAR:g} at this share of the pool: {said}."
    )
