"""From a table to numbers, looking at the features alone."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.utils.extmath import randomized_svd

from askwell.core import AskwellError
from askwell.data.columns import CATEGORIES, prose
from askwell.data.table import Table

TERMS = 20_000
TOPICS = 64
CONSTANT = 1e-20
"""Below this variance a column is constant but for rounding; the rarest category in 10⁹ rows is above."""


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """Encoded rows.

    Attributes:
        name: as the table's.
        x: ``float32 [N, d]``, mean 0, mean variance 1 over the features, always finite.
        y: ``int32 [N]``, index into `classes`.
        classes: the labels, sorted.
        ids: ``object [N]`` of str.
        role: as the table's.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    classes: tuple[str, ...]
    ids: np.ndarray
    role: str = ""


def encode(table: Table, *, features: int = 64) -> Dataset:
    """Encode a table; labels play no part in `x`, so no label leaks before it is asked for.

    Raises:
        AskwellError: as `encode_features`.
    """
    x = encode_features(table, features)
    classes, y = np.unique(np.asarray(table.labels, dtype=object), return_inverse=True)
    return Dataset(table.name, x, y.astype(np.int32), tuple(classes), table.ids, table.role)


def encode_features(table: Table, features: int = 64) -> np.ndarray:
    """The features of a table as ``float32 [N, d]``; its labels, or their absence, play no part.

    Numbers: median for missing ones (with an indicator) and standardised. Categories: one-hot, the rarest
    beyond 32 as one. Prose: TF-IDF and at most 64 topics (latent semantic analysis). Beyond `features`
    columns: PCA, not whitened, so that directions keep their share of the variance. Last, one factor for
    the whole matrix. The same table gives the same bits.

    Raises:
        AskwellError: if `features` is less than 1 or every column is constant.
    """
    if features < 1:
        raise AskwellError(f"features is {features}; give at least 1.")
    with config_context(skip_parameter_validation=True):
        x = _varying(table.name, _columns(table.features))
        if x.shape[1] > features:
            # The exact solver where it is affordable; the randomised one depends on its draws.
            solver = "covariance_eigh" if x.shape[1] <= min(len(x), 1000) else "auto"
            pca = PCA(min(features, *x.shape), svd_solver=solver, random_state=0)
            x = _varying(table.name, pca.fit_transform(x))
    x = x - x.mean(axis=0)
    x = x / np.sqrt(np.mean(x.var(axis=0)))
    return np.ascontiguousarray(x, dtype=np.float32)


def _columns(frame: Any) -> np.ndarray:
    """``float64 [N, columns]``, one block for each kind of column."""
    frame = frame.loc[:, frame.notna().any()]
    dates = list(frame.select_dtypes(["datetime", "datetimetz"]))
    to_number: Any = pd.to_numeric
    frame = frame.assign(**{name: to_number(frame[name]).where(frame[name].notna()) for name in dates})
    numeric = list(frame.select_dtypes("number"))
    others = [name for name in frame.columns if name not in set(numeric)]
    texts = [name for name in others if prose(frame[name].tolist())]
    categories = [name for name in others if name not in set(texts)]
    words = frame[others].astype(object).where(frame[others].notna(), None)
    blocks = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numeric),
            # Binary columns, this one and the one-hot ones, stay 0/1: standardised, a rare one would be
            # the largest value around.
            ("gaps", MissingIndicator(), numeric),
            ("categories", _one_hot(), categories),
            *((f"text {i}", FunctionTransformer(_topics), [name]) for i, name in enumerate(texts)),
        ],
        sparse_threshold=0,
    )
    prepared = pd.concat([_shrunk(frame[numeric]), words], axis=1)
    return np.asarray(blocks.fit_transform(prepared), dtype=np.float64)


def _one_hot() -> Any:
    nothing: Any = None  # the value that stands for missing; the stubs know only numbers
    return make_pipeline(
        SimpleImputer(missing_values=nothing, strategy="constant", fill_value="missing"),
        FunctionTransformer(lambda cells: cells.astype(str).astype(object)),  # a column may be bool
        OneHotEncoder(
            max_categories=CATEGORIES,
            handle_unknown="infrequent_if_exist",
            drop="if_binary",
            sparse_output=False,
        ),
    )


def _shrunk(frame: pd.DataFrame) -> pd.DataFrame:
    """Each column over its largest magnitude: numbers near a float's limits then have a variance."""
    values = frame.to_numpy(dtype=np.float64)
    peak = np.nanmax(np.abs(values), axis=0, initial=0.0) if values.size else np.ones(values.shape[1])
    return pd.DataFrame(values / np.where(peak > 0, peak, 1.0), columns=frame.columns, index=frame.index)


def _topics(column: pd.DataFrame) -> np.ndarray:
    """Latent semantic analysis of one column of prose: ``[N, t]`` with t ≤ 64."""
    words = [word or "" for word in column.iloc[:, 0]]
    vectors = TfidfVectorizer(sublinear_tf=True, max_features=TERMS, token_pattern=r"(?u)\b\w+\b")
    try:
        weights = vectors.fit_transform(words)
    except ValueError:  # not one word in it, only punctuation
        return np.zeros((len(words), 1))
    topics = min(TOPICS, *weights.shape)
    u, s, _ = randomized_svd(weights, topics, random_state=0)
    return u * s


def _varying(name: str, x: np.ndarray) -> np.ndarray:
    kept = x[:, x.var(axis=0) > CONSTANT]
    if not kept.shape[1]:
        raise AskwellError(f"{name}: every feature is the same in all rows; add a column that varies.")
    return kept
