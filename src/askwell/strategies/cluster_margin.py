"""Small margins from many clusters."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.strategies import uncertainty
from askwell.strategies.pickers import top_k


class ClusterMargin(AbstractStrategy):
    """Smallest margins, taken from clusters in turn (Citovsky et al. 2021); random points of each when cold.

    The `ratio` × q points of smallest margin are the candidates; then one random candidate of every cluster
    in turn, clusters with the fewest candidates first, until the batch is full. The paper clusters once by
    average linkage cut at a distance; here the clusters are the pool's 16 k-means groups, also found once:
    they fit pools of any size and leave no distance to tune, but are coarser than the paper's.
    """

    name: ClassVar[str] = "cluster-margin"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    large: ClassVar[bool] = True
    ratio: int = eqx.field(static=True, default=10)

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        candidate_key, point_key, cluster_key = jax.random.split(key, 3)
        geometry, n = view.geometry, view.x.shape[0]
        unsure = jnp.where(view.asked, -1.0, uncertainty.margin(view))  # last, if fewer are left than wanted
        rows = top_k(candidate_key, unsure, jnp.zeros(n, bool), min(self.ratio * q, n))
        rows = jax.random.permutation(point_key, rows)
        left = ~view.asked[rows]
        clusters = geometry.centres.shape[0]
        member = (geometry.groups[rows][:, None] == jnp.arange(clusters)) & left[:, None]
        tie_break = jax.random.permutation(cluster_key, clusters)  # clusters of one size come in random order
        place = jnp.argsort(jnp.argsort(jnp.sum(member, axis=0) * clusters + tie_break))
        round = jnp.max(jnp.where(member, jnp.cumsum(member, axis=0), 0), axis=1)
        turn = round * clusters + place[geometry.groups[rows]]
        last = jnp.iinfo(turn.dtype).max
        return rows[jax.lax.top_k(-jnp.where(left, turn, last), q)[1]]
