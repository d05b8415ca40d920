"""Linear metrics, learned from labelled history: in them noise within a class is small, so classes lie apart."""

from collections.abc import Callable, Mapping

import numpy as np

Fit = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From rows ``[N, d]`` and their classes ``int [N]`` to a projection ``[d, d]``."""

NONE = "none"
"""No metric: the features as they are."""


def plain(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The features as they are."""
    del y
    return np.eye(x.shape[1])


def within(shrinkage: float) -> Fit:
    """Whitening within classes: the inverse square root of their covariance.

    To the covariance `shrinkage` of its mean variance is added in every direction; the more, the nearer the features
    stay to what they were. It is the first half of linear discriminant analysis (Hastie, Tibshirani and Friedman 2009,
    section 4.3); the second, to keep only the directions in which the past classes differ, loses what new ones need.
    """

    def fit(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        centred = x - _means(x, y)
        size, axes = np.linalg.eigh(centred.T @ centred / len(x))
        size = np.maximum(size, 0) + shrinkage * max(float(size.mean()), 1e-12)
        return axes / np.sqrt(size) @ axes.T

    return fit


def unit(fit: Fit, length: float = 1.0) -> Fit:
    """The same, with a mean variance over the features of ``length²``, where encodings have 1.

    A learner with a penalty trusts longer features more, so the length is its regularisation.
    """

    def scaled(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        projection = fit(x, y)
        return projection * (length / np.sqrt(np.mean(np.var(x @ projection, axis=0))))

    return scaled


SHRINKAGES, LENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0), (1.0, 2.0)

CANDIDATES: Mapping[str, Fit] = {
    "the features, twice as long": unit(plain, 2.0),
    **{
        f"within-class whitening, shrunk by {s:g}{', twice as long' if length > 1 else ''}": unit(
            within(s), length
        )
        for length in LENGTHS
        for s in SHRINKAGES
    },
}
"""What may be chosen besides `NONE`."""


def _means(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The mean of each row's class ``[N, d]``."""
    _, index = np.unique(y, return_inverse=True)
    total = np.zeros((index.max() + 1, x.shape[1]))
    np.add.at(total, index, x)
    return (total / np.bincount(index)[:, None])[index]
