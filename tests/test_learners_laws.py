"""Every registered learner is held to the laws, and the laws reject what breaks them."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import pytest

from askwell import testing
from askwell.core import AbstractFitted, AbstractLearner
from askwell.learners import LEARNERS, Logistic, make_learner
from askwell.testing import learners as laws


@pytest.mark.parametrize("law", testing.LEARNER_LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", LEARNERS)
def test_law(name, law):
    law(make_learner(name))


class Fitted(AbstractFitted):
    log: jax.Array

    def log_proba(self, x):
        return jnp.broadcast_to(self.log, (len(x), len(self.log)))


class Shares(AbstractLearner):
    """The classes' shares among the labels, of which each subclass below breaks one law."""

    name: ClassVar[str] = "shares"

    def counts(self, y, weight, classes):
        return jnp.zeros(classes).at[y].add(weight)

    def fit(self, key, x, y, weight, classes):
        return Fitted(jax.nn.log_softmax(jnp.log(self.counts(y, weight, classes) + 1e-3)))


class NotNormalised(Shares):
    name: ClassVar[str] = "not-normalised"

    def fit(self, key, x, y, weight, classes):
        return Fitted(jnp.log(self.counts(y, weight, classes) + 1e-3))


class ReadsWeightless(Shares):
    name: ClassVar[str] = "reads-weightless"

    def counts(self, y, weight, classes):
        return jnp.zeros(classes).at[y].add(weight + 0.1)


class IgnoresWeights(Shares):
    name: ClassVar[str] = "ignores-weights"

    def counts(self, y, weight, classes):
        return jnp.zeros(classes).at[y].add(1.0 * (weight > 0))


seen_before = [0.0]


class Remembers(Shares):
    name: ClassVar[str] = "remembers"

    def counts(self, y, weight, classes):
        seen_before[0] += 1
        return super().counts(y, weight, classes) + jnp.arange(classes) * seen_before[0]


@pytest.mark.parametrize(
    ("learner", "law", "sentence"),
    [
        (NotNormalised, laws.probabilities, "not sum to one"),
        (Shares, laws.probabilities, "never answered must have probability 1e-06"),
        (ReadsWeightless, laws.weight_zero_counts_for_nothing, "weight 0"),
        (IgnoresWeights, laws.weights_matter, "with the weights"),
        (Remembers, laws.same_key_same_result, "compiled anew"),
        (Remembers, laws.jitted_equals_eager, "eager"),
        (Remembers, laws.vmapped_equals_looped, "vmap"),
    ],
)
def test_a_broken_learner_is_rejected(learner, law, sentence):
    with pytest.raises(AssertionError, match=sentence):
        law(learner())


def test_the_whole_check():
    testing.check_learner(Logistic(C=0.1))
    with pytest.raises(AssertionError):
        testing.check_learner(Shares())
