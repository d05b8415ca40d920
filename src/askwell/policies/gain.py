"""A scorer that foretells what the label of each point would bring."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import Rows, View
from askwell.policies.base import AbstractForeteller, AbstractScorer
from askwell.policies.features import CONTEXT, FEATURES, look, see
from askwell.policies.narrow import greedy

HIDDEN = 32


class Gain(AbstractScorer, AbstractForeteller):
    """The gain that a network foretells of each point's label (LAL, Konyushkova et al. 2017); the highest are asked.

    A batch is picked one point at a time: what is in it already counts as labelled in the features of the others. In a
    cold round all that can be known is where points lie, and coverage gain decides, as in `Pointwise`.
    """

    name: ClassVar[str] = "gain"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    inputs: ClassVar[tuple[str, ...]] = FEATURES + CONTEXT
    network: eqx.nn.MLP

    def __init__(self, key: PRNGKeyArray):
        self.network = foretelling(key, len(self.inputs))

    def candidates(self, key: PRNGKeyArray, view: View, k: int) -> Int[Array, " k"]:
        """See `AbstractForeteller.candidates`: rows that were not asked."""
        return Rows(k).sample(key, view)

    def seen(self, view: View, actions: Int[Array, " k"]) -> Float[Array, "k f"]:
        """See `AbstractForeteller.seen`: the features of those rows, and the context."""
        features, context = see(*look(view, 1, jnp.arange(len(view.y))), 1)
        return _joined(features[actions], context)

    def foretold(self, x: Float[Array, "m f"]) -> Float[Array, " m"]:
        """See `AbstractForeteller.foretold`."""
        return jax.vmap(self.network)(x)[:, 0]

    def rate(self, features: Float[Array, "m f"], context: Float[Array, " g"]) -> Float[Array, " m"]:
        """What decides: the gain foretold, in a cold round the coverage gain."""
        coverage = features[:, FEATURES.index("coarse")]
        return jnp.where(
            context[CONTEXT.index("cold")] > 0, coverage, self.foretold(_joined(features, context))
        )

    def score(self, view: View) -> Float[Array, " n"]:
        """See `AbstractScoreStrategy.score`: before anything is in the batch."""
        return self.rate(*see(*look(view, 1, jnp.arange(len(view.y))), 1))

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        return greedy(key, view, q, self.rate)


def foretelling(key: PRNGKeyArray, inputs: int) -> eqx.nn.MLP:
    """A network of one output that starts at zero. Only differences count, so a last bias would never learn."""
    network = eqx.nn.MLP(inputs, 1, HIDDEN, 2, jnp.tanh, use_final_bias=False, key=key)
    return eqx.tree_at(lambda n: n.layers[-1].weight, network, replace_fn=jnp.zeros_like)


def _joined(features: Float[Array, "m f"], context: Float[Array, " g"]) -> Float[Array, "m h"]:
    return jnp.concatenate([features, jnp.broadcast_to(context, (len(features), len(context)))], axis=1)
