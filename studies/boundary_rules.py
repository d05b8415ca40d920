"""More ways to ask by what the network `in-context` foretells, for studies/boundary.toml."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import View
from askwell.strategies import AbstractScoreStrategy, Boundary, coverage, uncertainty
from askwell.strategies.boundary import foretold


class ForetoldMargin(AbstractScoreStrategy):
    """Margin sampling by the network's probabilities instead of the classifier's."""

    name: ClassVar[str] = "foretold-margin"
    needs: ClassVar[tuple[str, ...]] = ("probabilities",)

    def score(self, view: View) -> Float[Array, " n"]:
        """How small the margin is."""
        return uncertainty.margin_of(view, jnp.exp(foretold(view)))


class ForetoldHerding(ForetoldMargin):
    """margin-herding with the network's margins."""

    name: ClassVar[str] = "foretold-herding"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        return coverage.herd(key, view, coverage.similarity(view), q, factor=self.score(view))


class BoundaryHerding(ForetoldHerding):
    """margin-herding with the disagreement of classifier and network instead of the margin."""

    name: ClassVar[str] = "boundary-herding"

    def score(self, view: View) -> Float[Array, " n"]:
        """How much they disagree."""
        return Boundary().score(view)
