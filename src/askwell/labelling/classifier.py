"""The classifier that a session ends with, for raw rows."""

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from askwell.core import AskwellError
from askwell.data import Matrix, load_pool, rows_of
from askwell.data.encoder import Encoder
from askwell.data.given import features_of
from askwell.encoders.domain import DomainEncoder
from askwell.labelling.predictions import decided

BLOCK = 65_536
"""Rows that are predicted at once."""


class PoolClassifier(ClassifierMixin, BaseEstimator):
    """A fitted classifier of raw rows, in scikit-learn's manner: `predict`, `predict_proba`, `classes_`.

    `X` is what the pool was: a path, numbers ``[M, d]``, a frame with the pool's columns, a sparse matrix or texts.
    Columns that the pool did not have are not read.

    Attributes:
        encoder: makes numbers of raw rows; it was fitted to the pool.
        model: a classifier of those numbers, fitted to the labels; its classes are indices.
        classes: their names.
        weights: what probabilities are multiplied by in `predict`, one number a class, see
            `askwell.labelling.predictions.weights_of`; None: the likeliest class is predicted.
        classes_: the classes, one for each column of `predict_proba`.
    """

    weights: Any = None  # models written before there were any have none

    def __init__(self, encoder: Any, model: Any, classes: tuple[str, ...], weights: Any = None):
        self.encoder, self.model, self.classes, self.weights = encoder, model, classes, weights
        self.classes_ = np.array(classes, dtype=object)

    def fit(self, X: Any, y: Any) -> "PoolClassifier":
        """Not possible: it comes fitted."""
        raise AskwellError(
            "A session's classifier comes fitted to its labels; tell the session more of them."
        )

    def predict_proba(self, X: Any) -> np.ndarray:
        """Class probabilities ``[M, c]``.

        Raises:
            AskwellError: if `X` is not what the pool was.
        """
        x = self._encoded(X)
        proba = np.zeros((len(x), len(self.classes)))
        kept = np.asarray(self.model.classes_) < len(self.classes)
        for at in range(0, len(x), BLOCK):
            proba[at : at + BLOCK, self.model.classes_[kept]] = self.model.predict_proba(x[at : at + BLOCK])[
                :, kept
            ]
        return proba / proba.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """The class of each row, ``object [M]`` of str: the likeliest, or the highest by `weights`."""
        return self.classes_[decided(self.predict_proba(X), self.weights)]

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def _encoded(self, X: Any) -> np.ndarray:
        encoder = self.encoder
        base = encoder.base if isinstance(encoder, DomainEncoder) else encoder
        nameless = Path(X).suffix in (".npy", ".npz") if isinstance(X, str | Path) else hasattr(X, "dtype")
        if isinstance(base, Encoder) and not (nameless and base is not encoder):
            return encoder.transform(features_of(X, base.numeric_, base.others_))
        rows = load_pool(str(X)) if isinstance(X, str | Path) else rows_of("X", X)
        if isinstance(encoder, DomainEncoder):
            return encoder.encode(rows)
        x = rows.x if isinstance(rows, Matrix) else rows.features.to_numpy()
        if x.dtype.kind == "O" or x.shape[1] != encoder.width:
            held = "words" if x.dtype.kind == "O" else f"{x.shape[1]} columns"
            raise AskwellError(
                f"X has {held}, and the pool had {encoder.width} columns of numbers; give rows of that kind."
            )
        return encoder.transform(x)
