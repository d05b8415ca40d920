"""`where` for the web: one strategy's panel, with a frame for every round."""

from typing import NamedTuple

import numpy as np
from plotly.graph_objects import Figure, Frame, Heatmap, Scatter

from askwell.core import counted
from askwell.plots.palette import INK, PAPER, style
from askwell.plots.sources import Replay, Scene
from askwell.plots.web import layout

HEIGHT = 380
PAUSE = 900
"""Milliseconds that a round stays when it plays."""

NUMBERED = 20
"""Batches up to this size are numbered."""

CLEAR = "rgba(128,128,128,0)"


class Stage(NamedTuple):
    """A replay with what is drawn around it.

    Attributes:
        density: of the pool's points, smoothed, ``[g, g]`` (y, x) over the box, 0..1.
        centres: where each class's name stands: the point that is nearest to the class's median, ``[c, 2]``; NaN for
            names that would lie over those of larger classes, which are left out.
        spacing: per strategy, a pick's mean distance to the nearest other pick of its batch, on the plane, as a
            multiple of random's (of the mean strategy's where random is not among them).
    """

    replay: Replay
    density: np.ndarray
    centres: np.ndarray
    spacing: dict[str, float]


def scene(stage: Stage, one: Scene, paint: list[str]) -> Figure:
    """The panel, standing at the first round. ``layout.meta`` says which traces show class and which belief."""
    figure = Figure(layout=_layout(stage, one))
    figure.update_layout(title={"pad": {"t": 18, "l": 4}})  # two lines
    still, moving = _still(stage, paint), _moving(stage, one, 0, paint)
    x, y = stage.replay.xy.astype(np.float32).T
    moving[-3].update(x=x, y=y, visible=False, mode="markers")  # frames need not say it again
    figure.add_traces([*still, *moving])
    places = list(range(len(still), len(still) + len(moving)))
    figure.frames = [
        Frame(
            name=str(at), data=_moving(stage, one, at, paint), traces=places,
            layout={"title.text": _title(stage, one, at)},
        )
        for at in range(len(one.picks))
    ]  # fmt: skip
    belief = len(still) + len(moving) - 3
    # Last come the points by belief, what was asked before, and the batch; the points by class lie under the names.
    steps = [f"batch {at + 1} of {len(one.picks)}" for at in range(len(one.picks))]
    figure.layout.meta = {"class": [len(still) - 2], "belief": [belief], "steps": steps, "pause": PAUSE}
    return figure


def _title(stage: Stage, one: Scene, at: int) -> str:
    said = f"{one.accuracy[at]:.3f} after {counted(one.labels[at], 'label')}"
    return f"<b>{one.strategy}</b><br>{said}"


def _layout(stage: Stage, one: Scene) -> dict:
    left, right, bottom, top = stage.replay.box
    bare = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": "", "fixedrange": True}
    return layout(
        _title(stage, one, 0), HEIGHT, left=4, right=4,
        xaxis={**bare, "range": [left, right]}, yaxis={**bare, "range": [bottom, top]},
    ) | {"margin": {"l": 4, "r": 4, "t": 54, "b": 6}}  # fmt: skip


def _still(stage: Stage, paint: list[str]) -> list:
    """What no round changes: the density (of data that are no plane themselves) and the points by class."""
    replay = stage.replay
    x, y = replay.xy.astype(np.float32).T
    names = np.array(replay.classes, object)[replay.y].astype(str)
    points = Scatter(
        x=x, y=y, mode="markers", text=names.tolist(), hovertemplate="class %{text}<extra></extra>",
        marker={"size": 5, "opacity": 0.6, "color": replay.y.astype(np.uint8), **_scale(paint)},
    )  # fmt: skip
    known = np.isfinite(stage.centres[:, 0])
    words = Scatter(
        x=stage.centres[known, 0], y=stage.centres[known, 1], mode="text", hoverinfo="skip",
        text=[f"<b>{name}</b>" for name, here in zip(replay.classes, known, strict=True) if here],
        textfont={"size": 13, "color": INK},
    )  # fmt: skip
    if replay.scenes[0].regions is not None:
        return [points, words]
    across, up = _grid(stage, stage.density)
    density = Heatmap(
        x=across, y=up, z=(stage.density * 100).astype(np.uint8), showscale=False, hoverinfo="skip", zsmooth="best",
        colorscale=[[0, CLEAR], [1, "rgba(128,128,128,0.35)"]], zmin=0, zmax=100,
    )  # fmt: skip
    return [density, points, words]


