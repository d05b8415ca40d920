"""A scorer that foretells what the label of each point would bring."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import View
from askwell.policies.base import AbstractScorer
from askwell.policies.features import CONTEXT, FEATURES, look, see
from askwell.policies.narrow import greedy

HIDDEN = 32


class Gain(AbstractScorer):
    """The gain that a network foretells of each point's label (LAL, Konyushkova et al. 2017); the highest are asked.

    A batch is picked one point at a time: what is in it already counts as labelled in the features of the others. In a
    cold round all that can be known is where points lie, and coverage gain decides, as in `Pointwise`.
    """

    name: ClassVar[str] = "gain"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    inputs: ClassVar[tuple[str, ...]] = FEATURES + CONTEXT
    network: eqx.nn.MLP

    def __init__(self, key: PRNGKeyArray):
        # Only differences count: a last bias would never learn anything.
        network = eqx.nn.MLP(len(self.inputs), 1, HIDDEN, 2, jnp.tanh, use_final_bias=False, key=key)
        self.network = eqx.tree_at(lambda n: n.layers[-1].weight, network, replace_fn=jnp.zeros_like)

    def foretold(self, features: Float[Array, "m f"], context: Float[Array, " g"]) -> Float[Array, " m"]:
        """The gains of some candidates less those of the others, in units of their spread."""
        everywhere = jnp.broadcast_to(context, (len(features), len(context)))
        return jax.vmap(self.network)(jnp.concatenate([features, everywhere], axis=1))[:, 0]

    def rate(self, features: Float[Array, "m f"], context: Float[Array, " g"]) -> Float[Array, " m"]:
        """What decides: the gain foretold, in a cold round the coverage gain."""
        coverage = features[:, FEATURES.index("coarse")]
        return jnp.where(context[CONTEXT.index("cold")] > 0, coverage, self.foretold(features, context))

    def score(self, view: View) -> Float[Array, " n"]:
        """See `AbstractScoreStrategy.score`: before anything is in the batch."""
        return self.rate(*see(*look(view, 1, jnp.arange(len(view.y))), 1))

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        return greedy(key, view, q, self.rate)
