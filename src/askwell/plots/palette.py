"""One colour and one marker per strategy, the same in every figure."""

from typing import NamedTuple
from zlib import crc32


class Style(NamedTuple):
    """How a strategy is drawn."""

    colour: str
    marker: str


# Wong (2011) and Tol (2021, "muted"), both made for colour-blind readers. Colours that come near each other
# have different markers, so that no two strategies are told apart by colour alone.
_KNOWN = {
    "random": Style("#7f7f7f", "o"),
    "oracle": Style("#000000", "*"),
    "learned": Style("#d55e00", "D"),
    "margin-herding": Style("#0072b2", "s"),
    "uherding": Style("#56b4e9", "v"),
    "margin": Style("#009e73", "^"),
    "least-confidence": Style("#999933", "<"),
    "entropy": Style("#117733", "P"),
    "power-margin": Style("#cc79a7", "X"),
    "coreset": Style("#e69f00", "p"),
    "typiclust": Style("#882255", ">"),
}
_COLOURS = ("#332288", "#44aa99", "#cc6677", "#661100", "#6699cc", "#aa4499", "#888888")
_MARKERS = ("h", "d", "8", "H", "$\\times$")


def style(strategy: str) -> Style:
    """The strategy's colour and marker; for names that are not known here, both follow from the name."""
    if strategy in _KNOWN:
        return _KNOWN[strategy]
    number = crc32(strategy.encode())
    return Style(_COLOURS[number % len(_COLOURS)], _MARKERS[number // len(_COLOURS) % len(_MARKERS)])