def _moving(stage: Stage, one: Scene, at: int, paint: list[str]) -> list:
    """What changes with the round: regions and score (2-D data), belief, earlier picks, the batch."""
    replay = stage.replay
    x, y = replay.xy.astype(np.float32).T
    drawn: list = []
    if one.regions is not None and one.score is not None:
        across, up = _grid(stage, one.score[at])
        place = {"x": across, "y": up, "showscale": False, "hoverinfo": "skip"}
        scale = {name: value for name, value in _scale(paint).items() if name == "colorscale"}
        drawn.append(
            Heatmap(
                z=one.regions[at].astype(np.uint8),
                zmin=-0.5,
                zmax=len(paint) - 0.5,
                opacity=0.28 * one.knows(at),
                **scale,
                **place,
            )
        )
        unsure = [[0, CLEAR], [0.5, CLEAR], [1, "rgba(110,110,110,0.7)"]]
        score = (100 * one.score[at] * one.knows(at)).round().astype(np.uint8)
        drawn.append(Heatmap(z=score, zmin=0, zmax=100, colorscale=unsure, zsmooth="best", **place))
    sure = one.confidence[at]
    seen = {
        "size": 5,
        "color": one.belief[at].astype(np.uint8),
        "opacity": (0.1 + 0.8 * sure).astype(np.float32),
    }
    drawn.append(
        Scatter(
            customdata=(100 * sure).round().astype(np.uint8), marker={**seen, **_scale(paint)},
            hovertemplate="%{customdata} % sure<extra></extra>",
        )
    )  # fmt: skip
    skipped = one.skipped(at)
    if len(one.offered):
        drawn.append(
            Scatter(
                x=x[skipped], y=y[skipped], mode="markers", hovertemplate="skipped<extra></extra>",
                marker={"symbol": "x-thin-open", "size": 6, "color": "#8a8a8a"},
            )
        )  # fmt: skip
    before = np.concatenate([replay.start, *one.picks[:at]]).astype(int)
    age = [at + 1] * len(replay.start) + [at - r for r in range(at) for _ in one.picks[r]]
    faded = {
        "size": 8,
        "opacity": [round(max(0.25, 0.8**a), 2) for a in age],
        "line": {"width": 1.4, "color": INK},
    }
    drawn.append(
        Scatter(
            x=x[before], y=y[before], mode="markers", hovertemplate="asked %{text}<extra></extra>",
            text=["at the start" if a > at else f"in batch {at - a + 1}" for a in age],
            marker={**faded, "color": replay.y[before].astype(np.uint8), **_scale(paint)},
        )
    )  # fmt: skip
    now, few = one.picks[at], len(one.picks[at]) <= NUMBERED
    drawn.append(
        Scatter(
            x=x[now], y=y[now], mode="markers+text", textposition="middle center",
            text=[str(i) if few else "" for i in range(1, len(now) + 1)],
            textfont={"size": 10, "color": PAPER, "weight": "bold"},
            customdata=[[i, replay.classes[replay.y[row]]] for i, row in enumerate(now, 1)],
            hovertemplate="number %{customdata[0]}: class %{customdata[1]}<extra></extra>",
            marker={"size": 17 if few else 11, "color": style(one.strategy).colour,
                    "line": {"width": 1, "color": PAPER}},
        )
    )  # fmt: skip
    return drawn


def _grid(stage: Stage, values: np.ndarray) -> list[np.ndarray]:
    left, right, bottom, top = stage.replay.box
    return [
        np.linspace(low, high, size, dtype=np.float32)
        for low, high, size in ((left, right, values.shape[1]), (bottom, top, values.shape[0]))
    ]


def _scale(paint: list[str]) -> dict:
    """Class numbers to colours."""
    steps = [[edge / len(paint), colour] for i, colour in enumerate(paint) for edge in (i, i + 1)]
    return {"colorscale": steps, "cmin": -0.5, "cmax": len(paint) - 0.5, "showscale": False}
