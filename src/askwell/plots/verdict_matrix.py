"""Every strategy against every other: the verdict, and the mean paired difference in AULC."""

from typing import NamedTuple

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web

from askwell.core import ACCURACY, CEILINGS, AskwellError, metric_of
from askwell.plots import files, web
from askwell.plots.chart import Tiles
from askwell.plots.palette import BAD, GOOD, PALE
from askwell.stats import episodes, verdicts
from askwell.stats.verdict import Word

SOURCE = "records"
SETTINGS = ("metric",)
SIGNS: dict[Word, str] = {"better": "▲", "worse": "▼", "equivalent": "=", "not enough evidence": "?"}
OPPOSITE: dict[Word, Word] = {"better": "worse", "worse": "better"}
LEVEL = {"better": 1.0, "worse": -1.0, "equivalent": 0.0}
WIDE = 5
"""Up to so many strategies the differences are written out; more would not fit on a phone."""


class Matrix(NamedTuple):
    """`word[i][j]` says what row `i` is against column `j`, by `difference[i, j]` in AULC; None without pairs."""

    names: list[str]
    word: list[list[Word | None]]
    difference: np.ndarray


def data(records: pl.DataFrame, metric: str = ACCURACY) -> Matrix:
    """All pairs, the best mean AULC first.

    Raises:
        AskwellError: for fewer than two strategies.
    """
    gain = pl.col("aulc").mean() * metric_of(metric).sign
    means = episodes(records, metric).group_by("strategy").agg(gain).sort("aulc", "strategy")
    names = means["strategy"].to_list()[::-1]
    if len(names) < 2:
        raise AskwellError(f"A verdict matrix needs two strategies or more; these records have {len(names)}.")
    word: list[list[Word | None]] = [[None] * len(names) for _ in names]
    difference = np.full((len(names), len(names)), np.nan)
    for i, row in enumerate(names[:-1]):
        # One way only: the other is its mirror, and the bootstrap takes time.
        for verdict in verdicts(records.filter(pl.col("strategy").is_in(names[i:])), row, metric=metric):
            j = names.index(verdict.strategy)
            word[j][i], word[i][j] = verdict.verdict, OPPOSITE.get(verdict.verdict, verdict.verdict)
            difference[j, i], difference[i, j] = verdict.difference, -verdict.difference
    return Matrix(names, word, difference)


def charts(data: Matrix) -> list[Tiles]:
    """The matrix as tiles: blue better, orange worse, pale for equivalent, blank where it is open."""
    z = np.array([[LEVEL.get(word or "", np.nan) for word in row] for row in data.word], float)
    text = [[_text(data, i, j) for j in range(len(data.names))] for i in range(len(data.names))]
    shades = (BAD, PALE, GOOD)
    title = "Row against column"
    return [Tiles(title, "", "", data.names, data.names, z, "", shades, -1, 1, text)]


def _text(data: Matrix, i: int, j: int) -> str:
    word = data.word[i][j]
    if word is None:
        return ""
    return f"{SIGNS[word]}\n{data.difference[i, j]:+.3f}" if len(data.names) <= WIDE else SIGNS[word]


def draw(data: Matrix, figure: Figure) -> None:
    """Draw into an empty figure."""
    files.draw(charts(data), figure)


def figure(records: pl.DataFrame, **settings: str) -> Figure:
    """The whole figure."""
    return files.draw_all(charts(data(records, **settings)))


def plotly(data: Matrix) -> list[Web]:
    """The panel for the web."""
    return web.draw_all(charts(data))


def alt(data: Matrix) -> str:
    """The figure in words."""
    return f"Matrix of verdicts between {', '.join(data.names)}: each row against each column."


def caption(data: Matrix) -> str:
    """Who, ceilings aside, is better than how many, and what the signs mean."""
    wins = {
        name: sum(word == "better" for word in row)
        for name, row in zip(data.names, data.word, strict=True)
        if name not in CEILINGS or len(data.names) == 2
    }
    best = max(wins.values())
    first = [name for name, count in wins.items() if count == best]
    told = "No pair is told apart"
    if best:
        says = "is" if len(first) == 1 else "are each"
        told = f"{' and '.join(first)} {says} better than {best} of {len(data.names) - 1} others"
    return f"{told}. ▲ better, ▼ worse, = equivalent, ? not enough evidence (paired, 95 %)."
