"""Names at the right end of lines, nudged apart."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Annotation
from scipy.optimize import isotonic_regression

SIZE = 8
"""Font size of the names in points."""

HEIGHT = 1.25 * SIZE
"""Room that a name takes vertically, in points."""

GAP = 18
"""From a line's end to its name, in points."""

FULL = 0.55
"""If the names take more of the axes' height than this, they are too far from their lines."""


def spread_apart(wanted: np.ndarray, gap: float, low: float, high: float) -> np.ndarray:
    """Positions nearest to `wanted` (least squares) that are `gap` apart and within ``[low, high]``.

    Taking ``i · gap`` off the i-th smallest turns "at least `gap` apart" into "not falling", which is
    isotonic regression. If they do not fit, they overflow at the top.
    """
    order = np.argsort(wanted, kind="stable")
    steps = gap * np.arange(len(wanted))
    level = isotonic_regression(wanted[order] - steps).x
    placed = np.empty(len(wanted))
    placed[order] = np.maximum(np.minimum(level, high - gap * (len(wanted) - 1)), low) + steps
    return placed


def label_ends(ax: Axes, lines: list[Line2D]) -> list[Annotation]:
    """Write each of the axes' lines' label at its right end, as yet where it may overlap others."""
    leader = {"arrowstyle": "-", "lw": 0.6, "alpha": 0.7, "shrinkA": 1, "shrinkB": 3, "relpos": (0, 0.5)}
    return [
        ax.annotate(
            str(line.get_label()),
            (np.asarray(line.get_xdata())[-1], np.asarray(line.get_ydata())[-1]),
            xytext=(GAP, 0),
            textcoords="offset points",
            va="center",
            fontsize=SIZE,
            color=line.get_color(),
            arrowprops=leader | {"color": line.get_color()},
        )
        for line in lines
    ]


def nudge(ax: Axes, labels: list[Annotation], dpi: float) -> None:
    """Move names up or down until none overlap; the axes must have their final size."""
    ends = ax.transData.transform([label.xy for label in labels])[:, 1] * 72 / dpi
    box = ax.get_window_extent()
    placed = spread_apart(ends, HEIGHT, box.y0 * 72 / dpi, box.y1 * 72 / dpi)
    for label, end, y in zip(labels, ends, placed, strict=True):
        label.set_position((GAP, y - end))


def fits(ax: Axes, count: int, dpi: float) -> bool:
    """Whether so many names, one above the other, take no more than `FULL` of the axes' height."""
    return count * HEIGHT <= FULL * ax.get_window_extent().height * 72 / dpi
