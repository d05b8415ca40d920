"""Label or skip: points come one at a time, and each is labelled now or never."""

import dataclasses
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, PRNGKeyArray

from askwell.core import AskwellError, Pool, Skip, Stream, Truth, View
from askwell.games.base import AbstractState, Outcome
from askwell.games.batch import BatchGame, BatchState
from askwell.games.wrappers.base import AbstractWrapper


class StreamState(AbstractState):
    """The state of the batch game underneath, and how far the stream has run."""

    inner: BatchState
    order: Int[Array, " n"]  # in which the pool's rows come; those labelled at the start come last
    labelled: Bool[Array, " n"]  # by place in that order
    position: Int[Array, ""]
    refitted: Int[Array, ""]  # labels paid for at the last refit


class LabelOrSkip(AbstractWrapper[StreamState]):
    """The pool passes by in random order; a player labels or skips each point, within the batch game's budget.

    The pool's features are known from the start, the order is not. The learner is refitted after each `every` points,
    whether or not one of them was labelled: a fixed rhythm, so that episodes that run side by side refit together. The
    points left over after the last whole `every` are not offered. Once the budget is spent, "label" buys
    nothing.

    Attributes:
        game: the batch game underneath; its rounds times its batch (and its start labels) are the budget.
        every: points between two refits; by default the batch game's batch.
    """

    name: ClassVar[str] = "label-or-skip"
    environment: ClassVar[str] = "LabelOrSkip"
    opponents: ClassVar[tuple[str, ...]] = (
        *("label-random", "label-all", "fixed-threshold"),
        *("adaptive-threshold", "variable-uncertainty", "split"),
    )
    game: BatchGame
    every: int = eqx.field(static=True, default=10)

    def __check_init__(self):
        """Refuse an `every` below 1."""
        if self.every < 1:
            raise AskwellError(f"every is {self.every}; the learner is refitted after 1 point or more.")

    @classmethod
    def make(cls, settings: dict[str, Any], **batch: Any) -> "LabelOrSkip":
        """See `AbstractGame.make`; its one setting is `every`."""
        game = BatchGame(**batch)
        every = settings.get("every", game.batch)
        if set(settings) - {"every"} or not isinstance(every, int):
            raise AskwellError(
                f"The game 'label-or-skip' has the setting every, a whole number; given {settings}."
            )
        return cls(game, every)

    @property
    def space(self) -> Skip:
        """See `AbstractGame.space`."""
        return Skip()

    @property
    def curve_step(self) -> int:
        """See `AbstractGame.curve_step`: the batch game's batch."""
        return self.game.batch

    @property
    def turns_a_round(self) -> int:
        """See `AbstractGame.turns_a_round`."""
        return self.every

    def turns(self, n: int) -> int:
        """See `AbstractGame.turns`: a turn a point."""
        return max((n - self.game.start) // self.every, 1) * self.every

    def over(self, state: StreamState) -> Bool[Array, ""]:
        """See `AbstractGame.over`: the learner has seen all that can be bought, or the stream has run dry."""
        spent = (state.refitted >= self.budget) | (state.position >= self.turns(len(state.order)))
        return spent & (state.position % self.every == 0)

    def reset(self, key: PRNGKeyArray, pool: Pool) -> StreamState:
        """See `AbstractGame.reset`."""
        inner = self.game.reset(key, pool)
        n = pool.x.shape[0]
        order = jax.random.permutation(jax.random.fold_in(key, n), n)
        if self.game.start:
            first = jnp.zeros(n, bool).at[inner.rows].set(True, mode="drop")
            order = order[jnp.argsort(first[order], stable=True)]
        return StreamState(inner, order, jnp.zeros(n, bool), jnp.array(0), inner.cost)

    def view(self, state: StreamState) -> View:
        """See `AbstractGame.view`: that of the batch game, with the stream so far."""
        n = len(state.order)
        turns, come = self.turns(n), jnp.arange(n) <= state.position
        stream = Stream(
            row=state.order[jnp.minimum(state.position, n - 1)],
            offered=jnp.where(come, state.order, n),
            labelled=state.labelled,
            position=state.position,
            bought=state.inner.cost - self.game.start,
            length=turns,
            budget=self.budget - self.game.start,
        )
        view = self.game.view(state.inner)
        return dataclasses.replace(view, stream=stream, rounds=turns // self.every)

    def reveal(self, state: StreamState) -> Truth:
        """See `AbstractGame.reveal`."""
        return self.game.reveal(state.inner)

    def step(
        self, key: PRNGKeyArray, state: StreamState, action: Bool[Array, ""]
    ) -> tuple[StreamState, Outcome]:
        """See `AbstractGame.step`."""
        n, inner = len(state.order), state.inner
        # Where a pool is smaller than one round, the last turns have no point of their own.
        left = (inner.cost < self.budget) & (state.position < n - self.game.start)
        label = (action != 0) & left
        row = jnp.where(label, state.order[jnp.minimum(state.position, n - 1)], n)
        labelled = state.labelled.at[state.position].set(label, mode="drop")
        inner, position = self.game.buy(inner, row[None]), state.position + 1
        # The position is the same in all episodes that run side by side, so only one of the branches is computed.
        # Only what a refit changes goes through the choice: anything else, such as the pool, would be copied.
        changing = lambda s: (s.fitted, s.log_proba, s.selection, s.report, s.round)

        def refit():
            last = position >= self.turns(n)
            after, reward = self.game.refit(key, inner, state.refitted, self.every, last)
            return changing(after), reward

        changed, reward = jax.lax.cond(
            position % self.every == 0, refit, lambda: (changing(inner), jnp.zeros(()))
        )
        inner = eqx.tree_at(changing, inner, changed)
        refitted = jnp.where(position % self.every == 0, inner.cost, state.refitted)
        answer = inner.answers[jnp.minimum(row, n - 1)]
        outcome = Outcome(
            bought=row[None],
            answers=answer[None],
            cost=inner.cost - state.inner.cost,
            reward=reward,
            selection=inner.selection,
            report=inner.report,
            legal=jnp.array(True),
        )
        return StreamState(inner, state.order, labelled, position, refitted), outcome
