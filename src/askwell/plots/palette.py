"""One colour and one marker per strategy, the same in every figure, on light paper and on dark."""

from functools import cache
from typing import NamedTuple
from zlib import crc32


class Style(NamedTuple):
    """How a strategy is drawn."""

    colour: str
    marker: str


# Wong (2011) and Tol (2021, "muted"), both made for colour-blind readers. Markers tell strategies of one
# colour apart, and no two have both in common.
_KNOWN = {
    "random": Style("#7f7f7f", "o"),
    "oracle": Style("#000000", "*"),
    "clairvoyant": Style("#000000", "o"),
    "learned": Style("#d55e00", "D"),
    "mixture": Style("#d55e00", "o"),
    "albl": Style("#d55e00", "^"),
    "adaptive": Style("#d55e00", "p"),
    "margin-herding": Style("#0072b2", "s"),
    "cluster-margin": Style("#0072b2", "^"),
    "falcun": Style("#0072b2", "o"),
    "uherding": Style("#56b4e9", "v"),
    "maxherding": Style("#56b4e9", "p"),
    "probcover": Style("#56b4e9", "D"),
    "margin": Style("#009e73", "^"),
    "support-vectors": Style("#009e73", "s"),
    "kmeans-boundary": Style("#009e73", "X"),
    "least-confidence": Style("#999933", "<"),
    "dropquery": Style("#999933", "D"),
    "qbc": Style("#999933", "o"),
    "entropy": Style("#117733", "P"),
    "bald": Style("#117733", "o"),
    "batchbald": Style("#117733", "v"),
    "expected-error": Style("#117733", "s"),
    "influence": Style("#117733", "D"),
    "boundary": Style("#117733", "X"),
    "power-margin": Style("#cc79a7", "X"),
    "discriminative": Style("#cc79a7", "o"),
    "clue": Style("#cc79a7", "s"),
    "coreset": Style("#e69f00", "p"),
    "badge": Style("#e69f00", "*"),
    "bait": Style("#e69f00", "^"),
    "kmeans-centre": Style("#e69f00", "X"),
    "typiclust": Style("#882255", ">"),
    "typicality": Style("#882255", "o"),
    "gaussian-mixture": Style("#882255", "^"),
    "density-weighted": Style("#882255", "s"),
    "label-random": Style("#7f7f7f", "h"),
    "label-all": Style("#cc79a7", "^"),
    "fixed-threshold": Style("#009e73", "o"),
    "adaptive-threshold": Style("#0072b2", "D"),
    "variable-uncertainty": Style("#e69f00", "o"),
    "split": Style("#882255", "D"),
    "skip": Style("#d55e00", "s"),
    "stop": Style("#d55e00", "v"),
    "stop-after": Style("#0072b2", "P"),
    "stop-stable": Style("#009e73", "P"),
    "stop-gain": Style("#e69f00", "P"),
    "pool-shares": Style("#7f7f7f", "p"),
    "equal-shares": Style("#009e73", "p"),
    "filling-shares": Style("#56b4e9", "o"),
    "row-points": Style("#7f7f7f", "X"),
    "random-points": Style("#cc79a7", "D"),
    "uncertain-points": Style("#009e73", "D"),
    "herding-points": Style("#0072b2", "X"),
    "needed-shares": Style("#e69f00", "v"),
    "random-cuts": Style("#7f7f7f", "d"),
    "row-cuts": Style("#cc79a7", "v"),
    "bisecting-cuts": Style("#009e73", "v"),
    "cap-cuts": Style("#0072b2", "v"),
}
_COLOURS = ("#332288", "#44aa99", "#cc6677", "#661100", "#6699cc", "#aa4499", "#888888")
_MARKERS = ("h", "d", "8", "H", "$\\times$")


def style(strategy: str) -> Style:
    """The strategy's colour and marker; for names that are not known here, both follow from the name."""
    if strategy in _KNOWN:
        return _KNOWN[strategy]
    number = crc32(strategy.encode())
    return Style(_COLOURS[number % len(_COLOURS)], _MARKERS[number // len(_COLOURS) % len(_MARKERS)])


PAPER, INK, FAINT = "#ffffff", "#222222", "#6b6b6b"
"""Background, text and lesser text; on the dark page `dark` replaces them like any other colour."""

GOOD, BAD, ALARM = "#0072b2", "#b34a00", "#c0182a"
"""Better, worse, and a warning. Never the only sign: a word stands beside it."""

PALE = "#eeeeee"
"""Tiles that say nothing much."""

GREY = "#9a9a9a"
"""What is there to be compared with, without a name of its own."""

CLASSES = (
    *("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#997700", "#ee8866", "#44bb99"),
    *("#882255", "#555555", "#bbbbbb"),
)
"""Colours of classes (Tol 2021, "bright" and more); classes beyond them repeat, and are named in the figure."""

SHADES = ("#f4f8fb", "#c6dbec", "#85b6d9", "#3f86bd", "#114f86", "#06284a")
"""From nothing to much, for heat maps."""

_NIGHT = "#15181c"
_DARK = {
    PAPER: _NIGHT,
    INK: "#e8e6e1",
    FAINT: "#a3a09a",
    "#000000": "#ffffff",  # not grey, which is random's
    PALE: "#2b3138",
    **dict(zip(SHADES, ("#1b2128", "#17385a", "#1f5f96", "#3f93cc", "#8cc6ea", "#e6f4fc"), strict=True)),
}
READABLE = 4.5
"""The least contrast of text with its background (WCAG 2.2, level AA)."""


def dark(colour: str) -> str:
    """What a ``#rrggbb`` colour becomes on the dark page: as it is, or lighter until it is readable there."""
    return _DARK.get(colour) or _towards(colour, "#ffffff", _NIGHT)


def ink(colour: str) -> str:
    """The colour for text on light paper: as it is, or darker until it is readable."""
    return _towards(colour, "#000000", PAPER)


def contrast(a: str, b: str) -> float:
    """The contrast of two ``#rrggbb`` colours in 1..21 (WCAG 2.2)."""
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


@cache
def _towards(colour: str, end: str, paper: str) -> str:
    mixed = colour
    for percent in range(5, 101, 5):
        if contrast(mixed, paper) >= READABLE:
            break
        pairs = zip(_channels(colour), _channels(end), strict=True)
        mixed = "#" + "".join(f"{round(a + (b - a) * percent / 100):02x}" for a, b in pairs)
    return mixed


def _channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def _luminance(colour: str) -> float:
    linear = [((v / 255 + 0.055) / 1.055) ** 2.4 if v > 10 else v / 255 / 12.92 for v in _channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
