"""A policy that says of one point after another whether to label it."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AbstractSpace, AbstractStreamStrategy, View
from askwell.core.geometry import rbf, square_distance
from askwell.policies.base import AbstractPolicy, Act
from askwell.policies.features import named
from askwell.strategies import uncertainty
from askwell.strategies.stream.base import stream_of

INPUTS = (
    "rank",  # share of the unlabelled pool that is less uncertain by margin, less the share that cannot be paid for
    "margin",  # log margin uncertainty
    "confidence",  # probability of the top class
    "nearness",  # kernel similarity to the nearest labelled point
    "density",  # log typicality, standardised
    "scarcity",  # log predicted share of the predicted class, over its share of the labels
    "cold",
    "rate",  # share of the points still to come that can be paid for
    "spent",  # share of the budget
    "progress",  # share of the stream that has come
)
HIDDEN = 16
SHARPNESS = 8.0
"""How steeply the untrained policy goes from skipping to labelling, per unit of rank: flat enough that a draw tries
both."""


class SkipPolicy(AbstractPolicy, AbstractStreamStrategy):
    """Labels with a probability that starts as a soft adaptive threshold; a small network learns what to add to it.

    Untrained it labels the more likely the more uncertain a point is among the pool's, at about the rate that spends
    the budget. In a cold round all points are as uncertain as each other, so that it labels at random.
    """

    name: ClassVar[str] = "skip"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    inputs: ClassVar[tuple[str, ...]] = INPUTS
    network: eqx.nn.MLP

    def __init__(self, key: PRNGKeyArray):
        network = eqx.nn.MLP(len(INPUTS), 1, HIDDEN, 1, jnp.tanh, key=key)
        last = lambda n: (n.layers[-1].weight, n.layers[-1].bias)
        self.network = eqx.tree_at(last, network, replace_fn=jnp.zeros_like)

    def logit(self, view: View) -> Float[Array, ""]:
        """How much the point that is offered is wanted."""
        features = look(view)
        return SHARPNESS * features[INPUTS.index("rank")] + self.network(features)[0]

    def act(
        self,
        key: PRNGKeyArray,
        view: View,
        space: AbstractSpace,
        rows: Int[Array, " m"] | None = None,
        decisions: Int[Array, " q"] | None = None,
    ) -> Act:
        """See `AbstractPolicy.act`: one decision, 1 to label. Once the budget is spent there is nothing to decide."""
        stream, logit = stream_of(view), self.logit(view)
        able = stream.bought < stream.budget
        chance = jax.nn.sigmoid(logit)
        label = jax.random.bernoulli(key, chance) if decisions is None else decisions[0] == 1
        label &= able
        log_prob = jnp.where(able, jax.nn.log_sigmoid(jnp.where(label, logit, -logit)), 0.0)
        entropy = jnp.where(able, jax.nn.softplus(logit) - chance * logit, 0.0)
        return Act(label, log_prob[None], entropy[None], label[None].astype(int))

    def label(self, key: PRNGKeyArray, view: View) -> Bool[Array, ""]:
        """See `AbstractStreamStrategy.label`: drawn, as in training; always the likelier would not spend evenly."""
        return self.act(key, view, self.space()).action


def look(view: View) -> Float[Array, " f"]:
    """What is seen of the point that is offered, in the order of `INPUTS`."""
    stream, row = stream_of(view), stream_of(view).row
    left = ~view.asked
    unsure, own = uncertainty.margin(view), uncertainty.margin(view, row[None])[0]
    warm = ~view.cold
    below = (jnp.sum(left & (unsure < own)) + 0.5 * jnp.sum(left & (unsure == own))) / jnp.maximum(
        jnp.sum(left), 1
    )
    x, y, weight = view.evidence
    near = square_distance(view.x[row][None], x)[0]
    nearness = jnp.max(jnp.where(weight > 0, rbf(near, view.geometry.widths[1]), 0.0))
    density = jnp.log(view.geometry.density)
    density = (density[row] - jnp.mean(density)) / (jnp.std(density) + 1e-5)
    proba = jnp.exp(view.log_proba[row])
    predicted = jnp.argmax(proba)
    share = jnp.mean(jnp.exp(view.log_proba[:, predicted]))
    labelled = jnp.sum(weight * (y == predicted)) / jnp.maximum(jnp.sum(weight), 1.0)
    rate = jnp.clip(stream.rate, 1e-3, 1 - 1e-3)
    features = {
        "rank": jnp.where(warm, below - (1 - rate), jax.scipy.special.logit(rate) / SHARPNESS),
        "margin": jnp.where(warm, jnp.log(own + 1e-3), 0.0) / 3,
        "confidence": jnp.where(warm, jnp.max(proba), 0.0),
        "nearness": nearness,
        "density": jnp.clip(density, -4.0, 4.0) / 2,
        "scarcity": jnp.where(warm, jnp.log((share + 0.02) / (labelled + 0.02)), 0.0) / 2,
        "cold": 1.0 - warm,
        "rate": stream.rate,
        "spent": stream.bought / stream.budget,
        "progress": stream.position / stream.length,
    }
    return named(INPUTS, features)
