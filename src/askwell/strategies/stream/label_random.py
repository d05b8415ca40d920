"""Label at random, at the rate that the budget allows."""

from typing import ClassVar

import jax
from jaxtyping import Array, Bool, PRNGKeyArray

from askwell.core import AbstractStreamStrategy, View
from askwell.strategies.stream.base import stream_of


class LabelRandom(AbstractStreamStrategy):
    """Labels with the probability that spends what is left of the budget on what is left of the stream.

    So the whole budget is spent, on a random sample of the stream: "Random" of Žliobaitė et al. (2014), whose rate is
    fixed instead.
    """

    name: ClassVar[str] = "label-random"

    def label(self, key: PRNGKeyArray, view: View) -> Bool[Array, ""]:
        """See `AbstractStreamStrategy.label`."""
        return jax.random.uniform(key) < stream_of(view).rate
