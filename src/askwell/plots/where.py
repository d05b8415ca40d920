"""Where each strategy asks: the pool on a plane, the batch numbered, earlier batches fading."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from plotly.graph_objects import Figure as Web
from scipy.ndimage import gaussian_filter

from askwell.core import counted
from askwell.plots import files, where_web
from askwell.plots.animation import animate
from askwell.plots.palette import CLASSES, INK, style
from askwell.plots.sources import Replay, Scene
from askwell.plots.where_web import NUMBERED, Stage

SOURCE = "replay"
CELLS = 60
MOMENTS = 3
"""Rounds in a still figure: the first, the last and one between."""

SIDE = 2.9
"""Inches of a panel's side."""

LETTER, LINE = 0.03, 0.06
"""What a letter and a line of a class's name take of a panel's width and height."""

SKIPPED = "#8a8a8a"


def data(replay: Replay) -> Stage:
    """Density, places of names, and how crowded the batches are."""
    left, right, bottom, top = replay.box
    counts, _, _ = np.histogram2d(
        replay.xy[:, 1], replay.xy[:, 0], bins=CELLS, range=[[bottom, top], [left, right]]
    )
    density = gaussian_filter(counts, CELLS / 24)
    centres = np.full((len(replay.classes), 2), np.nan)
    for one in np.unique(replay.y):
        points = replay.xy[replay.y == one]
        centres[one] = points[np.argmin(((points - np.median(points, axis=0)) ** 2).sum(axis=1))]
    sizes = np.bincount(replay.y, minlength=len(replay.classes))
    centres = _apart(centres, replay.classes, sizes, replay.box)
    spacing = {scene.strategy: _spacing(replay.xy, scene.picks) for scene in replay.scenes}
    base = spacing.get("random", float(np.mean(list(spacing.values())))) or 1.0
    return Stage(replay, density / density.max(), centres, {name: s / base for name, s in spacing.items()})


def _spacing(xy: np.ndarray, picks: Sequence[np.ndarray]) -> float:
    nearest = []
    for batch in picks:
        if len(batch) > 1:
            apart = np.sqrt(((xy[batch][:, None] - xy[batch]) ** 2).sum(axis=2))
            np.fill_diagonal(apart, np.inf)
            nearest.append(apart.min(axis=1))
    return float(np.concatenate(nearest).mean()) if nearest else 0.0


def _apart(
    centres: np.ndarray, names: Sequence[str], sizes: np.ndarray, box: tuple[float, ...]
) -> np.ndarray:
    """The places of names with those left out that would lie over a larger class's name."""
    left, right, bottom, top = box
    kept: list[tuple[float, float, float]] = []
    shown = np.full_like(centres, np.nan)
    for one in np.argsort(-sizes, kind="stable"):
        x, y = (centres[one, 0] - left) / (right - left), (centres[one, 1] - bottom) / (top - bottom)
        half = LETTER * len(names[one]) / 2
        if np.isfinite(x) and all(abs(x - a) > half + b or abs(y - c) > LINE for a, c, b in kept):
            kept.append((x, y, half))
            shown[one] = centres[one]
    return shown


def colours(classes: int) -> list[str]:
    """One colour a class; beyond the palette they repeat."""
    return [CLASSES[i % len(CLASSES)] for i in range(classes)]


