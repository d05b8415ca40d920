"""Linear metrics, learned from labelled history: classes lie apart in them, and noise within a class is small."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.neighbors import NeighborhoodComponentsAnalysis

Fit = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From rows ``[N, d]`` and their classes ``int [N]`` to a projection ``[d, k]``."""

NONE = "none"
"""No metric: the features as they are."""

ROWS, STEPS = 1000, 30
"""Rows that neighbourhood components are fitted to, and steps of their optimiser: more takes minutes."""


def within(shrinkage: float, share: float = 1.0) -> Fit:
    """Whitening within classes: the inverse square root of their covariance.

    To the covariance `shrinkage` of its mean variance is added in every direction; the more, the nearer the features
    stay to what they were. Of the whitened directions that `share` is kept in which classes differ most, as in linear
    discriminant analysis (Hastie, Tibshirani and Friedman 2009, section 4.3).
    """

    def fit(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        centred = x - _means(x, y)
        size, axes = np.linalg.eigh(centred.T @ centred / len(x))
        size = np.maximum(size, 0) + shrinkage * max(float(size.mean()), 1e-12)
        whitening = axes / np.sqrt(size) @ axes.T
        if share == 1.0:
            return whitening
        between = (_means(x, y) - x.mean(axis=0)) @ whitening
        _, order = np.linalg.eigh(between.T @ between / len(x) + np.cov(x @ whitening, rowvar=False) * 1e-3)
        kept = max(2, round(share * x.shape[1]))
        return whitening @ order[:, ::-1][:, :kept]

    return fit


def neighbours(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Neighbourhood components analysis (Goldberger et al. 2004), begun at a whitening within classes."""
    begin = within(0.3)(x, y)
    some = np.random.default_rng(0).permutation(len(x))[:ROWS]
    init: Any = begin.T  # the stubs know only names
    model = NeighborhoodComponentsAnalysis(init=init, max_iter=STEPS, random_state=0)
    return model.fit(x[some], y[some]).components_.T


CANDIDATES: Mapping[str, Fit] = {
    **{f"within-class whitening, shrunk by {s:g}": within(s) for s in (0.03, 0.1, 0.3, 1.0, 3.0)},
    "within-class whitening, shrunk by 0.1, half of the directions": within(0.1, 0.5),
    "neighbourhood components": neighbours,
}
"""What may be chosen besides `NONE`."""


def scaled(x: np.ndarray, projection: np.ndarray) -> np.ndarray:
    """The projection, times what makes the mean variance of the projected rows ``[N, d]`` one, as encodings have it."""
    return projection / np.sqrt(np.mean(np.var(x @ projection, axis=0)))


def _means(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The mean of each row's class ``[N, d]``."""
    _, index = np.unique(y, return_inverse=True)
    total = np.zeros((index.max() + 1, x.shape[1]))
    np.add.at(total, index, x)
    return (total / np.bincount(index)[:, None])[index]
