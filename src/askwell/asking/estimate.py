"""How good is the classifier now? Estimates with intervals, from the labels that were bought."""

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np

from askwell.asking.indicators import Indicators

LABELS, AUDIT = "labels", "audit"
"""Where an estimate comes from."""

RATE = 0.9
"""How often the interval should hold the truth."""


class Estimate(NamedTuple):
    """A share with the interval that holds it nine times in ten, and where it comes from."""

    value: float
    low: float
    high: float
    source: str

    def __str__(self) -> str:
        """In words."""
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def audited(right: Sequence[bool]) -> Estimate:
    """Accuracy on rows without a label, from those that were drawn among them at random, a few in each batch.

    `right` says of each drawn row whether a learner predicts it right that was not fitted to it. The interval is
    Jeffreys' (Brown et al. 2001). It takes the earlier draws, from a pool of which less was labelled, for draws from
    what is left now. That matters little where few of a pool's rows are labelled. To add the labelled rows themselves
    as a census is no remedy: where batches were chosen to lie apart, each is predicted badly from the others.
    """
    share = float(np.mean(right))
    return Estimate(share, *jeffreys(share, len(right)), AUDIT)


def jeffreys(share: float, count: float, rate: float = RATE) -> tuple[float, float]:
    """The interval of a share of `count` trials; one-sided where all or none succeeded."""
    from scipy.special import betaincinv  # slow to import

    hits, tail = share * count, (1 - rate) / 2
    low = 0.0 if hits <= 0 else float(betaincinv(hits + 0.5, count - hits + 0.5, tail))
    high = 1.0 if hits >= count else float(betaincinv(hits + 0.5, count - hits + 0.5, 1 - tail))
    return low, high


FEATURES = (
    "cross-validation",
    "weighted cross-validation",
    "balanced cross-validation",
    "confidence",
    "calibrated confidence",
    "agreement",
    "majority",
    "labels",
    "classes",
    "labels a class",
)


def features(found: Indicators) -> np.ndarray:
    """What a regression sees of a session, ``float [len(FEATURES)]``: shares as log-odds, counts as logarithms."""
    b = found.labels
    agreement = 0.5 if math.isnan(found.agreement) else found.agreement
    shares = (found.cv, found.weighted_cv, found.balanced_cv, found.confidence, found.calibrated, agreement)
    odds = [log_odds(share, b) for share in (*shares, found.majority)]
    return np.array([*odds, math.log(b), math.log(found.classes), math.log(b / found.classes)])


def log_odds(share: float, count: float) -> float:
    """Finite log-odds of a share of so many."""
    chance = (share * count + 0.5) / (count + 1)
    return math.log(chance / (1 - chance))


class Regression(NamedTuple):
    """A linear model of the log-odds of a share, and of the width of its interval; made by `studies/estimate_fit.py`.

    Attributes:
        weights: of `FEATURES`, a constant first.
        spread: of the logarithm of the half-width's unit, on (1, log labels).
        quantile: how many units the interval is wide on either side: nine in ten sets' rounds lie within.
    """

    weights: tuple[float, ...]
    spread: tuple[float, float]
    quantile: float

    def __call__(self, found: Indicators) -> Estimate:
        """The estimate."""
        middle = self.weights[0] + float(np.dot(self.weights[1:], features(found)))
        half = self.quantile * math.exp(self.spread[0] + self.spread[1] * math.log(found.labels))
        low, value, high = (1 / (1 + math.exp(-middle - side * half)) for side in (-1, 0, 1))
        return Estimate(value, low, high, LABELS)


@cache
def shipped() -> Mapping[str, Regression]:
    """The regressions that come with Askwell, by what they estimate."""
    content = json.loads((resources.files("askwell.asking") / "estimate.json").read_text())
    return {name: Regression(**values) for name, values in content["regressions"].items()}
