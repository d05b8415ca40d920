"""Expected error reduction."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, AskwellError, View
from askwell.strategies import uncertainty
from askwell.strategies.disagreement import entropy
from askwell.strategies.pickers import top_k
from askwell.strategies.refit import fitted_of, learner_of

BLOCK = 8
"""Refits at a time: all wait for the slowest, and many fall out of the cache (digits: 53 s at 64, 23 s at 8)."""


def log_loss(proba: Float[Array, "n c"]) -> Float[Array, " n"]:
    """The log-loss that class probabilities expect of themselves: their entropy."""
    return entropy(proba)


def zero_one(proba: Float[Array, "n c"]) -> Float[Array, " n"]:
    """The error that class probabilities expect of themselves: ``1 − max p``."""
    return 1 - jnp.max(proba, axis=1)


LOSSES = {"log": log_loss, "zero-one": zero_one}


class ExpectedError(AbstractStrategy):
    """Least expected loss over the pool once the answer is in (Roy & McCallum 2001); random in a cold round.

    Exact: the learner is refitted with every class on every candidate; the loss is what the new
    probabilities expect of themselves, summed over the points that were not asked, and averaged over the possible
    answers by their present probabilities. The batch is the top `q`, each judged alone. All points are candidates
    while that takes at most `refits` (256) refits; else the most uncertain ones by margin (``refits // c`` of
    them, never fewer than the batch).
    """

    name: ClassVar[str] = "expected-error"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "learner")
    loss: str = eqx.field(static=True, default="log")
    refits: int = eqx.field(static=True, default=256)

    def __check_init__(self):
        """Refuse an unknown loss."""
        if self.loss not in LOSSES:
            raise AskwellError(f"expected-error's loss is '{self.loss}'; choose one of {', '.join(LOSSES)}.")

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        fit_key, candidate_key, tie_key = jax.random.split(key, 3)
        n, c = view.log_proba.shape
        rows = top_k(candidate_key, uncertainty.margin(view), view.asked, min(n, max(q, self.refits // c)))
        risk = self.expected_risk(fit_key, view, rows)
        score = jnp.full(n, -jnp.inf).at[rows].set(jnp.where(view.cold, 0.0, -risk))
        return top_k(tie_key, score, view.asked, q)

    def expected_risk(self, key: PRNGKeyArray, view: View, rows: Int[Array, " m"]) -> Float[Array, " m"]:
        """The pool's mean expected loss after asking each of `rows` alone; all refits have one key."""
        learner, now, (x, y, weight) = learner_of(view, self.name), fitted_of(view, self.name), view.evidence
        c = view.log_proba.shape[1]
        x, y, weight = (
            jnp.concatenate([x, x[:1]]),
            jnp.append(y, 0),
            jnp.append(weight, 0.0),
        )  # room for a trial
        rest = ~view.asked / jnp.maximum(jnp.sum(~view.asked), 1)

        def after(trial: tuple[Int[Array, ""], Int[Array, ""]]) -> Float[Array, ""]:
            row, label = trial
            more = x.at[-1].set(view.x[row]), y.at[-1].set(label), weight.at[-1].set(1.0)
            fitted = learner.refit(now, key, *more, c)
            return LOSSES[self.loss](jnp.exp(fitted.log_proba(view.x))) @ rest

        trials = (jnp.repeat(rows, c), jnp.tile(jnp.arange(c), len(rows)))
        risk = jax.lax.map(after, trials, batch_size=BLOCK).reshape(-1, c)
        return jnp.sum(view.proba[rows] * risk, axis=1)
