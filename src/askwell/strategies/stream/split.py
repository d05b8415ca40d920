"""Part of the stream at random, the rest by variable uncertainty."""

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, PRNGKeyArray

from askwell.core import AbstractStreamStrategy, AskwellError, View
from askwell.strategies.stream.base import affordable, least_confidence, stream_of
from askwell.strategies.stream.variable_uncertainty import threshold


class Split(AbstractStreamStrategy):
    """A share of the stream is labelled at random, the rest by variable uncertainty (Žliobaitė et al. 2014).

    The random part does not depend on the learner, which may be sure and wrong. The paper draws which part a point
    belongs to; here it is every ``1/share``-th place, which is the same, since the stream comes in random order.
    """

    name: ClassVar[str] = "split"
    needs: ClassVar[tuple[str, ...]] = ("probabilities",)
    share: float = 0.2
    step: float = 0.01

    def __check_init__(self):
        """Refuse shares and steps that are not between 0 and 1."""
        if not (0 < self.share < 1 and 0 < self.step < 1):
            raise AskwellError(
                f"split's share and step lie between 0 and 1; given {self.share} and {self.step}."
            )

    def label(self, key: PRNGKeyArray, view: View) -> Bool[Array, ""]:
        """See `AbstractStreamStrategy.label`."""
        stream = stream_of(view)
        place = jnp.arange(len(stream.labelled))
        chance = jnp.floor((place + 1) * self.share) > jnp.floor(place * self.share)
        sure = 1 - least_confidence(view)
        uncertain = affordable(stream)[stream.position] & (sure < threshold(stream, self.step, ~chance))
        drawn = jax.random.uniform(key) < stream.rate
        return jnp.where(chance[stream.position], drawn, uncertain)
