"""What paired differences vary by: from dataset to dataset, and from split to split."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

GENERAL = 5
"""The fewest datasets that can speak for datasets in general; fewer speak for themselves alone."""


@dataclass(frozen=True)
class Spread:
    """Variance components of the mean of dataset means, for ``k`` datasets.

    From `GENERAL` datasets on these are a sample of datasets in general: a random-effects model. Fewer are
    taken as given, and the mean over just these is claimed. So with a fifth dataset the question is wider: its
    interval is mostly wider than that of the four before, and what was settled for them may be open again.

    Attributes:
        observed: variance of the dataset means, noise of their splits included; ignored for given datasets.
        within: variance of one split's difference, per dataset ``[k]``; 0 where there is one split.
        splits: number of splits per dataset ``[k]``.
    """

    observed: float
    within: np.ndarray
    splits: np.ndarray

    @property
    def general(self) -> bool:
        """Whether the datasets are a sample of datasets in general."""
        return self.datasets >= GENERAL

    @property
    def noise(self) -> float:
        """What the splits add to a dataset mean's variance: ``mean(within / splits)``."""
        return float(np.mean(self.within / self.splits))

    @property
    def between(self) -> float:
        """Variance of the true difference from dataset to dataset: ``max(observed - noise, 0)``.

        0 for given datasets, which would be the same ones again.
        """
        return max(self.observed - self.noise, 0.0) if self.general else 0.0

    @property
    def datasets(self) -> int:
        """How many datasets there are."""
        return len(self.splits)

    def error(self, more: int = 0) -> float:
        """Standard error with `more` splits on every dataset: ``√(between/k + mean(within/splits)/k)``."""
        return float(np.sqrt((self.between + np.mean(self.within / (self.splits + more))) / self.datasets))

    def freedom(self, more: int = 0) -> float:
        """Degrees of freedom of the error: datasets less one or, for given datasets, that of their splits.

        The latter is ``(Σv)² / Σ(v²/(splits-1))`` with ``v = within/splits`` (Welch 1947), ``Σ(splits-1)`` if
        nothing varies, and 0 if a dataset has one split, which says nothing of its noise.
        """
        if self.general:
            return self.datasets - 1
        splits = self.splits + more
        if splits.min() == 1:
            return 0
        if not self.within.any():
            return int(np.sum(splits - 1))
        share = self.within / splits / np.sum(self.within / splits)
        return float(1 / np.sum(share**2 / (splits - 1)))

    def half_width(self, more: int = 0, confidence: float = 0.95) -> float:
        """Half the width of the interval to expect with `more` splits on every dataset."""
        return float(stats.t.ppf((1 + confidence) / 2, self.freedom(more))) * self.error(more)


def components(differences: Sequence[np.ndarray]) -> Spread:
    """The spread of paired differences, from one array of split differences per dataset.

    The unweighted method of moments (Hedges & Olkin 1985): every dataset counts the same.
    """
    splits = np.array([len(d) for d in differences])
    within = np.array([d.var(ddof=1) if len(d) > 1 else 0.0 for d in differences])
    means = [d.mean() for d in differences]
    return Spread(float(np.var(means, ddof=1)) if len(means) > 1 else 0.0, within, splits)
