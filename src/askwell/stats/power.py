"""How many more splits would settle a comparison."""

import numpy as np
from scipy import stats

from askwell.stats.paired import Interval
from askwell.stats.spread import Spread

CAP = 100_000
"""More splits than this count as never."""

FIRST = 4
"""Splits to add to a single one: five are the fewest that give a usable t interval (``t_4 = 2.8``)."""

ASSURANCE = 0.8
"""The chance of settling that the number of splits aims at."""

HOPE = 0.5
"""If no number of splits gives this chance of settling, none is named."""


def more_splits(interval: Interval, spread: Spread, delta: float, confidence: float = 0.95) -> int | None:
    """Splits to add on every dataset so that the verdict settles; None if splits are unlikely to do it.

    With `n` more splits the interval's half-width ``h`` falls as ``t √(between/k + mean(within/(s+n))/k)``,
    and the estimate moves to a ``D ~ Normal(estimate, error(0)² - error(n)²)``: only the splits' part of the
    error goes away. It has settled when ``|D| > h`` (better or worse) or ``|D| < delta - h`` (equivalent).
    The variance between datasets, where these stand for others, is itself uncertain; the chance is averaged
    over its fiducial values, ``between + mean(within/s) = (k-1) var(dataset means) / χ²_{k-1}``.
    The answer is the least `n` with a chance of `ASSURANCE`, or nearly the best that there is.

    Simulated with true differences of sd 0.01, following the answer settled 60-85 % of cases for 1 to 5,
    8, 12 and 20 datasets; taking all estimates as the truth, ``h < max(|estimate|, delta - |estimate|)``,
    settled 20-65 %. After None, 500 more splits still settled 25-50 %: None means "probably not".
    With one split everywhere, or on any of fewer than `GENERAL` datasets, nothing can be predicted, and the
    answer is `FIRST`, to have a look.
    """
    if interval.low is None or interval.high is None or spread.splits.max() == 1:
        return FIRST
    if not spread.within.any():
        return None
    scale = (interval.high - interval.low) / 2 / spread.half_width(0, confidence)
    more = np.unique(np.geomspace(1, CAP, 400).astype(int))
    k = spread.datasets
    left = np.mean(spread.within / (spread.splits + more[:, None]), axis=1)[:, None] / k
    between = _between(spread) / k
    freedom = np.array([spread.freedom(n) for n in more])[:, None]
    half = scale * stats.t.ppf((1 + confidence) / 2, freedom) * np.sqrt(between + left)
    inside = np.maximum(delta - half, 0.0)
    final = stats.norm(interval.estimate, np.sqrt(spread.noise / k - left))
    apart = final.sf(half) + final.cdf(-half)
    chance = np.minimum(apart + final.cdf(inside) - final.cdf(-inside), 1.0).mean(axis=1)
    if chance.max() < HOPE:
        return None
    return int(more[np.argmax(chance >= min(ASSURANCE, 0.95 * chance.max()))])


def _between(spread: Spread) -> np.ndarray:
    """Equally likely values of the variance between datasets ``[100]``; 0 for given datasets."""
    if not spread.general:
        return np.zeros(1)
    freedom = spread.datasets - 1
    quantiles = stats.chi2.ppf((np.arange(100) + 0.5) / 100, freedom)
    return np.maximum(freedom * spread.observed / quantiles - spread.noise, 0.0)
