"""What turns the columns of a table into numbers: fitted once, then any rows with the same columns."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.utils.extmath import randomized_svd

from askwell.core import AskwellError
from askwell.data.columns import CATEGORIES, CONSTANT, prose_columns
from askwell.data.sentences import embed

TERMS = 20_000
TOPICS = 64


class Encoder(TransformerMixin, BaseEstimator):
    """See `askwell.data.encode_features`, whose numbers `fit_transform` gives.

    `transform` gives those of further rows ``[M, d]``: a frame with the same columns, float (NaN = missing) or object
    (None = missing).

    Attributes:
        features: most features that are kept.
        name: what errors call the table.
        texts: columns that are prose, however short their cells are.
        sentences: whether prose is encoded by the sentence encoder, too.
        leading: how many features are of use without the others. Beyond so many, principal axes take the place of
            columns even where all are kept, so the first features vary most; by default as many as are kept.
    """

    def __init__(
        self,
        features: int = 64,
        name: str = "table",
        texts: tuple[str, ...] = (),
        sentences: bool = False,
        leading: int | None = None,
    ):
        self.features, self.name, self.texts, self.sentences = features, name, texts, sentences
        self.leading = leading

    def fit(self, X: pd.DataFrame, y: Any = None) -> "Encoder":
        """Fit to a table; `y` is not used."""
        self.fit_transform(X)
        return self

    def fit_transform(self, X: pd.DataFrame, y: Any = None, **fit_params: Any) -> np.ndarray:
        """Fit, and the numbers of the very rows: ``float32 [N, d]``, mean 0, mean variance 1, always finite.

        Raises:
            AskwellError: if every column is constant.
        """
        del y, fit_params
        frame = X.loc[:, X.notna().any()]
        self.dates_ = list(frame.select_dtypes(["datetime", "datetimetz"]))
        frame = _dates_as_numbers(frame, self.dates_)
        self.numeric_ = list(frame.select_dtypes("number"))
        self.others_ = [name for name in frame.columns if name not in set(self.numeric_)]
        texts = prose_columns(frame, self.others_, self.texts)
        categories = [name for name in self.others_ if name not in set(texts)]
        values = frame[self.numeric_].to_numpy(dtype=np.float64)
        self.peak_ = (
            np.nanmax(np.abs(values), axis=0, initial=0.0) if values.size else np.ones(len(self.numeric_))
        )
        with config_context(skip_parameter_validation=True):
            self.blocks_ = _blocks(
                self.numeric_, categories, texts, max(TOPICS, self.features), self.sentences
            )
            x = np.asarray(self.blocks_.fit_transform(self._prepared(frame)), dtype=np.float64)
            self.kept_, self.pca_ = self._varying(x), None
            x = x[:, self.kept_]
            if x.shape[1] > (self.leading or self.features):
                # The exact solver where it is affordable; the randomised one depends on its draws.
                solver = "covariance_eigh" if x.shape[1] <= min(len(x), 1000) else "auto"
                self.pca_ = PCA(min(self.features, *x.shape), svd_solver=solver, random_state=0)
                x = self.pca_.fit_transform(x)
                self.axes_ = self._varying(x)
                x = x[:, self.axes_]
        self.mean_ = x.mean(axis=0)
        x = x - self.mean_
        self.factor_ = np.sqrt(np.mean(x.var(axis=0)))
        return np.ascontiguousarray(x / self.factor_, dtype=np.float32)

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """The numbers of other rows with the same columns."""
        known: Any = X[[*self.numeric_, *self.others_]]
        frame = _dates_as_numbers(known, self.dates_)
        with config_context(skip_parameter_validation=True), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Found unknown categories")  # those count as rare or as none
            x = np.asarray(self.blocks_.transform(self._prepared(frame)), dtype=np.float64)[:, self.kept_]
            if self.pca_ is not None:
                x = self.pca_.transform(x)[:, self.axes_]
        return np.ascontiguousarray((x - self.mean_) / self.factor_, dtype=np.float32)

    def _prepared(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Each column of numbers over its largest magnitude: those near a float's limits then have a variance."""
        values = frame[self.numeric_].to_numpy(dtype=np.float64) / np.where(self.peak_ > 0, self.peak_, 1.0)
        numbers = pd.DataFrame(values, columns=pd.Index(self.numeric_), index=frame.index)
        others = frame[self.others_]
        return pd.concat([numbers, others.astype(object).where(others.notna(), None)], axis=1)

    def _varying(self, x: np.ndarray) -> np.ndarray:
        kept = x.var(axis=0) > CONSTANT
        if not kept.any():
            raise AskwellError(
                f"{self.name}: every feature is the same in all rows; add a column that varies."
            )
        return kept


