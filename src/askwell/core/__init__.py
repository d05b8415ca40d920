"""Words that every room speaks: pool, view, geometry, record, registry.

Axes, one letter each in every shape: ``n`` pool points, ``m`` evaluation points, ``d`` features,
``c`` classes, ``q`` batch, ``r`` rounds, ``k`` sibling batches, ``e`` parallel episodes, ``l`` landmarks.
"""

from askwell.core.errors import AskwellError
from askwell.core.files import PART, write_whole
from askwell.core.geometry import Geometry, measure
from askwell.core.influence import LabelInfluence
from askwell.core.learner import AbstractFitted, AbstractLearner, Packed, unfitted
from askwell.core.metrics import ACCURACY, METRICS, Metric, metric_of
from askwell.core.pool import Pool
from askwell.core.record import CEILINGS, CELL, MAJORITY, SCHEMA, SCORES
from askwell.core.registry import Registry, collect, imported, summary, unknown
from askwell.core.spaces import (
    AbstractBatchSpace,
    AbstractSpace,
    Classes,
    HalfSpaces,
    Points,
    Rows,
    RowsOrStop,
    Skip,
)
from askwell.core.strategy import (
    AbstractClassStrategy,
    AbstractCutStrategy,
    AbstractPlayer,
    AbstractPointStrategy,
    AbstractStopStrategy,
    AbstractStrategy,
    AbstractStreamStrategy,
)
from askwell.core.view import NO_ANSWER, NOT_ASKED, Evidence, Stopping, Stream, Truth, View, gathered
from askwell.core.words import counted, listed

__all__ = [
    "ACCURACY",
    "CEILINGS",
    "CELL",
    "MAJORITY",
    "METRICS",
    "NOT_ASKED",
    "NO_ANSWER",
    "PART",
    "SCHEMA",
    "SCORES",
    "AbstractBatchSpace",
    "AbstractClassStrategy",
    "AbstractCutStrategy",
    "AbstractFitted",
    "AbstractLearner",
    "AbstractPlayer",
    "AbstractPointStrategy",
    "AbstractSpace",
    "AbstractStopStrategy",
    "AbstractStrategy",
    "AbstractStreamStrategy",
    "AskwellError",
    "Classes",
    "Evidence",
    "Geometry",
    "HalfSpaces",
    "LabelInfluence",
    "Metric",
    "Packed",
    "Points",
    "Pool",
    "Registry",
    "Rows",
    "RowsOrStop",
    "Skip",
    "Stopping",
    "Stream",
    "Truth",
    "View",
    "collect",
    "counted",
    "gathered",
    "imported",
    "listed",
    "measure",
    "metric_of",
    "summary",
    "unfitted",
    "unknown",
    "write_whole",
]
