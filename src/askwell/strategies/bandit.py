"""Active learning by learning: a bandit over strategies."""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import NOT_ASKED, AbstractStrategy, AskwellError, Evidence, View
from askwell.strategies.coreset import Coreset
from askwell.strategies.margin import Margin
from askwell.strategies.pickers import gumbel_top_k
from askwell.strategies.refit import learner_of
from askwell.strategies.uherding import UHerding


def earlier(key: PRNGKeyArray, view: View, strategy: str, rounds_ago: Int[Array, ""], q: int) -> View:
    """The view `rounds_ago` rounds ago, when each round asked `q` points: its belief comes from a refit."""
    n, b = view.x.shape[0], view.rows.shape[0]
    x, y, weight = view.evidence
    then = jnp.arange(b) < jnp.sum(view.asked) - rounds_ago * q
    learner, classes = learner_of(view, strategy), view.log_proba.shape[1]
    evidence = Evidence(x, y, weight * then)
    fitted = learner.fit(key, *evidence, classes)
    rows = jnp.where(then, view.rows, n)
    answers = jnp.full(n, NOT_ASKED, view.y.dtype).at[rows].set(y.astype(view.y.dtype), mode="drop")
    return dataclasses.replace(
        view,
        log_proba=fitted.log_proba(view.x),
        y=answers,
        rows=rows,
        evidence=evidence,
        fitted=fitted,
        cost=jnp.sum(then),
        round=view.round - rounds_ago,
    )


class Albl(AbstractStrategy):
    """Each point by one of several rules, chosen by a bandit on past rounds (Hsu & Lin 2015); the same if cold.

    ALBL's EXP4 over `experts` and uniform sampling, which is always among them. A rule's advice is its own
    batch, each point with the same weight; a batch is made by drawing a rule for each slot and taking its best point
    not yet taken. Strategies keep no memory here, so the bandit's past is replayed from the view: the learner
    is refitted to the labels before each past round, and every rule asked again what it would have picked
    then. The reward of a round is the importance-weighted accuracy of the belief it led to, on the *next*
    round's batch (the paper scores all labelled points, which that belief was fitted to), weights ``1 /
    probability of being asked``, normalised to sum to one. EXP4.P's bonus for variance is left out: among
    ``n`` arms it would outweigh every reward. Rounds must have asked batches of the same size. A replay costs
    a refit and all rules' picks for every round of the game.
    """

    name: ClassVar[str] = "albl"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry", "learner")
    experts: tuple[AbstractStrategy, ...] = (Margin(), UHerding(), Coreset())

    def __check_init__(self):
        """Refuse a bandit without arms, and one that cheats."""
        if not self.experts or any(expert.cheats for expert in self.experts):
            raise AskwellError("albl needs at least one expert, and none that cheats; give it others.")

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        replay_key, advice_key, draw_key = jax.random.split(key, 3)
        probability = self.probabilities(replay_key, view, q)
        advice = self.advice(advice_key, view, q)
        rules = jax.random.categorical(draw_key, jnp.log(probability), shape=(q,))

        def slot(asked, rule):
            own = advice[rule]  # q distinct points, of which fewer than q are taken
            row = own[jnp.argmax(~asked[own])]
            return asked.at[row].set(True), row

        return jax.lax.scan(slot, view.asked, rules)[1]

    def advice(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, "k q"]:
        """What each rule would pick, uniform sampling last."""
        keys = jax.random.split(key, len(self.experts) + 1)
        picks = [expert.select(k, view, q) for expert, k in zip(self.experts, keys[:-1], strict=True)]
        return jnp.stack([*picks, gumbel_top_k(keys[-1], jnp.zeros(view.x.shape[0]), view.asked, q)])

    def probabilities(self, key: PRNGKeyArray, view: View, q: int) -> Float[Array, " k"]:
        """Each rule's probability now, uniform sampling last, from a replay of all past rounds."""
        b, (_, y, _) = view.rows.shape[0], view.evidence

        def past(round: Int[Array, ""]):
            """How probable each rule was to ask what was asked, and whether the belief before was right."""
            ago = jnp.maximum(view.round - round, 0)
            fit_key, advice_key = jax.random.split(jax.random.fold_in(key, round))
            then = earlier(fit_key, view, self.name, ago, q)
            places = jnp.minimum(jnp.sum(then.asked) + jnp.arange(q), b - 1)
            asked = jnp.minimum(view.rows[places], view.x.shape[0] - 1)
            named = jnp.any(self.advice(advice_key, then, q)[:-1, :, None] == asked, axis=1)
            uniform = jnp.full((1, q), 1 / jnp.maximum(jnp.sum(~then.asked), 1))
            right = jnp.argmax(then.log_proba[asked], axis=1) == y[places]
            return jnp.concatenate([named / q, uniform]), right

        advised, right = jax.lax.map(past, jnp.arange(view.rounds))
        return exp4(advised, right, view.round)


def exp4(
    advised: Float[Array, "r k q"], right: Bool[Array, "r q"], round: Int[Array, ""]
) -> Float[Array, " k"]:
    """Probabilities of `k` experts after `round` of ``r`` rounds (EXP4, Auer et al. 2002).

    `advised` is each expert's probability for each point that was asked; `right` says whether the belief
    before the round was right about it. A round is rewarded by the next one's points, so the last one past
    waits.
    """
    r, k = advised.shape[:2]
    least = jnp.minimum(jnp.sqrt(jnp.log(k) / (k * r)), 1 / k)

    def mix(log_weight: Float[Array, " k"]) -> Float[Array, " k"]:
        return (1 - k * least) * jax.nn.softmax(log_weight) + least

    def learn(carry: tuple[Float[Array, " k"], Float[Array, " k"]], now):
        log_weight, estimate = carry  # the last round's ratios of advice to probability, not yet rewarded
        advice, right, index = now
        asked = mix(log_weight) @ advice
        trust = 1 / asked
        reward = jnp.sum(trust * right) / jnp.sum(trust)
        rewarded = (index > 0) & (index < round)
        log_weight = log_weight + jnp.where(rewarded, least / 2 * reward * estimate, 0.0)
        ratio = jnp.mean(advice / asked, axis=1)
        return (log_weight, ratio), None

    start = (jnp.zeros(k), jnp.zeros(k))
    (log_weight, _), _ = jax.lax.scan(learn, start, (advised, right, jnp.arange(r)))
    return mix(log_weight)
