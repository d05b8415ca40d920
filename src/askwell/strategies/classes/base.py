"""What rules for class queries share: groups in numbers, and a batch that holds wanted shares."""

import abc

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractClassStrategy, View


class AbstractShares(AbstractClassStrategy):
    """A rule that says what share of a batch each class shall have."""

    @abc.abstractmethod
    def shares(self, view: View, q: int) -> Float[Array, " g"]:
        """How much of the next `q` labels each group shall have, in any unit; 0 or more."""

    def classes(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractClassStrategy.classes`: as near to the shares as whole labels come.

        Systematic sampling (Madow 1949): each group comes as often as its share of the batch says, rounded down or up,
        and in expectation exactly so often. Groups with no point left have share 0; if that leaves nothing, all
        groups with a point are equally wanted.
        """
        left = remaining(view) > 0
        share = jnp.where(left, self.shares(view, q), 0.0)
        share = jnp.where(jnp.sum(share) > 0, share, left)
        order_key, start_key = jax.random.split(key)
        order = jax.random.permutation(
            order_key, len(share)
        )  # or neighbours in the list would share a rounding
        reach = jnp.cumsum(share[order] / jnp.sum(share))
        at = (jnp.arange(q) + jax.random.uniform(start_key)) / q
        return order[jnp.minimum(jnp.sum(at[:, None] >= reach, axis=1), len(share) - 1)]


def members(view: View) -> Float[Array, "n g"]:
    """Which group each point belongs to, one-hot."""
    return jax.nn.one_hot(view.geometry.groups, len(view.geometry.centres))


def label_counts(view: View) -> Float[Array, " g"]:
    """How many labels each group has so far: by the answers where groups are guesses at the classes."""
    place, (_, y, weight) = jnp.minimum(view.rows, len(view.y) - 1), view.evidence
    kind = y if view.geometry.named else view.geometry.groups[place]
    return jnp.zeros(len(view.geometry.centres)).at[kind].add(weight)


def remaining(view: View) -> Float[Array, " g"]:
    """How many points of each group were not asked."""
    return ~view.asked @ members(view)
