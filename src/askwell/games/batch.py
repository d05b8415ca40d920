"""The batch game: each round a whole batch is asked before any of its answers is known."""

import dataclasses
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import NOT_ASKED, AskwellError, Geometry, Pool, Truth, View, measure, unknown
from askwell.games.base import AbstractGame, AbstractState, Outcome
from askwell.games.rewards import NEEDS_RANDOM, REWARDS, Change
from askwell.games.scores import Scores, score
from askwell.learners import AbstractLearner, Logistic


class BatchState(AbstractState):
    """The pool, what the annotator would answer, what was asked, and what the learner made of it."""

    pool: Pool
    geometry: Geometry
    answers: Int[Array, " n"]
    rows: Int[Array, " b"]  # asked so far, in order; n where not used yet
    log_proba: Float[Array, "n c"]
    selection: Scores
    round: Int[Array, ""]


class BatchGame(AbstractGame[BatchState]):
    """`rounds` times: ask `batch` labels, refit the learner from scratch, score it.

    Attributes:
        learner: the classifier that the labels are for.
        start: random labels given before the first round; 0 is a cold start.
        noise: probability that the annotator's answer is wrong (then uniform over the other classes);
            a point's answer is fixed at reset, so all strategies meet the same mistakes.
        reward: a name from ``askwell.games.REWARDS``; always computed on the selection split.
        labeller: if given, the geometry's groups are not k-means but one for each class, from a labeller that
            guesses every pool point's class and is wrong with this probability. The guesses are fixed at reset, the
            same for all strategies, and the one thing in a view that hidden labels have a say in.
    """

    name: ClassVar[str] = "batch"
    learner: AbstractLearner = Logistic()
    rounds: int = eqx.field(static=True, default=10)
    batch: int = eqx.field(static=True, default=10)
    start: int = eqx.field(static=True, default=0)
    noise: float = eqx.field(static=True, default=0.0)
    reward: str = eqx.field(static=True, default="accuracy")
    labeller: float | None = eqx.field(static=True, default=None)

    def __check_init__(self):
        """Refuse impossible settings."""
        if self.rounds < 1 or self.batch < 1 or self.start < 0:
            raise AskwellError(
                f"A game needs at least 1 round, a batch of at least 1 and 0 or more start labels; given "
                f"{self.rounds} rounds, batch {self.batch}, start {self.start}."
            )
        if not 0 <= self.noise <= 1:
            raise AskwellError(f"The annotator's noise is a probability in 0..1; {self.noise} was given.")
        if self.labeller is not None and not 0 <= self.labeller <= 1:
            raise AskwellError(
                f"The labeller is wrong with a probability in 0..1; {self.labeller} was given (None: k-means groups)."
            )
        if self.reward not in REWARDS:
            raise AskwellError(unknown("reward", self.reward, REWARDS))

    @property
    def budget(self) -> int:
        """Labels that one episode pays for, start labels included."""
        return self.start + self.rounds * self.batch

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
        noise_key, start_key, fit_key, guess_key = jax.random.split(key, 4)
        rows = jnp.full(self.budget, n)
        if self.start:
            rows = rows.at[: self.start].set(jax.random.choice(start_key, n, (self.start,), replace=False))
        answers = annotate(noise_key, pool.y, pool.classes, self.noise)
        if self.start:
            log_proba, selection, _ = self._fit(fit_key, pool, answers, rows)
        else:  # learners agree when there is no label: no need to compile another fit for that
            even = jnp.full((n + len(pool.selection_y), pool.classes), -jnp.log(pool.classes))
            log_proba, selection = even[:n], score(even[n:], pool.selection_y)
        geometry = measure(pool.x)
        if self.labeller is not None:
            guess = annotate(guess_key, pool.y, pool.classes, self.labeller)
            geometry = regroup(geometry, pool.x, guess, pool.classes)
        return BatchState(pool, geometry, answers, rows, log_proba, selection, jnp.array(0))

    def view(self, state: BatchState) -> View:
        """See `AbstractGame.view`."""
        n = state.answers.shape[0]
        asked = jnp.zeros(n, bool).at[state.rows].set(True, mode="drop")
        y = jnp.where(asked, state.answers, NOT_ASKED)
        pool = state.pool
        return View(
            pool.x, state.geometry, state.log_proba, y, state.rows, state.round, self.rounds, self.learner
        )

    def reveal(self, state: BatchState) -> Truth:
        """See `AbstractGame.reveal`."""
        pool = state.pool
        return Truth(state.answers, pool.selection_x, pool.selection_y, pool.report_x, pool.report_y)

    def step(
        self, key: PRNGKeyArray, state: BatchState, picks: Int[Array, " q"]
    ) -> tuple[BatchState, Outcome]:
        """See `AbstractGame.step`."""
        fit_key, random_key = jax.random.split(key)
        rows = self._ask(state, picks)
        log_proba, selection, report = self._fit(fit_key, state.pool, state.answers, rows)
        random = None
        if self.reward in NEEDS_RANDOM:
            asked = self.view(state).asked
            chance = jax.random.uniform(random_key, asked.shape) - asked
            other = self._ask(state, jax.lax.top_k(chance, self.batch)[1])
            random = self._fit(fit_key, state.pool, state.answers, other)[1]
        last = state.round == self.rounds - 1
        reward = REWARDS[self.reward](Change(state.selection, selection, last, random))
        after = BatchState(
            state.pool, state.geometry, state.answers, rows, log_proba, selection, state.round + 1
        )
        return after, Outcome(picks, state.answers[picks], reward, selection, report)

    def _ask(self, state: BatchState, picks: Int[Array, " q"]) -> Int[Array, " b"]:
        place = self.start + state.round * self.batch
        return jax.lax.dynamic_update_slice(state.rows, picks.astype(state.rows.dtype), (place,))

    def _fit(
        self, key: PRNGKeyArray, pool: Pool, answers: Int[Array, " n"], rows: Int[Array, " b"]
    ) -> tuple[Float[Array, "n c"], Scores, Scores]:
        """Refit on the asked rows alone and predict everywhere in one call (one host fit for scikit-learn)."""
        n, m = pool.x.shape[0], pool.selection_x.shape[0]
        paid = (rows < n).astype(pool.x.dtype)
        at = jnp.minimum(rows, n - 1)
        fitted = self.learner.fit(key, pool.x[at], answers[at], paid, pool.classes)
        log_proba = fitted.log_proba(jnp.concatenate([pool.x, pool.selection_x, pool.report_x]))
        selection = score(log_proba[n : n + m], pool.selection_y)
        return log_proba[:n], selection, score(log_proba[n + m :], pool.report_y)


def annotate(key: PRNGKeyArray, y: Int[Array, " n"], classes: int, noise: float) -> Int[Array, " n"]:
    """What the annotator would answer: wrong with probability `noise`, then any other class alike."""
    wrong_key, which_key = jax.random.split(key)
    wrong = jax.random.bernoulli(wrong_key, noise, y.shape)
    other = (y + jax.random.randint(which_key, y.shape, 1, max(classes, 2))) % classes
    return jnp.where(wrong, other, y)


def regroup(geometry: Geometry, x: Float[Array, "n d"], groups: Int[Array, " n"], count: int) -> Geometry:
    """The geometry with other groups than its k-means ones, `count` of them; an empty one lies at the origin."""
    member = jax.nn.one_hot(groups, count)
    total = member.T @ (x - jnp.mean(x, axis=0))  # centred, as all of the geometry is
    centres = total / jnp.maximum(jnp.sum(member, axis=0), 1.0)[:, None]
    return dataclasses.replace(geometry, groups=groups, centres=centres)


def sequential(game: BatchGame) -> BatchGame:
    """The same budget asked one label at a time, the learner refitted after each: what batches are compared to."""
    return dataclasses.replace(game, rounds=game.rounds * game.batch, batch=1)
