"""Any scikit-learn classifier behind the learner contract."""

import functools
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractFitted, AbstractLearner, AskwellError, unknown
from askwell.learners.base import complete, seen_classes


class SklearnFitted(AbstractFitted):
    """What to fit on; the host fits and predicts in one call, whenever `log_proba` is asked for."""

    seed: Array
    x: Float[Array, "n d"]
    y: Int[Array, " n"]
    weight: Float[Array, " n"]
    estimator: Any = eqx.field(static=True)
    classes: int = eqx.field(static=True)

    def log_proba(self, x: Float[Array, "m d"]) -> Float[Array, "m c"]:
        """See `AbstractFitted.log_proba`. One fit a call: ask for all points at once."""
        shape = jax.ShapeDtypeStruct((x.shape[0], self.classes), jnp.float32)
        # No bound method: JAX hashes the callback, and `self` holds tracers.
        predict = functools.partial(_predict, self.estimator, self.classes)
        proba = jax.pure_callback(
            predict, shape, self.seed, self.x, self.y, self.weight, x, vmap_method="sequential"
        )
        seen = seen_classes(self.y, self.weight, self.classes)
        return complete(jnp.log(jnp.maximum(proba, 1e-7)), seen)


def _predict(estimator: Any, classes: int, seed, x, y, weight, query) -> np.ndarray:
    seed, x, y, weight, query = (np.asarray(a) for a in (seed, x, y, weight, query))
    rows = weight > 0
    present = np.unique(y[rows])
    proba = np.zeros((len(query), classes), np.float32)
    if len(present) < 2:  # many classifiers refuse a single class; the answer is known
        proba[:, present] = 1.0
        return proba
    from sklearn.base import clone  # slow to import

    model: Any = clone(estimator)
    if "random_state" in model.get_params():
        model.set_params(random_state=int(seed))
    weights = {} if np.all(weight[rows] == 1) else {"sample_weight": weight[rows]}
    model.fit(x[rows], y[rows], **weights)
    proba[:, model.classes_] = model.predict_proba(query)
    return proba


class SklearnLearner(AbstractLearner):
    """Any scikit-learn classifier that has `predict_proba`; on the command line ``sklearn:CLASSNAME``.

    It runs on the host, one fit at a time: expect scikit-learn's own speed. A fresh clone is fitted at
    each round, its ``random_state`` (where it has one) set from the key.
    """

    name: ClassVar[str] = "sklearn"
    estimator: Any = eqx.field(static=True)

    def __check_init__(self):
        """Refuse a classifier without probabilities."""
        if not hasattr(self.estimator, "predict_proba"):
            raise AskwellError(
                f"{type(self.estimator).__name__} has no predict_proba; choose a classifier that gives "
                "probabilities, or wrap it in sklearn.calibration.CalibratedClassifierCV."
            )

    @classmethod
    def named(cls, class_name: str) -> "SklearnLearner":
        """The learner around scikit-learn's classifier of that class name, with its default settings.

        Raises:
            AskwellError: if there is no such classifier, or it cannot be made without arguments.
        """
        from sklearn.utils.discovery import all_estimators  # slow to import

        known = {name: kind for name, kind in all_estimators("classifier") if hasattr(kind, "predict_proba")}
        if class_name not in known:
            raise AskwellError(unknown("scikit-learn classifier", class_name, known))
        try:
            return cls(known[class_name]())
        except TypeError as error:
            raise AskwellError(
                f"scikit-learn's {class_name} needs arguments ({error}); build it in Python and give it as "
                "askwell.compare(..., learners={'mine': SklearnLearner(estimator)})."
            ) from error

    def fit(
        self,
        key: PRNGKeyArray,
        x: Float[Array, "n d"],
        y: Int[Array, " n"],
        weight: Float[Array, " n"],
        classes: int,
    ) -> SklearnFitted:
        """See `AbstractLearner.fit`; weights other than 0 and 1 go to the classifier as ``sample_weight``."""
        seed = jax.random.randint(key, (), 0, np.iinfo(np.int32).max)
        return SklearnFitted(seed, x, y, weight, self.estimator, classes)
