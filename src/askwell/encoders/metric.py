"""Linear metrics, learned from labelled history: in them noise within a class is small, so classes lie apart."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Fit = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From rows ``[N, d]`` and their classes ``int [N]`` to a projection ``[d, d]``."""


class Map(NamedTuple):
    """What a metric makes of rows: a projection, and what a network of one hidden layer adds to it.

    Attributes:
        projection: ``[d, k]``.
        inner, bias, outer: ``[k, r]``, ``[r]`` and ``[r, k]``; a linear metric has ``r = 0``.
    """

    projection: np.ndarray
    inner: np.ndarray
    bias: np.ndarray
    outer: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """``[N, k]`` of rows ``[N, d]``."""
        return self.add(x @ self.projection)

    def add(self, z: np.ndarray) -> np.ndarray:
        """Projected rows ``[N, k]`` with what the network adds."""
        return z + np.maximum(z @ self.inner + self.bias, 0) @ self.outer

    def astype(self, dtype: type) -> "Map":
        """The same in another precision."""
        return Map(*(part.astype(dtype) for part in self))


def linear(projection: np.ndarray) -> Map:
    """A projection ``[d, k]``, and no network."""
    k = projection.shape[1]
    return Map(projection, np.zeros((k, 0)), np.zeros(0), np.zeros((0, k)))


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


def between(shrinkage: float, spread: float) -> Fit:
    """Whitening within classes; then each direction is as long as the past classes lie apart in it.

    That is the prior of probabilistic linear discriminant analysis (Ioffe 2006) for classes that are yet to come: their
    means differ most where those of the past ones did. To the variance of these means `spread` of its mean is added in
    every direction, since few classes cannot tell it.
    """

    def fit(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        whitening = within(shrinkage)(x, y)
        _, index = np.unique(y, return_inverse=True)
        means = _class_means(x @ whitening, index)
        size, axes = np.linalg.eigh(np.cov(means, rowvar=False, bias=True).reshape(x.shape[1], -1))
        size = np.maximum(size, 0) + spread * max(float(size.mean()), 1e-12)
        return whitening @ axes * np.sqrt(size)

    return fit


class Metric(NamedTuple):
    """A linear metric to be fitted.

    Attributes:
        fit: gives the projection but for its length.
        length: the features' mean variance is its square, where encodings have 1. A learner with a penalty trusts
            longer features more, so the length is its regularisation.
        wide: whether it chooses among more features than are kept; else it sees the leading ones.
    """

    fit: Fit
    length: float = 1.0
    wide: bool = False

    def __call__(self, x: np.ndarray, y: np.ndarray, columns: int | None = None) -> Map:
        """The projection to ``[k]`` of rows ``[N, d]`` with classes ``int [N]``; of the features the first vary most.

        Of more than `columns` directions those of the largest variance in the metric are kept.
        """
        seen = x.shape[1] if self.wide or columns is None else min(columns, x.shape[1])
        projection = np.eye(x.shape[1], seen) @ self.fit(x[:, :seen], y)
        if columns is not None and seen > columns:
            axes = np.linalg.eigh(np.cov(x @ projection, rowvar=False))[1]
            projection = projection @ axes[:, ::-1][:, :columns]
        return linear(projection * (self.length / np.sqrt(np.mean(np.var(x @ projection, axis=0)))))


def _class_means(x: np.ndarray, index: np.ndarray) -> np.ndarray:
    """The mean of each class ``[c, d]``."""
    total = np.zeros((index.max() + 1, x.shape[1]))
    np.add.at(total, index, x)
    return total / np.bincount(index)[:, None]


def _means(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The mean of each row's class ``[N, d]``."""
    _, index = np.unique(y, return_inverse=True)
    return _class_means(x, index)[index]
