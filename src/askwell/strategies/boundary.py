"""Asks where a network that foretells the final boundary contradicts the classifier."""

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from askwell.core import View
from askwell.learners import InContext
from askwell.strategies.base import AbstractScoreStrategy


class Boundary(AbstractScoreStrategy):
    """Greatest disagreement of classifier and the network `in-context` (ours); random in a cold round.

    The network was taught to say from few labels what a classifier fitted to all of them would. The disagreement is
    the Jensen–Shannon divergence of the two predictions, as a share of its maximum, ``log 2``.
    """

    name: ClassVar[str] = "boundary"
    needs: ClassVar[tuple[str, ...]] = ("probabilities",)

    def score(self, view: View) -> Float[Array, " n"]:
        """See `AbstractScoreStrategy.score`."""
        return jnp.where(view.cold, 1.0, divergence(view.log_proba, foretold(view)))


def foretold(view: View) -> Float[Array, "n c"]:
    """What the network says of every point of the pool, as log-probabilities."""
    fitted = InContext().fit(jax.random.key(0), *view.evidence, view.log_proba.shape[1])
    return fitted.log_proba(view.x)


def divergence(a: Float[Array, "n c"], b: Float[Array, "n c"]) -> Float[Array, " n"]:
    """The Jensen–Shannon divergence of log-probabilities, in 0..1."""
    middle = jnp.logaddexp(a, b) - jnp.log(2.0)
    half = lambda one: jnp.sum(jnp.exp(one) * (one - middle), axis=1)
    return jnp.maximum(half(a) + half(b), 0.0) / (2 * jnp.log(2.0))
