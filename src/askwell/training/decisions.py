"""What a policy decided, in a few numbers: whether it collapses onto a few groups, classes or near-copies."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from askwell.core import View
from askwell.core.geometry import rbf, square_distance


class Decisions(eqx.Module):
    """Figures of one batch.

    Attributes:
        groups: effective number of k-means groups asked (the exponential of their entropy).
        classes: effective number of classes answered.
        largest: largest share of the batch that one group takes.
        redundancy: mean similarity (RBF, coarse width) of a pick to the one most like it in the batch; 0..1.
    """

    groups: Float[Array, ""]
    classes: Float[Array, ""]
    largest: Float[Array, ""]
    redundancy: Float[Array, ""]


def effective(share: Float[Array, " g"]) -> Float[Array, ""]:
    """The effective number of kinds: the exponential of the entropy of their shares."""
    return jnp.exp(-jnp.sum(jax.scipy.special.xlogy(share, share)))


def decided(view: View, picks: Int[Array, " q"], answers: Int[Array, " q"]) -> Decisions:
    """Figures of a batch and its answers."""
    q = len(picks)
    groups = jnp.mean(jax.nn.one_hot(view.geometry.groups[picks], view.geometry.centres.shape[0]), axis=0)
    classes = jnp.mean(jax.nn.one_hot(answers, view.log_proba.shape[1]), axis=0)
    x = view.x[picks]
    near = rbf(square_distance(x, x), view.geometry.widths[1])
    twin = jnp.max(jnp.where(jnp.eye(q, dtype=bool), 0.0, near), axis=1)
    return Decisions(effective(groups), effective(classes), jnp.max(groups), jnp.mean(twin))
