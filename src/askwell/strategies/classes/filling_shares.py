"""The classes of which too few labels came so far."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from askwell.core import View
from askwell.strategies.classes.base import AbstractShares, label_counts


class FillingShares(AbstractShares):
    """What each class lacks of an equal share of all labels; it makes up for what a labeller got wrong.

    By k-means groups, which have no names, it counts the labels that came from each group.
    """

    name: ClassVar[str] = "filling-shares"
    needs: ClassVar[tuple[str, ...]] = ("geometry",)

    def shares(self, view: View, q: int) -> Float[Array, " g"]:
        """See `AbstractShares.shares`."""
        count = label_counts(view)
        return jnp.maximum((jnp.sum(count) + q) / len(count) - count, 0.0)
