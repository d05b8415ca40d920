"""Label whatever comes."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Bool, PRNGKeyArray

from askwell.core import AbstractStreamStrategy, View


class LabelAll(AbstractStreamStrategy):
    """Labels every point until the budget is spent: a random sample, bought as early as possible."""

    name: ClassVar[str] = "label-all"

    def label(self, key: PRNGKeyArray, view: View) -> Bool[Array, ""]:
        """See `AbstractStreamStrategy.label`."""
        return jnp.array(True)
