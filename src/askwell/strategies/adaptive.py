"""The rule that does best on the labels bought so far."""

import dataclasses
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import NO_ANSWER, NOT_ASKED, AbstractStrategy, AskwellError, View, gathered, unfitted
from askwell.strategies.margin import Margin
from askwell.strategies.refit import learner_of
from askwell.strategies.typiclust import TypiClust
from askwell.strategies.uherding import UHerding

SIZE, ROUNDS, BATCH = 50, 3, 4
"""Of the game that is played on the labels: candidates at most, rounds, and labels in each."""


class Adaptive(AbstractStrategy):
    """The batch of the rule that does best on the labels so far (ours); the first rule's while there are few.

    The labelled points are a small pool whose every answer is known. In each trial a random half of them is the pool
    that every rule plays, from nothing, and the other half tells how well the learner then does. What a rule is ahead
    of the first one is shrunk towards what it is ahead elsewhere: so far as it varies from trial to trial more than
    such leads vary from set to set, it is noise. Nothing is played with fewer than 24 labels.

    Attributes:
        rules: to choose from.
        leads: how much each is ahead of the first elsewhere, in AULC (docs/choose.md, meta-validation, accuracy).
        spread: standard deviation of a lead over sets.
        trials: random halves.
    """

    name: ClassVar[str] = "adaptive"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry", "learner")
    rules: tuple[AbstractStrategy, ...] = (UHerding(), TypiClust(), Margin())
    leads: tuple[float, ...] = eqx.field(static=True, default=(0.0, -0.019, -0.031))
    spread: float = eqx.field(static=True, default=0.03)
    trials: int = eqx.field(static=True, default=8)

    def __check_init__(self):
        """Refuse rules that cheat, other leads than rules, and too few trials."""
        if any(rule.cheats for rule in self.rules) or len(self.rules) != len(self.leads):
            raise AskwellError("adaptive needs a lead for each of its rules, and no rule that cheats.")
        if self.trials < 2:
            raise AskwellError(f"adaptive has {self.trials} trials; give at least 2.")

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        trial_key, select_key = jax.random.split(key)
        best = jnp.argmax(self.rated(trial_key, view))
        return jnp.stack([rule.select(select_key, view, q) for rule in self.rules])[best]

    def rated(self, key: PRNGKeyArray, view: View) -> Float[Array, " k"]:
        """How much each rule is expected to be ahead of the first."""
        leads = jnp.array(self.leads)
        if len(view.evidence.weight) < 2 * ROUNDS * BATCH:
            return leads
        scores = jax.vmap(lambda key: self._trial(key, view))(jax.random.split(key, self.trials))
        ahead = scores - scores[:, :1]
        noise = jnp.var(ahead, axis=0, ddof=1)
        trust = self.spread**2 / (self.spread**2 + noise)
        enough = jnp.sum(view.evidence.weight > 0) >= 2 * ROUNDS * BATCH
        shrunk = leads + trust * (jnp.mean(ahead, axis=0) - leads)
        return jnp.where(enough, shrunk.at[0].set(0.0), leads)

    def _trial(self, key: PRNGKeyArray, view: View) -> Float[Array, " k"]:
        """The mean accuracy that each rule reaches on one random half, from the other."""
        learner, (x, y, weight) = learner_of(view, self.name), view.evidence
        half_key, fit_key, act_key = jax.random.split(key, 3)
        used, b = weight > 0, len(weight)
        order = jnp.argsort(jnp.where(used, jax.random.uniform(half_key, (b,)), 2.0))
        half = jnp.sum(used) // 2
        judge = used.at[order].set((jnp.arange(b) >= half) & used[order])
        size = min(SIZE, b // 2)
        # Where there are fewer, points come again, and cannot be asked.
        pool = order[jnp.arange(size) % jnp.maximum(half, 1)]
        closed = jnp.where(jnp.arange(size) < half, NOT_ASKED, NO_ANSWER)
        nobody, classes = jnp.full(ROUNDS * BATCH, size), view.log_proba.shape[1]
        none = gathered(x[pool], y[pool], nobody)
        fitted = unfitted(learner, *none, classes)
        even = jnp.full((size, classes), -jnp.log(classes))
        about: dict[str, Any] = {"learner": learner, "fitted": fitted}
        start = View.of(x[pool], even, closed, nobody, rounds=ROUNDS, **about)

        def play(rule: AbstractStrategy) -> Float[Array, ""]:
            def step(now: View, round: Int[Array, ""]):
                picks = rule.select(jax.random.fold_in(act_key, round), now, BATCH)
                rows = jax.lax.dynamic_update_slice_in_dim(now.rows, picks, round * BATCH, 0)
                answers = now.y.at[picks].set(y[pool][picks])
                evidence = gathered(x[pool], y[pool], rows)
                fitted = learner.fit(fit_key, *evidence, classes)
                log_proba = fitted.log_proba(x)
                right = jnp.argmax(log_proba, axis=1) == y
                after = dataclasses.replace(
                    now,
                    log_proba=log_proba[pool],
                    y=answers,
                    rows=rows,
                    evidence=evidence,
                    cost=now.cost + BATCH,
                    round=now.round + 1,
                    fitted=fitted,
                )
                return after, jnp.sum(right * judge) / jnp.maximum(jnp.sum(judge), 1)

            return jnp.mean(jax.lax.scan(step, start, jnp.arange(ROUNDS))[1])

        return jnp.stack([play(rule) for rule in self.rules])
