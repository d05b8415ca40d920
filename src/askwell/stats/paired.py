"""Paired differences from a baseline, and their interval when splits are nested in datasets."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from scipy import stats

from askwell.core import ACCURACY, AskwellError, unknown
from askwell.stats.curves import episodes
from askwell.stats.spread import components

PAIR = ("dataset", "learner", "batch", "split")


class Interval(NamedTuple):
    """An estimate and its bounds, which are None where a single split leaves them undefined."""

    estimate: float
    low: float | None
    high: float | None


def differences(
    records: pl.DataFrame, baseline: str, metric: str = ACCURACY
) -> dict[str, dict[str, np.ndarray]]:
    """Per strategy and dataset, its AULC less the baseline's, one number per split.

    Only cells that both have count: same dataset, learner, batch and split. Several learners and batches are
    averaged within a dataset and split, because they share its data: they are no further evidence, and taking
    them as independent would overstate it. A strategy that shares no cell with the baseline is left out.

    Raises:
        AskwellError: if no record is of the baseline.
    """
    cells = episodes(records, metric)
    strategies = cells["strategy"].unique(maintain_order=True).to_list()
    if baseline not in strategies:
        raise AskwellError(unknown("strategy", baseline, strategies))
    base = cells.filter(pl.col("strategy") == baseline).select(*PAIR, pl.col("aulc").alias("base"))
    paired = (
        cells.filter(pl.col("strategy") != baseline)
        .join(base, on=PAIR, maintain_order="left")
        .group_by("strategy", "dataset", "split", maintain_order=True)
        .agg((pl.col("aulc") - pl.col("base")).mean().alias("difference"))
        .sort("dataset", "split")
    )
    found: dict[str, dict[str, np.ndarray]] = {name: {} for name in strategies if name in paired["strategy"]}
    for (name, dataset), rows in paired.group_by("strategy", "dataset", maintain_order=True):
        found[str(name)][str(dataset)] = rows["difference"].to_numpy()
    return found


def bootstrap(
    differences: Sequence[np.ndarray], seed: int = 0, resamples: int = 10_000, confidence: float = 0.95
) -> Interval:
    """Interval of the mean of dataset means, from one array of split differences per dataset.

    Resamples datasets, then splits within each (Davison & Hinkley 1997, section 3.8): the claim is about
    datasets in general. Below `GENERAL` datasets these are given: only splits are resampled, and the claim is
    about the mean over just them, each weighing the same. The plain percentile interval is wrong in two ways,
    both mended here:

    - Dataset means already vary by their splits' noise, which resampling the splits would count again. As in
      that section, the means are shrunk so that they vary by ``between`` only (see `Spread`), and deviations
      from them are stretched by ``√(s/(s-1))``; the draws then have exactly the variance ``Spread.error()²``.
    - Few units make percentiles too narrow: the bounds' distances from the estimate are multiplied by
      ``t / z``, with ``Spread.freedom()`` degrees of freedom (Hesterberg 2015).

    Measured coverage at 95 %, normal effects. Of the mean over datasets in general, true difference 0, 10
    splits, within-dataset sd 0.02:

    ====================  ======  ======  ======
    between-dataset sd     k=5     k=12    k=20
    ====================  ======  ======  ======
    0.01                  95.5 %  95.2 %  95.7 %
    0.01, within 0.005    94.1 %  94.9 %  95.9 %
    0                     99.4 %  97.7 %  97.5 %
    plain, first row      91.2 %  95.6 %  96.7 %
    plain, second row     84 %    91.3 %  94.0 %
    ====================  ======  ======  ======

    Of the mean over the given datasets, whatever the sd between them:

    ==========================  ========  ========  =========  =========
    datasets, within sd         3 splits  5 splits  10 splits  30 splits
    ==========================  ========  ========  =========  =========
    k=1                         94.7 %    94.5 %    94.3 %     94.8 %
    k=2                         96.2 %    95.7 %    95.1 %     95.0 %
    k=2, one 10 times as noisy  93.3 %    94.3 %    94.5 %     95.0 %
    k=3                         96.2 %    95.4 %    94.9 %     94.8 %
    plain, k=2                  80.4 %    88.1 %    92.4 %     94.2 %
    ==========================  ========  ========  =========  =========
    """
    means = np.array([d.mean() for d in differences])
    estimate = float(means.mean())
    spread = components(differences)
    if spread.freedom() == 0:
        return Interval(estimate, None, None)
    rng = np.random.default_rng(seed)
    chosen = np.tile(np.arange(len(means)), (resamples, 1))
    if spread.general:
        chosen = rng.integers(len(means), size=chosen.shape)
    variance = means.var()
    shrunk = (means - estimate) * np.sqrt(spread.between / variance if variance > 0 else 0.0)
    draws = shrunk[chosen]
    for row, values in enumerate(differences):
        s = len(values)
        if s > 1:
            deviations = (values - values.mean()) * np.sqrt(s / (s - 1))
            here = chosen == row
            draws[here] += deviations[rng.integers(s, size=(np.count_nonzero(here), s))].mean(axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws.mean(axis=1), [tail, 1 - tail])
    widen = stats.t.ppf(1 - tail, spread.freedom()) / stats.norm.ppf(1 - tail)
    return Interval(estimate, float(estimate + widen * low), float(estimate + widen * high))
