"""The contract of a learner: the classifier that the labels are for."""

import abc
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float, Int, PRNGKeyArray


class AbstractFitted(eqx.Module):
    """A learner after a fit."""

    @abc.abstractmethod
    def log_proba(self, x: Float[Array, "m d"]) -> Float[Array, "m c"]:
        """Log-probability of each class; finite, and each row sums to one in probability."""


class AbstractLearner(eqx.Module):
    """Fits from scratch at every call: nothing is carried from one fit to the next.

    All learners agree on the cases that have no natural answer: with no label yet every class is
    equally probable; a class never answered has the small probability ``askwell.learners.FLOOR``.
    """

    name: ClassVar[str]

    @abc.abstractmethod
    def fit(
        self,
        key: PRNGKeyArray,
        x: Float[Array, "n d"],
        y: Int[Array, " n"],
        weight: Float[Array, " n"],
        classes: int,
    ) -> AbstractFitted:
        """Fit to the rows of positive weight; rows of weight 0 may hold anything finite in `x`.

        `classes` is the static number ``c``; labels lie in ``0..c-1`` wherever the weight is positive.
        """

    def refit(
        self,
        fitted: AbstractFitted,
        key: PRNGKeyArray,
        x: Float[Array, "n d"],
        y: Int[Array, " n"],
        weight: Float[Array, " n"],
        classes: int,
    ) -> AbstractFitted:
        """Fit again after a small change of the rows, for searches that try out many; games never do.

        The answer is that of `fit`; a learner that gets there from anywhere may start at `fitted`, where zeros
        throughout stand for no fit. By default `fit` itself.
        """
        return self.fit(key, x, y, weight, classes)
