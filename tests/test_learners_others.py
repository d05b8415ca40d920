"""The network, scikit-learn's classifiers, and names."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from askwell.core import AskwellError
from askwell.learners import Mlp, SklearnLearner, make_learner
from askwell.testing import check_learner
from askwell.testing.pools import make_pool

POOL = make_pool()
ALL = (POOL.x, POOL.y, jnp.ones(len(POOL.y)), 3)


def test_the_network_learns_what_no_line_separates():
    x = np.random.default_rng(0).uniform(-1, 1, (200, 2)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] > 0).astype(np.int32)
    fitted = Mlp().fit(jax.random.key(0), jnp.asarray(x), jnp.asarray(y), jnp.ones(200), 2)
    assert (fitted.log_proba(jnp.asarray(x)).argmax(1) == y).mean() > 0.95


def test_the_networks_start_comes_from_the_key():
    a, b = (Mlp(steps=5).fit(jax.random.key(i), *ALL).log_proba(POOL.x) for i in range(2))
    assert not np.allclose(a, b, atol=1e-2)


def test_scikit_learn_says_what_it_says_itself():
    ours = SklearnLearner(LogisticRegression(C=0.3)).fit(jax.random.key(0), *ALL).log_proba(POOL.report_x)
    theirs = LogisticRegression(C=0.3).fit(POOL.x, POOL.y).predict_proba(POOL.report_x)
    np.testing.assert_allclose(np.exp(ours), theirs, atol=1e-5)


def test_a_classifier_with_luck_of_its_own_keeps_the_laws():
    check_learner(SklearnLearner(RandomForestClassifier(5)))


def test_names():
    assert type(make_learner("sklearn:GaussianNB").estimator).__name__ == "GaussianNB"
    assert isinstance(make_learner("mlp"), Mlp)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: make_learner("logistics"), "Did you mean 'logistic'"),
        (lambda: make_learner("logistic:fast"), "takes nothing after a colon"),
        (lambda: make_learner("sklearn:GausianNB"), "Did you mean 'GaussianNB'"),
        (lambda: make_learner("sklearn:VotingClassifier"), "needs arguments"),
        (lambda: SklearnLearner(LinearSVC()), "no predict_proba"),
        (lambda: Mlp(width=0), "at least 1"),
    ],
)
def test_wrong_names_and_settings_say_what_to_do(make, sentence):
    with pytest.raises(AskwellError, match=sentence):
        make()
