"""A policy over classes, or groups of points that stand for them: for the game class-queries.

The research notes' own head: no more outputs than groups, which few rewards can tell apart.
"""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractClassStrategy, AbstractSpace, AskwellError, Classes, View, unknown
from askwell.policies.base import AbstractPolicy, Act
from askwell.policies.group_features import CONTEXT, FEATURES, Sight, look, see
from askwell.strategies.classes.base import members

HIDDEN = 16
MODES = {
    "joint": "each place of the batch has g logits of its own: q × g outputs, reshaped",
    "shared": "g logits, drawn from q times",
    "repeated": "one decision for all q places: the amplified signal",
    "autoregressive": "g logits, worked out anew after each place",
}


class Groups(AbstractPolicy, AbstractClassStrategy):
    """Draws classes, or groups that stand for them, from chances that a small network gives.

    The network is shared by all groups, so their order says nothing. Its last layer starts at zero: at first
    all groups with a point left are equally likely. Groups without one have probability 0.

    Attributes:
        mode: a name from ``askwell.policies.groups.MODES``.
        q: the largest batch that mode "joint" has outputs for; the others have no use for it.
    """

    name: ClassVar[str] = "groups"
    groups: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    inputs: ClassVar[tuple[str, ...]] = (*FEATURES, *CONTEXT)
    network: eqx.nn.MLP
    mode: str = eqx.field(static=True)
    q: int = eqx.field(static=True)

    def __init__(self, key: PRNGKeyArray, mode: str = "autoregressive", q: int = 10):
        if mode not in MODES:
            raise AskwellError(unknown("batch mode", mode, MODES))
        if q < 1:
            raise AskwellError(f"A batch has 1 place or more; q = {q} was given.")
        self.mode, self.q = mode, q
        outputs = q if mode == "joint" else 1
        network = eqx.nn.MLP(len(FEATURES) + len(CONTEXT), outputs, HIDDEN, 1, jnp.tanh, key=key)
        last = lambda n: (n.layers[-1].weight, n.layers[-1].bias)
        self.network = eqx.tree_at(last, network, replace_fn=jnp.zeros_like)

    def logits(self, sight: Sight, batch: Float[Array, " g"], q: int) -> Float[Array, "o g"]:
        """How much each group is wanted: for each place in mode "joint", else one row for all."""
        return jax.vmap(self.network)(see(sight, batch, q)).T

    def act(
        self,
        key: PRNGKeyArray,
        view: View,
        space: AbstractSpace,
        rows: Int[Array, " m"] | None = None,
        decisions: Int[Array, " q"] | None = None,
    ) -> Act:
        """See `AbstractPolicy.act`; a decision is a group. Any of a group's points is taken to be equally likely.

        In mode "repeated" the first place bears all log-probability and entropy, since its decision fixes the rest.
        """
        assert isinstance(space, Classes)
        q = space.q
        if self.mode == "joint" and q > self.q:
            raise AskwellError(
                f"A policy over groups in mode 'joint' with q = {self.q} asks batches of at most {self.q}; {q} were "
                "wanted."
            )
        keys, sight = jax.random.split(key, q), look(view)
        first = jnp.zeros(len(sight.size))
        raw = self.logits(sight, first, q)
        member, fresh = members(view), (~view.asked).astype(view.x.dtype)

        def options(batch: Float[Array, " g"], raw: Float[Array, " g"]):
            """Each group's log-probability for drawing; the same, and the probability, in finite numbers."""
            some = sight.left > batch
            some = jnp.where(jnp.any(some), some, sight.left > 0)
            logit = jax.nn.log_softmax(jnp.where(some, raw, -jnp.inf))
            # Minus infinity is for drawing; times a probability of nothing it would not be a number.
            return logit, jnp.where(some, logit, 0.0), jnp.where(some, jnp.exp(logit), 0.0)

        def spread(chance: Float[Array, " g"]) -> Float[Array, " n"]:
            return fresh * (member @ (chance / jnp.maximum(sight.left, 1.0)))

        if self.mode == "repeated":
            logit, log_prob, chance = options(first, raw[0])
            group = jax.random.categorical(keys[0], logit) if decisions is None else decisions[0]
            once, all_of_it = jnp.zeros(q).at[0], jnp.full(q, group)
            everywhere = jnp.broadcast_to(spread(chance), (q, len(fresh)))
            return Act(all_of_it, once.set(logit[group]), once.set(-chance @ log_prob), all_of_it, everywhere)

        def decide(batch: Float[Array, " g"], given: tuple[Array, Array | None, Array | None]):
            key, raw, group = given
            raw = self.logits(sight, batch, q)[0] if raw is None else raw
            logit, log_prob, chance = options(batch, raw)
            group = jax.random.categorical(key, logit) if group is None else group
            told = group, logit[group], -chance @ log_prob, group, spread(chance)
            return batch.at[group].add(1.0), told

        each = jnp.broadcast_to(raw, (max(q, len(raw)), raw.shape[1]))[:q]
        given = (keys, None if self.mode == "autoregressive" else each, decisions)
        return Act(*jax.lax.scan(decide, first, given)[1])

    def classes(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractClassStrategy.classes`: drawn as in training.

        The likeliest group each time would, where all places share their logits, empty one group after the other.
        """
        return self.act(key, view, Classes(q)).action
