"""One colour and one marker per strategy, the same in every figure."""

from typing import NamedTuple
from zlib import crc32


class Style(NamedTuple):
    """How a strategy is drawn."""

    colour: str
    marker: str


CEILINGS = ("oracle", "clairvoyant")
"""They see hidden labels, so being highest is no merit of theirs."""

# Wong (2011) and Tol (2021, "muted"), both made for colour-blind readers. Markers tell strategies of one
# colour apart, and no two have both in common.
_KNOWN = {
    "random": Style("#7f7f7f", "o"),
    "oracle": Style("#000000", "*"),
    "clairvoyant": Style("#000000", "o"),
    "learned": Style("#d55e00", "D"),
    "mixture": Style("#d55e00", "o"),
    "albl": Style("#d55e00", "^"),
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
    "power-margin": Style("#cc79a7", "X"),
    "discriminative": Style("#cc79a7", "o"),
    "clue": Style("#cc79a7", "s"),
    "coreset": Style("#e69f00", "p"),
    "badge": Style("#e69f00", "*"),
    "bait": Style("#e69f00", "^"),
    "kmeans-centre": Style("#e69f00", "X"),
    "typiclust": Style("#882255", ">"),
    "typicality": Style("#882255", "o"),
    "density-weighted": Style("#882255", "s"),
}
_COLOURS = ("#332288", "#44aa99", "#cc6677", "#661100", "#6699cc", "#aa4499", "#888888")
_MARKERS = ("h", "d", "8", "H", "$\\times$")


def style(strategy: str) -> Style:
    """The strategy's colour and marker; for names that are not known here, both follow from the name."""
    if strategy in _KNOWN:
        return _KNOWN[strategy]
    number = crc32(strategy.encode())
    return Style(_COLOURS[number % len(_COLOURS)], _MARKERS[number // len(_COLOURS) % len(_MARKERS)])
