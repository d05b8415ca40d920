"""Words that every room speaks: pool, view, geometry, record, registry.

Axes, one letter each in every shape: ``n`` pool points, ``m`` evaluation points, ``d`` features,
``c`` classes, ``q`` batch, ``r`` rounds, ``k`` sibling batches, ``e`` parallel episodes, ``l`` landmarks.
"""

from askwell.core.errors import AskwellError
from askwell.core.files import PART, write_whole
from askwell.core.geometry import Geometry, measure
from askwell.core.learner import AbstractFitted, AbstractLearner, Packed, unfitted
from askwell.core.pool import Pool
from askwell.core.record import CELL, METRICS, SCHEMA
from askwell.core.registry import Registry, collect, imported, summary, unknown
from askwell.core.spaces import AbstractSpace, Rows, Skip
from askwell.core.strategy import AbstractPlayer, AbstractStrategy, AbstractStreamStrategy
from askwell.core.view import NO_ANSWER, NOT_ASKED, Evidence, Stream, Truth, View, gathered
from askwell.core.words import counted

__all__ = [
    "CELL",
    "METRICS",
    "NOT_ASKED",
    "NO_ANSWER",
    "PART",
    "SCHEMA",
    "AbstractFitted",
    "AbstractLearner",
    "AbstractPlayer",
    "AbstractSpace",
    "AbstractStrategy",
    "AbstractStreamStrategy",
    "AskwellError",
    "Evidence",
    "Geometry",
    "Packed",
    "Pool",
    "Registry",
    "Rows",
    "Skip",
    "Stream",
    "Truth",
    "View",
    "collect",
    "counted",
    "gathered",
    "imported",
    "measure",
    "summary",
    "unfitted",
    "unknown",
    "write_whole",
]
