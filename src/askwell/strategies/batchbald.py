"""BatchBALD: mutual information of the whole batch."""

import math
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.strategies.disagreement import entropy
from askwell.strategies.pickers import greedy
from askwell.strategies.refit import committee

BLOCK = 32
"""Configurations at a time: bounds the memory to ``BLOCK × n × c`` numbers."""


class Configurations(NamedTuple):
    """Possible labels of the batch so far: how probable each is, and which committee members it makes likely."""

    weight: Float[Array, " s"]  # sums to 1
    posterior: Float[Array, "s k"]  # of the members given these labels
    slot: Int[Array, ""]


def no_labels(configurations: int, members: int) -> Configurations:
    """The batch is empty: every configuration is the same."""
    weight = jnp.full(configurations, 1 / configurations)
    return Configurations(weight, jnp.full((configurations, members), 1 / members), jnp.array(0))


def information(
    proba: Float[Array, "k n c"], own_entropy: Float[Array, "k n"], now: Configurations
) -> Float[Array, " n"]:
    """What each point's label would add: ``I(y, batch; member) − I(batch; member)`` in nats, ``[n]``.

    `own_entropy` is each member's own entropy. By the chain rule the gain is ``H(y | batch) − mean H(y | member)``.
    """

    def given(posterior: Float[Array, " k"]) -> Float[Array, " n"]:
        return entropy(jnp.tensordot(posterior, proba, 1))

    conditional = jax.lax.map(given, now.posterior, batch_size=BLOCK)
    return now.weight @ conditional - jnp.mean(own_entropy, axis=0)


def answered(
    key: PRNGKeyArray, proba: Float[Array, "k c"], now: Configurations, exact_slots: int
) -> Configurations:
    """One more point in the batch, of which the members think `proba`.

    In the first `exact_slots` slots the configurations enumerate all labels (as the digits of their numbers
    in base ``c``) and are weighted by probability; after them each draws its label, and its weight stays.
    """
    s, c = now.weight.shape[0], proba.shape[1]
    predicted = now.posterior @ proba
    block = jnp.asarray(s // c ** (jnp.minimum(now.slot, exact_slots - 1) + 1) if exact_slots else 1)
    enumerated = jnp.arange(s) // block % c
    drawn = jax.random.categorical(jax.random.fold_in(key, now.slot), jnp.log(jnp.maximum(predicted, 1e-30)))
    exact = now.slot < exact_slots
    label = jnp.where(exact, enumerated, drawn)
    weight = jnp.where(exact, now.weight * c * predicted[jnp.arange(s), label], now.weight)
    posterior = now.posterior * proba[:, label].T + 1e-30
    return Configurations(weight, posterior / jnp.sum(posterior, axis=1, keepdims=True), now.slot + 1)


class BatchBald(AbstractStrategy):
    """Batch most informative about which refit is right (Kirsch et al. 2019); random in a cold round.

    Greedy on the joint mutual information of the batch's labels and the committee member. Exact over all
    label configurations while there are at most `configurations` (256) of them; after that each configuration
    draws the further labels, so the later slots see a sample of that size. The committee is BALD's, with
    the same weakness at few labels (see `Bald`): batches are less redundant, but half of one class and of long norm.
    """

    name: ClassVar[str] = "batchbald"
    needs: ClassVar[tuple[str, ...]] = ("learner",)
    members: int = eqx.field(static=True, default=10)
    configurations: int = eqx.field(static=True, default=256)

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        committee_key, label_key, tie_key = jax.random.split(key, 3)
        proba = jnp.exp(committee(committee_key, view, self.name, self.members))
        own_entropy, (slots, total) = entropy(proba), exact_slots(proba.shape[2], self.configurations)
        return greedy(
            tie_key,
            no_labels(total, self.members),
            lambda now: jnp.where(view.cold, 0.0, information(proba, own_entropy, now)),
            lambda now, row: answered(label_key, proba[:, row], now, slots),
            view.asked,
            q,
        )


def exact_slots(classes: int, configurations: int) -> tuple[int, int]:
    """How many slots can be enumerated, and the largest multiple of ``classes ** slots`` within the limit."""
    if classes == 1 or classes > configurations:
        return 0, configurations
    slots = int(math.log(configurations) / math.log(classes) + 1e-9)
    return slots, configurations // classes**slots * classes**slots
