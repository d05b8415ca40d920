"""A session's classifier without JAX, and its file: skops, which runs no code when it is read."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from askwell.core import AbstractFitted, AskwellError, write_whole
from askwell.labelling.classifier import PoolClassifier
from askwell.labelling.predictions import check_model
from askwell.learners.logistic import LogisticFitted
from askwell.learners.sklearn import SklearnFitted


def portable(fitted: AbstractFitted, classes: int) -> Any:
    """The same classifier as scikit-learn has it, of encoded rows; its `classes_` are indices below `classes`.

    A learner that scikit-learn has not stays as it is, behind the same two names; it cannot be written to a file.
    """
    if isinstance(fitted, SklearnFitted):
        return _fitted_again(fitted)
    if isinstance(fitted, LogisticFitted):
        return _regression(fitted)
    return Model(fitted, classes)


class Model:
    """A fitted learner with scikit-learn's names."""

    def __init__(self, fitted: AbstractFitted, classes: int):
        self.fitted, self.classes_ = fitted, np.arange(classes)

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Probabilities ``[M, c]`` of encoded rows ``[M, d]``."""
        return np.exp(np.asarray(self.fitted.log_proba(jax.device_put(x))))[:, : len(self.classes_)]


def save_model(model: PoolClassifier, path: Path) -> None:
    """Write a classifier, whole or not at all.

    Raises:
        AskwellError: for another suffix than .skops, a learner that scikit-learn has not, or if it cannot be written.
    """
    import skops.io  # slow to import

    check_model(path)
    if isinstance(model.model, Model):
        raise AskwellError(
            f"A model of the learner '{type(model.model.fitted).__name__}' cannot be written to a file; choose the "
            "learner logistic or one of scikit-learn's."
        )
    write_whole(path, skops.io.dumps(model), "choose another --model")


def load_model(path: str | Path) -> PoolClassifier:
    """A classifier that `askwell predict --model` wrote: it takes raw rows, see `PoolClassifier`.

    Raises:
        AskwellError: if the file is damaged, or holds other types than NumPy's, scikit-learn's and Askwell's.
    """
    import skops.io

    try:
        data = Path(path).expanduser().read_bytes()
    except OSError as error:
        raise AskwellError(f"'{path}' cannot be read ({error.strerror or error}); check the path.") from error
    try:
        types = skops.io.get_untrusted_types(data=data)
        strange = [name for name in types if not name.startswith(("askwell.", "numpy."))]
        if strange:
            raise AskwellError(f"{path} holds {strange[0]}, which Askwell does not write; it is not loaded.")
        model = skops.io.loads(data, trusted=types)
    except AskwellError:
        raise
    except Exception as error:  # a damaged file raises anything
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise AskwellError(f"{path} is damaged or no model ({reason}); write it again.") from error
    if not isinstance(model, PoolClassifier):
        raise AskwellError(f"{path} is no model of Askwell's; give what askwell predict --model wrote.")
    return model


def _regression(fitted: LogisticFitted) -> Any:
    seen = np.flatnonzero(np.asarray(fitted.seen))
    weights, intercepts = np.asarray(fitted.coefficients)[seen], np.asarray(fitted.intercepts)[seen]
    if len(seen) < 2:
        return _constant(int(seen[0]))
    if len(seen) == 2:  # scikit-learn has one vector for two classes
        weights, intercepts = weights[1:] - weights[:1], intercepts[1:] - intercepts[:1]
    model: Any = LogisticRegression()
    model.coef_, model.intercept_, model.classes_ = weights, intercepts, seen
    model.n_features_in_ = weights.shape[1]
    return model


def _fitted_again(fitted: SklearnFitted) -> Any:
    x, y, weight = (np.asarray(array) for array in (fitted.x, fitted.y, fitted.weight))
    rows = weight > 0
    if len(np.unique(y[rows])) < 2:
        return _constant(int(y[rows][0]))
    model: Any = clone(fitted.estimator)
    if "random_state" in model.get_params():
        model.set_params(random_state=int(fitted.seed))
    return model.fit(x[rows], y[rows])


def _constant(label: int) -> Any:
    return DummyClassifier(strategy="most_frequent").fit(np.zeros((1, 1)), [label])
