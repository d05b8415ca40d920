"""Typical points."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from askwell.core import View
from askwell.strategies.base import AbstractScoreStrategy


class Typicality(AbstractScoreStrategy):
    """Densest points, however close to one another (Hacohen et al. 2022, no clusters); the same when cold.

    Typicality is the inverse mean distance to the 20 nearest neighbours in the pool. Alone it asks
    for near-duplicates: the comparison shows what TypiClust's clusters contribute.
    """

    name: ClassVar[str] = "typicality"
    needs: ClassVar[tuple[str, ...]] = ("geometry",)

    def score(self, view: View) -> Float[Array, " n"]:
        """The logarithm of the density."""
        return jnp.log(view.geometry.density)
