"""A policy over groups of points: it decides which group to ask, a fixed rule which point of the group.

The research notes' own head: no more outputs than groups, which few rewards can tell apart. The groups are the
geometry's: k-means, or a noisy labeller's guesses (`BatchGame.labeller`).
"""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractSpace, AskwellError, Rows, View, unknown
from askwell.core.extreme import argmax
from askwell.policies.base import AbstractRowsPolicy, Act
from askwell.policies.group_features import CONTEXT, FEATURES, Batch, Sight, add, look, see
from askwell.strategies import uncertainty

HIDDEN = 16
MODES = {
    "joint": "each place of the batch has g logits of its own: q × g outputs, reshaped",
    "shared": "g logits, sampled q times",
    "repeated": "one decision for all q places: the amplified signal",
    "autoregressive": "g logits, worked out anew after each pick",
    "sequential": "batches of one, the learner refitted after each label: for a game from askwell.games.sequential",
}
WITHIN = {
    "random": "any point",
    "centre": "the point nearest the group's centre",
    "uncertain": "the point of highest margin uncertainty",
}
DECIMALS = 4
"""What differs by less than this, in distances over their mean or in uncertainty, differs by rounding."""


class Groups(AbstractRowsPolicy):
    """Draws groups (k-means or a noisy labeller's), and from each a random, central or uncertain point.

    One small network is shared by all groups, so their order says nothing. Its last layer starts at zero: at first
    all groups with a point left are equally likely. Groups without one have probability 0. Which point of a group
    comes never depends on the weights; equally good ones are drawn from.

    Attributes:
        mode: a name from ``askwell.policies.groups.MODES``; all but "sequential" in one and the same game.
        within: a name from ``askwell.policies.groups.WITHIN``.
        q: the largest batch that mode "joint" has outputs for; the others have no use for it.
    """

    name: ClassVar[str] = "groups"
    groups: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    inputs: ClassVar[tuple[str, ...]] = (*FEATURES, *CONTEXT)
    network: eqx.nn.MLP
    mode: str = eqx.field(static=True)
    within: str = eqx.field(static=True)
    q: int = eqx.field(static=True)

    def __init__(self, key: PRNGKeyArray, mode: str = "autoregressive", within: str = "random", q: int = 10):
        if mode not in MODES:
            raise AskwellError(unknown("batch mode", mode, MODES))
        if within not in WITHIN:
            raise AskwellError(unknown("choice within a group", within, WITHIN))
        if q < 1:
            raise AskwellError(f"A batch has 1 place or more; q = {q} was given.")
        self.mode, self.within, self.q = mode, within, q
        outputs = q if mode == "joint" else 1
        network = eqx.nn.MLP(len(FEATURES) + len(CONTEXT), outputs, HIDDEN, 1, jnp.tanh, key=key)
        last = lambda n: (n.layers[-1].weight, n.layers[-1].bias)
        self.network = eqx.tree_at(last, network, replace_fn=jnp.zeros_like)

    def logits(self, sight: Sight, batch: Batch, q: int) -> Float[Array, "o g"]:
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
        """See `AbstractPolicy.act`; a decision is the group that a point came from. All points stay candidates.

        `log_prob` is that of the groups in their order; with `decisions`, the same key draws the same points. In
        mode "repeated" the first place bears all log-probability and entropy, since its decision fixes the rest,
        and `chance` is that before it fell at all places; a group that runs out is followed by the nearest one.
        """
        assert isinstance(space, Rows)
        q = space.q
        most = {"joint": self.q, "sequential": 1}.get(self.mode, q)
        if q > most:
            raise AskwellError(
                f"A policy over groups in mode '{self.mode}' asks batches of at most {most}; {q} were wanted."
            )
        tie_key, draw_key = jax.random.split(key)
        tie_break = jax.random.uniform(tie_key, view.y.shape)  # which of equally good points comes first
        keys = jax.random.split(draw_key, q)
        groups, score = view.geometry.groups, _score(view, self.within)
        sight, first = look(view)
        raw = self.logits(sight, first, q)

        def options(batch: Batch, raw: Float[Array, " g"]):
            """Each group's best score among what is left, and its log-probability and probability."""
            left = sight.member & ~batch.gone[:, None]
            best = jnp.max(jnp.where(left, score[:, None], -jnp.inf), axis=0)
            some = best > -jnp.inf
            logit = jax.nn.log_softmax(jnp.where(some, raw, -jnp.inf))
            # Minus infinity is for drawing; times a probability of nothing it would not be a number.
            return best, logit, jnp.where(some, logit, 0.0), jnp.where(some, jnp.exp(logit), 0.0)

        if self.mode == "repeated":
            _, logit, log_prob, chance = options(first, raw[0])
            group = jax.random.categorical(keys[0], logit) if decisions is None else decisions[0]
            queue = _queues(view, score, tie_break, q)
            once = jnp.zeros(q).at[0]
            everywhere = jnp.zeros((q, len(tie_break))).at[jnp.arange(q)[:, None], queue.T].add(chance)
            picks = queue[group]
            return Act(picks, once.set(logit[group]), once.set(-chance @ log_prob), groups[picks], everywhere)

        def decide(batch: Batch, given: tuple[Array, Array | None, Array | None]):
            key, raw, group = given
            raw = self.logits(sight, batch, q)[0] if raw is None else raw
            best, logit, log_prob, chance = options(batch, raw)
            group = jax.random.categorical(key, logit) if group is None else group
            top = ~batch.gone & (score == best[groups])
            pick = argmax(jnp.where(top & (groups == group), tie_break, -1.0))
            alike = jnp.maximum(top @ sight.member.astype(chance.dtype), 1.0)
            spread = jnp.where(top, (chance / alike)[groups], 0.0)
            return add(sight, batch, pick), (pick, logit[group], -chance @ log_prob, group, spread)

        anew = self.mode in ("autoregressive", "sequential")
        given = (
            None
            if anew
            else jnp.broadcast_to(raw, (len(raw) if self.mode == "joint" else q, raw.shape[1]))[:q]
        )
        return Act(*jax.lax.scan(decide, first, (keys, given, decisions))[1])

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`: a batch drawn as in training.

        The likeliest group each time would, where all places share their logits, empty one group after the other.
        """
        return self.act(key, view, Rows(q)).action

    def decisions_of(self, view: View, picks: Int[Array, " q"]) -> Int[Array, " q"]:
        """See `AbstractPolicy.decisions_of`: the groups of the picks."""
        return view.geometry.groups[picks]


def _score(view: View, within: str) -> Float[Array, " n"]:
    """What decides among the points of a group, highest first."""
    if within == "random":
        return jnp.zeros(view.x.shape[0])
    if within == "uncertain":
        return jnp.round(uncertainty.margin(view), DECIMALS)
    x = view.x - jnp.mean(view.x, axis=0)  # as the centres are
    distance = jnp.sqrt(jnp.sum((x - view.geometry.centres[view.geometry.groups]) ** 2, axis=1))
    return -jnp.round(distance / (jnp.mean(distance) + 1e-6), DECIMALS)


def _queues(
    view: View, score: Float[Array, " n"], tie_break: Float[Array, " n"], q: int
) -> Int[Array, "g q"]:
    """For each group its `q` best points; where it has fewer left, those of the nearest groups follow."""
    centres, groups = view.geometry.centres, view.geometry.groups
    apart = jnp.sum((centres[:, None] - centres) ** 2, axis=2)
    apart = jnp.where(
        jnp.eye(len(centres), dtype=bool), -1.0, apart
    )  # itself first, even among equal centres

    def queue(apart: Float[Array, " g"]) -> Int[Array, " q"]:
        place = jnp.argsort(jnp.argsort(apart))
        return jnp.lexsort((tie_break, -score, place[groups], view.asked))[:q]

    return jax.vmap(queue)(apart)
