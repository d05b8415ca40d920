"""The contract of a learner: the classifier that the labels are for."""

import abc
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

FLOOR = 1e-6
"""Probability of each class that was never answered, once another was."""


class AbstractFitted(eqx.Module):
    """A learner after a fit."""

    @abc.abstractmethod
    def log_proba(self, x: Float[Array, "m d"]) -> Float[Array, "m c"]:
        """Log-probability of each class; finite, and each row sums to one in probability."""


class AbstractLearner(eqx.Module):
    """Fits from scratch at every call: nothing is carried from one fit to the next.

    All learners agree on the cases that have no natural answer: with no label yet every class is
    equally probable; a class never answered has probability ``FLOOR``.
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


def seen_classes(y: Int[Array, " n"], weight: Float[Array, " n"], classes: int) -> Bool[Array, " c"]:
    """Which classes occur with positive weight."""
    return jnp.any((y[:, None] == jnp.arange(classes)) & (weight > 0)[:, None], axis=0)


def complete(log_proba: Float[Array, "m c"], seen: Bool[Array, " c"]) -> Float[Array, "m c"]:
    """Give every class never seen its floor; `log_proba` must be normalised over the seen ones."""
    unseen = jnp.sum(~seen)
    full = jnp.where(seen, log_proba + jnp.log1p(-FLOOR * unseen), jnp.log(FLOOR))
    return jnp.where(jnp.any(seen), full, -jnp.log(len(seen)))
