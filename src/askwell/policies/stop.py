"""A policy that says when to stop."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AbstractSpace, AbstractStopStrategy, AbstractStrategy, RowsOrStop, View
from askwell.policies.base import AbstractPolicy, Act
from askwell.policies.features import named
from askwell.strategies import UHerding, uncertainty
from askwell.strategies.stopping.base import agreements, stopping_of
from askwell.strategies.stopping.stop_gain import SHARE, changed

INPUTS = (
    "excess",  # log cost of a batch, over the gain that stop-gain expects: what the untrained policy goes by
    "cost",  # log cost of a batch
    "changed",  # log share of the predictions that the last round changed
    "changed before",  # the same of the round before it
    "labels",  # log of their number
    "labels a class",  # log of their number for each class seen
    "classes",  # log of those seen
    "margin",  # mean margin uncertainty of what is left
    "confidence",  # mean probability of the top class
    "left",  # share of the rounds that are left
)
HIDDEN = 16
SHARPNESS = 1.0
"""How steeply the untrained policy goes from going on to stopping, per unit of excess: flat enough that a draw tries
both."""


class StopPolicy(AbstractPolicy, AbstractStopStrategy):
    """Stops with a probability that starts as a soft `stop-gain`; a small network learns what to add to it.

    The price is one of its inputs, so one network serves all prices. While fewer than two classes are known it goes on.
    In play it does the likelier; in training it draws. Batches are picked by uherding.
    """

    name: ClassVar[str] = "stop"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    inputs: ClassVar[tuple[str, ...]] = INPUTS
    network: eqx.nn.MLP
    strategy: AbstractStrategy

    def __init__(self, key: PRNGKeyArray):
        network = eqx.nn.MLP(len(INPUTS), 1, HIDDEN, 1, jnp.tanh, key=key)
        last = lambda n: (n.layers[-1].weight, n.layers[-1].bias)
        self.network = eqx.tree_at(last, network, replace_fn=jnp.zeros_like)
        self.strategy = UHerding()

    def logit(self, view: View, q: int) -> Float[Array, ""]:
        """How much it wants to stop."""
        features = look(view, q)
        return SHARPNESS * features[INPUTS.index("excess")] + self.network(features)[0]

    def act(
        self,
        key: PRNGKeyArray,
        view: View,
        space: AbstractSpace,
        rows: Int[Array, " m"] | None = None,
        decisions: Int[Array, " q"] | None = None,
    ) -> Act:
        """See `AbstractPolicy.act`: one decision, 1 to stop. Where the episode is over there is nothing to decide."""
        assert isinstance(space, RowsOrStop)
        logit = self.logit(view, space.q)
        able = ~view.cold & ~stopping_of(view).ended
        chance = jax.nn.sigmoid(logit)
        draw = jax.random.fold_in(key, 1)
        stop = jax.random.bernoulli(draw, chance) if decisions is None else decisions[0] == 1
        stop &= able
        log_prob = jnp.where(able, jax.nn.log_sigmoid(jnp.where(stop, logit, -logit)), 0.0)
        entropy = jnp.where(able, jax.nn.softplus(logit) - chance * logit, 0.0)
        action = jnp.where(stop, len(view.y), self.strategy.select(key, view, space.q))
        return Act(action, log_prob[None], entropy[None], stop[None].astype(int))

    def stop(self, key: PRNGKeyArray, view: View, q: int) -> Bool[Array, ""]:
        """See `AbstractStopStrategy.stop`."""
        return ~view.cold & (self.logit(view, q) > 0)


def look(view: View, q: int) -> Float[Array, " f"]:
    """What is seen of the episode so far, in the order of `INPUTS`."""
    stopping, left, warm = stopping_of(view), ~view.asked, ~view.cold
    cost = jnp.log(stopping.price * q + 1e-4)
    before, last = jnp.log(1.01 - agreements(view, 2))
    classes = jnp.maximum(jnp.sum(view.seen), 1)
    unsure = jnp.sum(left * uncertainty.margin(view)) / jnp.maximum(jnp.sum(left), 1)
    features = {
        "excess": cost - jnp.log(SHARE * changed(view) + 1e-4),
        "cost": (cost + 5) / 2,
        "changed": last / 3,
        "changed before": before / 3,
        "labels": jnp.log1p(view.cost) / 5,
        "labels a class": jnp.log((view.cost + 1) / classes) / 3,
        "classes": jnp.log(classes) / 3,
        "margin": unsure,
        "confidence": jnp.where(warm, jnp.mean(jnp.exp(jnp.max(view.log_proba, axis=1))), 0.0),
        "left": 1 - view.round / view.rounds,
    }
    return named(INPUTS, features)
