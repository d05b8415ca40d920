"""Logistic regression against scikit-learn's, within 1e-3 in probability."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from askwell.core import AskwellError
from askwell.data import Synthetic
from askwell.learners import Logistic

DATA = {
    "digits": load_digits(return_X_y=True),
    "breast_cancer": load_breast_cancer(return_X_y=True),
    "make_classification": make_classification(400, 20, n_informative=6, n_classes=4, random_state=0),
}
fit = eqx.filter_jit(lambda learner, x, y, w, c, q: learner.fit(jax.random.key(0), x, y, w, c).log_proba(q))


def compare(data, C, rows, weight=None, classes=None):
    x, y = DATA[data]
    x = StandardScaler().fit_transform(x).astype(np.float32)
    order = np.random.default_rng(3).permutation(len(y))
    if classes is not None:
        order = order[np.isin(y[order], classes)]
    train, c = order[:rows], int(y.max()) + 1
    w = np.ones(rows, np.float32) if weight is None else weight(rows)
    ours = np.exp(fit(Logistic(C=C), x[train], y[train].astype(np.int32), jnp.asarray(w), c, x))
    model = LogisticRegression(C=C, max_iter=20_000, tol=1e-7).fit(x[train].astype(float), y[train], w)
    theirs = np.zeros_like(ours)
    theirs[:, model.classes_] = model.predict_proba(x.astype(float))
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


@pytest.mark.parametrize("C", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("rows", [10, 100])
@pytest.mark.parametrize("data", DATA)
def test_probabilities(data, rows, C):
    compare(data, C, rows)


def test_two_classes_seen_of_ten():
    compare("digits", 1.0, 60, classes=(3, 8))


def test_weights():
    compare("make_classification", 1.0, 100, lambda n: np.linspace(0.1, 3, n).astype(np.float32))


def test_a_c_that_is_not_positive_is_refused():
    with pytest.raises(AskwellError, match="must be above 0"):
        Logistic(C=0.0)


def test_a_step_that_goes_too_far_is_taken_back():
    # Found in training: without a check of how far a step goes, the weights of this task grow without end.
    world = Synthetic(d=24, classes=10, network=0.35, tree=0.1, modes=(1, 6), decay=(0.0, 2.0), noise=(0.0, 0.1),
                      n=256, selection=96, report=1)  # fmt: skip
    key = jax.random.split(jax.random.split(jax.random.key(1473006934), (2, 24))[0][5], 3)[0]
    pool = jax.jit(world.sample)(key)
    x, y = np.asarray(pool.x, float), np.asarray(pool.y)
    theirs = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(x, y)
    seen = theirs.classes_
    ours = np.exp(np.asarray(fit(Logistic(), pool.x, pool.y, jnp.ones(256), 10, pool.x), float))[:, seen]
    np.testing.assert_allclose(ours, theirs.predict_proba(x), atol=1e-3)
