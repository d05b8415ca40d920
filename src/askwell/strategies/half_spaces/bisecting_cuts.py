"""Half-spaces whose answer the learner cannot foretell."""

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from askwell.core import AbstractCutStrategy, HalfSpaces, View
from askwell.core.extreme import argmin

TRIES = 32
"""Random half-spaces that are compared for each place of a batch."""


class BisectingCuts(AbstractCutStrategy):
    """Of random half-spaces those in which the learner gives its two likeliest classes most nearly the same mass.

    Bisection of the learner's belief, as of a version space (Dasgupta, Kalai & Monteleoni 2005). Random half-spaces in
    a cold round.
    """

    name: ClassVar[str] = "bisecting-cuts"
    needs: ClassVar[tuple[str, ...]] = ("probabilities",)

    def cuts(self, key: PRNGKeyArray, view: View, q: int) -> Float[Array, "q p"]:
        """See `AbstractCutStrategy.cuts`."""
        tried = HalfSpaces(q * TRIES).sample(key, view)
        beyond = tried[:, :-1] @ view.x.T > tried[:, -1:]
        mass = beyond @ view.proba / jnp.maximum(jnp.sum(beyond, axis=1), 1)[:, None]
        first, second = jax.lax.top_k(mass, 2)[0].T
        best = argmin(jnp.where(view.cold, 0.0, first - second).reshape(q, TRIES))
        return tried.reshape(q, TRIES, -1)[jnp.arange(q), best]