def draw(data: Stage, figure: Figure) -> None:
    """Draw into an empty figure: a column for each strategy, a row for each of `MOMENTS` rounds."""
    rounds = len(data.replay.scenes[0].picks)
    moments = sorted({0, rounds // 2, rounds - 1})[:MOMENTS]
    _grid(data, figure, moments)


def frame(data: Stage, figure: Figure, round: int) -> None:
    """Draw one round (from 0) into an empty figure: a panel for each strategy."""
    _grid(data, figure, [round])


def _grid(data: Stage, figure: Figure, rounds: list[int]) -> None:
    scenes = data.replay.scenes
    figure.set_layout_engine("constrained", h_pad=0.05, w_pad=0.05)
    axes = figure.subplots(len(rounds), len(scenes), squeeze=False)
    for row, round in zip(axes, rounds, strict=True):
        for ax, scene in zip(row, scenes, strict=True):
            _panel(data, scene, round, ax)
        row[0].set_ylabel(f"batch {round + 1}", fontsize=10)
    figure.suptitle(f"{data.replay.dataset}, split {data.replay.split} ({data.replay.plane})", fontsize=10)


def _panel(data: Stage, scene: Scene, round: int, ax: Axes) -> None:
    replay = data.replay
    paint = np.array([to_rgb(colour) for colour in colours(len(replay.classes))])
    if scene.regions is not None and scene.score is not None and scene.knows(round):
        look = {"extent": replay.box, "origin": "lower", "aspect": "auto"}
        ax.imshow(scene.regions[round], cmap=ListedColormap(paint), vmin=-0.5, vmax=len(paint) - 0.5,
                  alpha=0.22, interpolation="nearest", **look)  # fmt: skip
        shade = np.zeros((*scene.score[round].shape, 4))
        shade[..., 3] = 0.45 * np.clip((scene.score[round] - 0.5) / 0.5, 0, 1)
        ax.imshow(shade, interpolation="bilinear", **look)
    elif scene.regions is None:
        ax.imshow(data.density, cmap="Greys", vmin=0, vmax=3, extent=replay.box, origin="lower",
                  aspect="auto", interpolation="bilinear")  # fmt: skip
    ax.scatter(*replay.xy.T, c=paint[replay.y], s=5, lw=0, alpha=0.55)
    earlier = [(replay.start, 0.25)] if len(replay.start) else []
    earlier += [(scene.picks[at], max(0.25, 0.8 ** (round - at))) for at in range(round)]
    for rows, alpha in earlier:
        ax.scatter(
            *replay.xy[rows].T, c=paint[replay.y[rows]], s=26, lw=1.1, edgecolors=INK, alpha=alpha, zorder=3
        )
    for (x, y), name in zip(data.centres.tolist(), replay.classes, strict=True):
        if np.isfinite(x):
            halo = [withStroke(linewidth=2, foreground="white")]
            ax.text(x, y, name, fontsize=8, ha="center", va="center", weight="bold", path_effects=halo)
    colour, _ = style(scene.strategy)
    now = replay.xy[scene.picks[round]]
    ax.scatter(
        *replay.xy[scene.skipped(round)].T, marker="x", color=SKIPPED, s=8, lw=0.7, alpha=0.5, zorder=2
    )
    ax.scatter(*now.T, color=colour, s=85, lw=0.8, edgecolors="white", zorder=4)
    if 0 < len(now) <= NUMBERED:
        look = {"color": "white", "ha": "center", "va": "center_baseline", "zorder": 5, "weight": "bold"}
        for number, (x, y) in enumerate(now.tolist(), 1):
            ax.text(x, y, str(number), fontsize=6.5 if number < 10 else 5.2, **look)
    left, right, bottom, top = replay.box
    ax.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
    ax.spines[:].set_color("#bbbbbb")
    ax.set_title(
        f"{scene.strategy} · {scene.accuracy[round]:.3f} after {counted(scene.labels[round], 'label')}",
        fontsize=9,
    )


def figure(replay: Replay) -> Figure:
    """The whole still figure."""
    rows = min(MOMENTS, len(replay.scenes[0].picks))
    drawn = files.canvas(SIDE * len(replay.scenes) + 0.3, SIDE * rows + 0.4)
    draw(data(replay), drawn)
    return drawn


def film(replay: Replay) -> io.BytesIO:
    """All rounds as a GIF."""
    stage = data(replay)
    size = (SIDE * len(replay.scenes) + 0.3, SIDE + 0.5)
    return animate(size, len(replay.scenes[0].picks), lambda figure, round: frame(stage, figure, round))


def plotly(data: Stage) -> list[Web]:
    """One figure a strategy for the web, each with a frame for every round."""
    return [where_web.scene(data, one, colours(len(data.replay.classes))) for one in data.replay.scenes]


def alt(data: Stage) -> str:
    """The figure in words."""
    names = ", ".join(scene.strategy for scene in data.replay.scenes)
    return (
        f"Map of the pool of {data.replay.dataset} ({data.replay.plane}), a panel for each of {names}: points by "
        f"class, the batch of each of {len(data.replay.scenes[0].picks)} rounds numbered, earlier ones fading."
    )


def caption(data: Stage) -> str:
    """Whose batches lie closest together, and whose are spread widest, on the plane."""
    spacing = data.spacing
    if len(spacing) < 2 or not any(spacing.values()):
        return f"Where {next(iter(spacing))} asks, batch by batch."
    near, far = min(spacing, key=spacing.__getitem__), max(spacing, key=spacing.__getitem__)
    base = "random's" if "random" in spacing else "the mean"
    return (
        f"Points of a batch lie closest together with {near} ({spacing[near]:.2f} of {base} distance to the nearest "
        f"other pick) and widest apart with {far} ({spacing[far]:.2f}); numbers are the order of asking."
    )
