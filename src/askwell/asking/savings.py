"""What random batches would probably have reached instead, as on other data."""

import json
import math
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import numpy as np

LEARNER = "logistic"
"""The learner that it was measured with."""


class Random(NamedTuple):
    """What random batches do, from quartiles over other sets: half of those lie between `low` and `high`.

    Attributes:
        accuracy, accuracy_low, accuracy_high: what they probably reach with as many labels.
        labels, labels_low, labels_high: how many they probably need for the same accuracy; infinite where that is more
            than was ever drawn.
        sets: how many sets that is from.
    """

    accuracy: float
    accuracy_low: float
    accuracy_high: float
    labels: float
    labels_low: float
    labels_high: float
    sets: int

    def text(self) -> str:
        """The labels in a sentence."""
        low, high = (value if math.isinf(value) else round(value) for value in self[4:6])
        if math.isinf(low):
            return ""
        span = f"{low} labels or more" if math.isinf(high) else f"{low} to {high} labels"
        return f"By what half of {self.sets} other sets showed, random batches would need {span} for that."


def random_batches(strategy: str, learner: str, labels: int, accuracy: float) -> Random | None:
    """What random batches would have done instead of a strategy's; None where it was never measured.

    Args:
        strategy: the name of what chose all labels.
        learner: the name of the classifier.
        labels: how many there are.
        accuracy: of the classifier, as far as it is known.
    """
    measured = _shipped()
    grid, own = measured["labels"], measured["strategies"].get(strategy)
    if own is None or learner != LEARNER or not grid[0] <= labels <= grid[-1]:
        return None
    # Between two measured numbers of labels in proportion to the logarithm; infinite if one of the two is.
    at = lambda values: float(
        np.interp(np.log(labels), np.log(grid), [math.inf if v is None else v for v in values])
    )
    wrong = [at(values) for values in own["wrong"]]
    needed = [labels * at(values) for values in own["needed"]]
    reached = [1 - min(1.0, (1 - accuracy) * ratio) for ratio in wrong]
    sets = measured["sets"][int(np.searchsorted(grid, labels))]
    return Random(reached[1], reached[2], reached[0], needed[1], needed[0], needed[2], sets)


@cache
def _shipped() -> dict[str, Any]:
    """What `studies/savings.py` wrote."""
    return json.loads((resources.files("askwell.asking") / "savings.json").read_text())
