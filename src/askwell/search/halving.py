"""Which trials go on: successive halving on paired differences with their standard errors."""

from collections.abc import Sequence

import numpy as np
from optuna.pruners import BasePruner
from optuna.study import Study
from optuna.trial import FrozenTrial

FEWEST = 3
"""Trials that must have got to a validation before one is stopped there."""


def attribute(update: int) -> str:
    """Where a trial keeps its areas of the validation after an update."""
    return f"areas after {update}"


def areas_of(trial: FrozenTrial, update: int) -> np.ndarray | None:
    """A trial's area under the learning curve on each task of a validation, if it got there."""
    found = trial.user_attrs.get(attribute(update))
    return None if found is None else np.asarray(found)


def difference(own: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """The mean difference on the same tasks, and its standard error."""
    gaps = own - other
    return float(gaps.mean()), float(gaps.std(ddof=1) / len(gaps) ** 0.5)


def goes_on(own: np.ndarray, others: Sequence[np.ndarray], share: float) -> bool:
    """Whether a trial is among the best `share`, or not worse by more than a standard error than the last of those.

    Raw scores would stop a trial for the luck of its tasks; on the same tasks most of that luck cancels.
    """
    if len(others) < FEWEST:
        return True
    ranked = sorted([own, *others], key=lambda areas: -areas.mean())
    last = ranked[max(1, round(share * len(ranked))) - 1]
    mean, error = difference(own, last)
    return mean >= -error


class PairedHalving(BasePruner):
    """Optuna's pruner that asks `goes_on` after each validation."""

    def __init__(self, share: float):
        self.share = share

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """See `optuna.pruners.BasePruner`."""
        update = trial.last_step
        own = None if update is None else areas_of(trial, update)
        if update is None or own is None:
            return False
        trials = [other for other in study.get_trials(deepcopy=False) if other.number != trial.number]
        others = [areas for other in trials if (areas := areas_of(other, update)) is not None]
        return not goes_on(own, others, self.share)
