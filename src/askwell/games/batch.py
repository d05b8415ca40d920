"""The batch game: each round a whole batch is asked before any of its answers is known."""

import dataclasses
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import (
    NOT_ASKED,
    AbstractFitted,
    AskwellError,
    Evidence,
    Geometry,
    Packed,
    Pool,
    Rows,
    Truth,
    View,
    gathered,
    measure,
    unfitted,
    unknown,
)
from askwell.core.view import inserted
from askwell.games.base import AbstractGame, AbstractState, Outcome, no_settings
from askwell.games.rewards import NEEDS_RANDOM, REWARDS, Change
from askwell.games.scores import Scores, score
from askwell.learners import AbstractLearner, Logistic


class BatchState(AbstractState):
    """The pool, what the annotator would answer, what was bought, and what the learner made of it."""

    pool: Pool
    geometry: Geometry
    answers: Int[Array, " n"]
    rows: Int[Array, " b"]  # bought so far, in order; n where not used yet
    evidence: Evidence
    cost: Int[Array, ""]  # labels paid for
    fitted: Packed[AbstractFitted]
    log_proba: Float[Array, "n c"]
    selection: Scores
    report: Scores
    round: Int[Array, ""]


class BatchGame(AbstractGame[BatchState]):
    """`rounds` times: ask `batch` labels, refit the learner from scratch, score it.

    The only game that buys labels and refits; other games wrap it and say what an action buys.

    Attributes:
        learner: the classifier that the labels are for.
        start: random labels given before the first round; 0 is a cold start.
        noise: probability that the annotator's answer is wrong (then uniform over the other classes);
            a point's answer is fixed at reset, so all strategies meet the same mistakes.
        reward: a name from ``askwell.games.REWARDS``; always computed on the selection split.
    """

    name: ClassVar[str] = "batch"
    environment: ClassVar[str] = "BatchPool"
    opponents: ClassVar[tuple[str, ...]] = (
        *("random", "margin", "coreset"),
        *("typiclust", "uherding", "margin-herding"),
    )
    learner: AbstractLearner = Logistic()
    rounds: int = eqx.field(static=True, default=10)
    batch: int = eqx.field(static=True, default=10)
    start: int = eqx.field(static=True, default=0)
    noise: float = eqx.field(static=True, default=0.0)
    reward: str = eqx.field(static=True, default="accuracy")

    def __check_init__(self):
        """Refuse impossible settings."""
        if self.rounds < 1 or self.batch < 1 or self.start < 0:
            raise AskwellError(
                f"A game needs at least 1 round, a batch of at least 1 and 0 or more start labels; given "
                f"{self.rounds} rounds, batch {self.batch}, start {self.start}."
            )
        if not 0 <= self.noise <= 1:
            raise AskwellError(f"The annotator's noise is a probability in 0..1; {self.noise} was given.")
        if self.reward not in REWARDS:
            raise AskwellError(unknown("reward", self.reward, REWARDS))

    @classmethod
    def make(cls, settings: dict[str, Any], **batch: Any) -> "BatchGame":
        """See `AbstractGame.make`; it has no settings but those of the batch game."""
        no_settings(cls, settings)
        return cls(**batch)

    @property
    def space(self) -> Rows:
        """See `AbstractGame.space`: batches."""
        return Rows(self.batch)

    @property
    def start_labels(self) -> int:
        """See `AbstractGame.start_labels`."""
        return self.start

    @property
    def budget(self) -> int:
        """Labels that one episode pays for, start labels included."""
        return self.start + self.rounds * self.batch

    def turns(self, n: int) -> int:
        """See `AbstractGame.turns`: a turn a round."""
        return self.rounds

    def over(self, state: BatchState) -> Bool[Array, ""]:
        """See `AbstractGame.over`."""
        return state.round >= self.rounds

    def reset(self, key: PRNGKeyArray, pool: Pool) -> BatchState:
        """See `AbstractGame.reset`.

        Raises:
            AskwellError: if the pool is smaller than the budget.
        """
        n = pool.x.shape[0]
        if n < self.budget:
            raise AskwellError(
                f"The pool has {n} points and the budget is {self.budget} labels; "
                "ask for fewer rounds or smaller batches."
            )
        noise_key, start_key, fit_key = jax.random.split(key, 3)
        rows = jnp.full(self.budget, n)
        if self.start:
            rows = rows.at[: self.start].set(jax.random.choice(start_key, n, (self.start,), replace=False))
        answers = annotate(noise_key, pool.y, pool.classes, self.noise)
        evidence = gathered(pool.x, answers, rows)
        if self.start:
            fitted = self.learner.fit(fit_key, *evidence, pool.classes)
            log_proba, selection, report = predicted(fitted, pool)
        else:  # all learners agree when there is no label, so no other fit has to be compiled for that
            fitted = unfitted(self.learner, *evidence, pool.classes)
            even = lambda m: jnp.full((m, pool.classes), -jnp.log(pool.classes))
            log_proba = even(n)
            selection, report = (score(even(len(y)), y) for y in (pool.selection_y, pool.report_y))
        geometry = measure(pool.x)
        packed: Packed[AbstractFitted] = Packed.of(fitted)
        cost = jnp.array(self.start)
        return BatchState(
            pool, geometry, answers, rows, evidence, cost, packed, log_proba, selection, report, jnp.array(0)
        )

    def view(self, state: BatchState) -> View:
        """See `AbstractGame.view`."""
        n = state.answers.shape[0]
        asked = jnp.zeros(n, bool).at[state.rows].set(True, mode="drop")
        return View(
            x=state.pool.x,
            geometry=state.geometry,
            log_proba=state.log_proba,
            y=jnp.where(asked, state.answers, NOT_ASKED),
            rows=state.rows,
            evidence=state.evidence,
            cost=state.cost,
            round=state.round,
            rounds=self.rounds,
            learner=self.learner,
            fitted=state.fitted.open(),
        )

    def reveal(self, state: BatchState) -> Truth:
        """See `AbstractGame.reveal`."""
        pool = state.pool
        return Truth(state.answers, pool.selection_x, pool.selection_y, pool.report_x, pool.report_y)

    def step(
        self, key: PRNGKeyArray, state: BatchState, action: Int[Array, " q"]
    ) -> tuple[BatchState, Outcome]:
        """See `AbstractGame.step`."""
        fresh = jnp.all((action >= 0) & (action < state.answers.shape[0]))
        legal = fresh & self.allowed(state, action)
        before, state = state.cost, self.buy(state, action)
        state, reward = self.refit(key, state, before, self.batch, state.round == self.rounds - 1)
        outcome = Outcome(
            action, state.answers[action], state.cost - before, reward, state.selection, state.report, legal
        )
        return state, outcome

    def allowed(self, state: BatchState, rows: Int[Array, " q"]) -> Bool[Array, ""]:
        """Whether rows are distinct and none was bought before; ``n`` may occur any number of times."""
        n, q = state.answers.shape[0], len(rows)
        again = jnp.any(rows[:, None] == state.rows, axis=1)
        twice = jnp.any((rows[:, None] == rows) & (jnp.arange(q)[:, None] < jnp.arange(q)), axis=0)
        return ~jnp.any((rows < n) & (again | twice))

    def buy(self, state: BatchState, rows: Int[Array, " q"]) -> BatchState:
        """Buy the labels of some rows; ``n`` buys nothing, and comes after all rows that are bought."""
        n = state.answers.shape[0]
        count, at = jnp.sum(rows < n), jnp.minimum(rows, n - 1)
        new, source = inserted(state.cost, len(state.rows), len(rows), count)
        return dataclasses.replace(
            state,
            rows=jnp.where(new, rows[source], state.rows),
            evidence=state.evidence.added(state.cost, state.pool.x[at], state.answers[at], count),
            cost=state.cost + count,
        )

    def hear(
        self, state: BatchState, x: Float[Array, "q d"], y: Int[Array, " q"], weight: Float[Array, " q"]
    ) -> BatchState:
        """Buy answers that are about no row: they enter the evidence as weighted points, and cost a label each."""
        evidence = state.evidence.added(state.cost, x, y, jnp.array(len(y)), weight)
        return dataclasses.replace(state, evidence=evidence, cost=state.cost + len(y))

    def refit(
        self, key: PRNGKeyArray, state: BatchState, since: Int[Array, ""], most: int, last: Bool[Array, ""]
    ) -> tuple[BatchState, Float[Array, ""]]:
        """Refit to all that was bought, score, and give the reward of the labels bought since the last refit.

        `since` is the cost at that refit, `most` how many labels can have been bought since; `last` says whether the
        episode ends here.
        """
        fit_key, random_key = jax.random.split(key)
        classes = state.pool.classes
        fitted = self.learner.fit(fit_key, *state.evidence, classes)
        log_proba, selection, report = predicted(fitted, state.pool)
        random = None
        if self.reward in NEEDS_RANDOM:
            n, place = state.answers.shape[0], jnp.arange(len(state.rows))
            before = jnp.where(place < since, state.rows, n)
            asked = jnp.zeros(n, bool).at[before].set(True, mode="drop")
            other = jax.lax.top_k(jax.random.uniform(random_key, (n,)) - asked, most)[1]
            labelled = state.pool.x[other], state.answers[other]
            instead = state.evidence.added(since, *labelled, state.cost - since)
            random = predicted(self.learner.fit(fit_key, *instead, classes), state.pool)[1]
        reward = REWARDS[self.reward](Change(state.selection, selection, last, random))
        packed: Packed[AbstractFitted] = Packed.of(fitted)
        after = dataclasses.replace(
            state,
            fitted=packed,
            log_proba=log_proba,
            selection=selection,
            report=report,
            round=state.round + 1,
        )
        return after, reward


def predicted(fitted: AbstractFitted, pool: Pool) -> tuple[Float[Array, "n c"], Scores, Scores]:
    """Beliefs about the pool and scores on both evaluation sets, in one call (one host fit for scikit-learn)."""
    n, m = pool.x.shape[0], pool.selection_x.shape[0]
    log_proba = fitted.log_proba(jnp.concatenate([pool.x, pool.selection_x, pool.report_x]))
    selection = score(log_proba[n : n + m], pool.selection_y)
    return log_proba[:n], selection, score(log_proba[n + m :], pool.report_y)


def annotate(key: PRNGKeyArray, y: Int[Array, " n"], classes: int, noise: float) -> Int[Array, " n"]:
    """What the annotator would answer: wrong with probability `noise`, then one of the other classes at random."""
    wrong_key, which_key = jax.random.split(key)
    wrong = jax.random.bernoulli(wrong_key, noise, y.shape)
    other = (y + jax.random.randint(which_key, y.shape, 1, max(classes, 2))) % classes
    return jnp.where(wrong, other, y)
