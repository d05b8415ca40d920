"""Each class as often as any other."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from askwell.core import View
from askwell.strategies.classes.base import AbstractShares


class EqualShares(AbstractShares):
    """Equal shares of all classes in each batch ("uniform" in Lomasky et al. 2007)."""

    name: ClassVar[str] = "equal-shares"
    needs: ClassVar[tuple[str, ...]] = ("geometry",)

    def shares(self, view: View, q: int) -> Float[Array, " g"]:
        """See `AbstractShares.shares`."""
        return jnp.ones(len(view.geometry.centres))
