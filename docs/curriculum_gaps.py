"""Paired differences between the arms of studies/curriculum.py, and how sure they are."""

from typing import NamedTuple

import numpy as np
from scipy import stats

from askwell.core import ACCURACY
from askwell.core.metrics import METRICS

ARMS = EASY, RANDOM, HARD = "easy to hard", "at random", "hard alone"
FRESH, REAL = "hardest stage", "meta-validation sets"
POWER = 0.8
"""The chance to be found of a difference that *could have been told*."""


class Gap(NamedTuple):
    """A mean difference with its interval, and the smallest one that had a fair chance to be told from nothing."""

    mean: float
    low: float
    high: float
    told: float


def crossed(d: np.ndarray) -> Gap:
    """The mean of differences ``[seeds, units]``, both a sample: the variances of seeds and of units add up.

    Two-way random effects by moments; a negative estimate counts as the larger of the two parts. As many degrees of
    freedom as the smaller side has, less one.
    """
    seeds, units = d.shape
    rows, columns = d.mean(axis=1).var(ddof=1) / seeds, d.mean(axis=0).var(ddof=1) / units
    rest = d - d.mean(axis=1, keepdims=True) - d.mean(axis=0) + d.mean()
    noise = (rest**2).sum() / ((seeds - 1) * (units - 1)) / (seeds * units)
    error, free = float(np.sqrt(max(rows + columns - noise, rows, columns))), min(seeds, units) - 1
    sure, power = stats.t.ppf((0.975, POWER), free)
    mean = float(d.mean())
    return Gap(mean, mean - sure * error, mean + sure * error, float((sure + power) * error))


def word(gap: Gap) -> str:
    """What an interval says."""
    if gap.low > 0:
        return "better"
    if gap.high < 0:
        return "worse"
    delta = METRICS[ACCURACY].delta
    return "equivalent" if max(-gap.low, gap.high) < delta else "not told apart"


class Trainings:
    """All trainings by one trainer."""

    def __init__(self, study: dict, trainer: str):
        own = [row for row in study["trained"] if row["trainer"] == trainer]
        self.seeds = complete(study)
        self._rows = {(row["arm"], row["seed"]): row["looks"] for row in own}
        self.updates = [look["update"] for look in own[0]["looks"]]
        self.untrained = {name: units(areas) for name, areas in study["untrained"].items()}

    def areas(self, arm: str, where: str) -> np.ndarray:
        """AULC ``[seeds, looks, units]``, where a unit is a set or a task; the untrained head is the first look."""
        first = self.untrained["no rule"][where]
        return np.stack(
            [
                np.stack([first, *(units(look["aulc"])[where] for look in self._rows[arm, s])])
                for s in self.seeds
            ]
        )

    def play(self, arm: str) -> np.ndarray:
        """Rounds that were played before each look ``[seeds, looks]``, without siblings."""
        return np.array([[0, *(look["rounds"] for look in self._rows[arm, s])] for s in self.seeds])

    def along(self, arm: str, where: str) -> np.ndarray:
        """The mean of the AULC over the play of the training ``[seeds, units]``: the sooner it learns, the higher."""
        areas, play = self.areas(arm, where), self.play(arm)
        return np.stack([np.trapezoid(a, p, axis=0) / p[-1] for a, p in zip(areas, play, strict=True)])


def complete(study: dict) -> list[int]:
    """The seeds that all arms of all trainers have."""
    done: dict[tuple[str, str], set[int]] = {}
    for row in study["trained"]:
        done.setdefault((row["trainer"], row["arm"]), set()).add(row["seed"])
    return sorted(set.intersection(*done.values()))


def units(areas: dict[str, list[float]]) -> dict[str, np.ndarray]:
    """One number a task of the hardest stage, and one a set."""
    return {
        FRESH: np.array(areas[FRESH]),
        REAL: np.array([np.mean(v) for k, v in areas.items() if k != FRESH]),
    }


def reached(play: np.ndarray, curve: np.ndarray, level: float) -> float:
    """Play until a curve first reaches a level, on a straight line between looks; infinite if it does not."""
    over = np.flatnonzero(curve >= level)
    if not len(over):
        return np.inf
    i = over[0]
    if i == 0:
        return float(play[0])
    share = (level - curve[i - 1]) / (curve[i] - curve[i - 1])
    return float(play[i - 1] + share * (play[i] - play[i - 1]))