class SparseEncoder(TransformerMixin, BaseEstimator):
    """A sparse matrix in few columns: its truncated singular value decomposition, centred, with one factor."""

    def __init__(self, features: int = 64, name: str = "matrix"):
        self.features, self.name = features, name

    def fit(self, X: Any, y: Any = None) -> "SparseEncoder":
        """Fit to a sparse matrix ``[N, d]``; `y` is not used."""
        self.fit_transform(X)
        return self

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> np.ndarray:
        """Fit, and the numbers of the very rows: ``float32 [N, k]``.

        Raises:
            AskwellError: for values that are not finite, or rows that are all alike.
        """
        del y, fit_params
        if not np.isfinite(X.data).all():
            raise AskwellError(f"{self.name}: some values are NaN or infinite; remove or mend their rows.")
        u, s, self.axes_ = randomized_svd(X.astype(np.float64), min(self.features, *X.shape), random_state=0)
        x = u * s
        self.width = X.shape[1]
        self.mean_ = x.mean(axis=0)
        self.factor_ = np.sqrt(np.mean(x.var(axis=0)))
        if not self.factor_ > 0:
            raise AskwellError(
                f"{self.name}: every feature is the same in all rows; add a column that varies."
            )
        return np.ascontiguousarray((x - self.mean_) / self.factor_, dtype=np.float32)

    def transform(self, X: Any) -> np.ndarray:
        """The numbers of other rows."""
        return np.ascontiguousarray((X @ self.axes_.T - self.mean_) / self.factor_, dtype=np.float32)


class Topics(TransformerMixin, BaseEstimator):
    """Latent semantic analysis of one column of prose: ``[N, t]``, at most so many topics.

    With `sentences`, the sentence encoder's numbers stand beside the topics, and have the same variance in all.
    """

    def __init__(self, most: int = TOPICS, sentences: bool = False):
        self.most, self.sentences = most, sentences

    def fit_transform(self, X: pd.DataFrame, y: Any = None, **fit_params: Any) -> np.ndarray:
        """Fit, and the topics of the very rows."""
        topics = self._fit(X)
        if not self.sentences:
            return topics
        said = embed(_texts(X))
        self.mean_ = said.mean(axis=0)
        spread = said.var(axis=0).sum()
        self.scale_ = float(np.sqrt(max(topics.var(axis=0).sum(), CONSTANT) / spread)) if spread > 0 else 1.0
        return np.hstack([topics, (said - self.mean_) * self.scale_])

    def _fit(self, X: pd.DataFrame) -> np.ndarray:
        self.axes_ = None
        self.words_ = TfidfVectorizer(sublinear_tf=True, max_features=TERMS, token_pattern=r"(?u)\b\w+\b")
        try:
            weights = self.words_.fit_transform(_texts(X))
        except ValueError:  # not one word in it, only punctuation
            return np.zeros((len(X), 1))
        u, s, self.axes_ = randomized_svd(weights, min(self.most, *weights.shape), random_state=0)
        return u * s

    def fit(self, X: pd.DataFrame, y: Any = None) -> "Topics":
        """Fit to the rows of a frame of one column; `y` is not used."""
        self.fit_transform(X)
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """The topics of other rows."""
        texts = _texts(X)
        topics = np.zeros((len(X), 1))
        if self.axes_ is not None:
            topics = self.words_.transform(texts) @ self.axes_.T
        return np.hstack([topics, (embed(texts) - self.mean_) * self.scale_]) if self.sentences else topics


def _texts(column: pd.DataFrame) -> list[str]:
    return [word or "" for word in column.iloc[:, 0]]


def _dates_as_numbers(frame: pd.DataFrame, dates: list[str]) -> pd.DataFrame:
    to_number: Any = pd.to_numeric
    return frame.assign(**{name: to_number(frame[name]).where(frame[name].notna()) for name in dates})


def _blocks(numeric: list[str], categories: list[str], texts: list[str], topics: int, sentences: bool) -> Any:
    """One block for each kind of column."""
    return ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numeric),
            # Binary columns, this one and the one-hot ones, stay 0/1: standardised, a rare one would be
            # the largest value around.
            ("gaps", MissingIndicator(error_on_new=False), numeric),
            ("categories", _one_hot(), categories),
            *((f"text {i}", Topics(topics, sentences), [name]) for i, name in enumerate(texts)),
        ],
        sparse_threshold=0,
    )


def _one_hot() -> Any:
    nothing: Any = None  # the value that stands for missing; the stubs know only numbers
    return make_pipeline(
        SimpleImputer(missing_values=nothing, strategy="constant", fill_value="missing"),
        FunctionTransformer(_as_words),
        OneHotEncoder(
            max_categories=CATEGORIES,
            handle_unknown="infrequent_if_exist",
            drop="if_binary",
            sparse_output=False,
        ),
    )


def _as_words(cells: Any) -> Any:
    return cells.astype(str).astype(object)  # a column may be bool
