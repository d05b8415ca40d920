"""Clustering uncertainty-weighted embeddings."""

from typing import ClassVar

from jaxtyping import Array, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.strategies import uncertainty
from askwell.strategies.representatives import representatives


class Clue(AbstractStrategy):
    """Nearest the centres of entropy-weighted k-means (Prabhu et al. 2021); plain k-means in a cold round.

    One cluster for each point of the batch, on the pool's own features; asked points have no weight. The
    paper's temperature is 1.
    """

    name: ClassVar[str] = "clue"
    needs: ClassVar[tuple[str, ...]] = ("probabilities",)
    large: ClassVar[bool] = True

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        # Points that are certain get a little weight, too, so that there are always clusters.
        weight = (uncertainty.entropy(view) + 1e-6) * ~view.asked
        return representatives(key, view.x, weight, view.asked, q)
