"""What further labels will probably bring."""

import json
import math
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np

from askwell.asking.indicators import Indicators

REACH = 5
"""Gains were measured up to so many labels for each that was there."""

GAIN = ("constant", "wrong", "changed", "unsure", "labels a class")


class Expected(NamedTuple):
    """The gain in accuracy that so many `more` labels will probably bring; nine times in ten it is at most `most`."""

    more: int
    expected: float
    most: float


def gain_features(found: Indicators, accuracy: float, more: int) -> np.ndarray:
    """What the gain of so many `more` labels is a linear function of: all are 0 if there are no more.

    They are log(1 + more / labels), alone and times: the estimated share of wrong predictions, the share of predictions
    that the last batch changed, the calibrated doubt, and the logarithm of the labels a class.
    """
    growth = math.log1p(more / found.labels)
    changed = 0.5 if math.isnan(found.agreement) else 1 - found.agreement
    each = (1.0, 1 - accuracy, changed, 1 - found.calibrated, math.log(found.labels / found.classes))
    return growth * np.array(each)


class Gain(NamedTuple):
    """A linear model of the gain, made by `studies/stopping.py`: `weights` of `GAIN`, and how far most lie above it."""

    weights: tuple[float, ...]
    quantile: float

    def __call__(self, found: Indicators, accuracy: float, more: int) -> Expected:
        """The expected gain of so many `more` labels."""
        linear = float(np.dot(self.weights, gain_features(found, accuracy, more)))
        expected = min(max(linear, 0.0), 1 - accuracy)
        most = linear + self.quantile * math.log1p(more / found.labels) ** 0.5
        return Expected(more, expected, min(max(most, expected), 1.0))


@cache
def shipped() -> Gain:
    """The model that comes with Askwell."""
    return Gain(**json.loads((resources.files("askwell.asking") / "estimate.json").read_text())["gain"])
