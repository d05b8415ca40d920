"""Stop as an action: labels have a price, and a player says when to end."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AskwellError, Pool, RowsOrStop, Stopping, Truth, View
from askwell.games.base import AbstractState, Outcome
from askwell.games.batch import BatchGame, BatchState
from askwell.games.rewards import REWARDS, Change
from askwell.games.wrappers.base import AbstractWrapper


class StopState(AbstractState):
    """The state of the batch game underneath, and how many predictions each round left as they were."""

    inner: BatchState
    agreement: Float[Array, " r"]


class Stop(AbstractWrapper[StopState]):
    """The batch game, but each label costs `price`, and a player may stop before the last round.

    An action is a batch, or ``n`` in every place: stop. After that nothing is bought and nothing changes. A round's
    reward is the batch game's less the price of its labels, so that the rewards of an episode sum to the accuracy at
    its end less what its labels cost.

    Attributes:
        game: the batch game underneath; its rounds are the most that can be played.
        price: accuracy given up for one label, 0 or more.
    """

    name: ClassVar[str] = "stop"
    environment: ClassVar[str] = "Stop"
    opponents: ClassVar[tuple[str, ...]] = ("uherding", "stop-after", "stop-stable", "stop-gain")
    game: BatchGame
    price: float = eqx.field(static=True, default=0.0005)  # pyright: ignore[reportIncompatibleMethodOverride]

    @classmethod
    def make(cls, settings: dict[str, Any], **batch: Any) -> "Stop":
        """See `AbstractGame.make`; its one setting is `price`."""
        price = settings.get("price", cls.price)
        number = isinstance(price, int | float) and not isinstance(price, bool)
        if set(settings) - {"price"} or not number or not 0 <= price < float("inf"):
            raise AskwellError(
                f"The game 'stop' has the setting price, the accuracy given up for one label, 0 or more, as "
                f"price=0.0005; given {settings}."
            )
        return cls(BatchGame(**batch), float(price))

    @property
    def space(self) -> RowsOrStop:
        """See `AbstractGame.space`."""
        return RowsOrStop(self.game.batch)

    def ended(self, state: StopState) -> Bool[Array, ""]:
        """Whether the player has stopped: it then paid for fewer rounds than have gone by."""
        return state.inner.cost < self.game.start + state.inner.round * self.game.batch

    def over(self, state: StopState) -> Bool[Array, ""]:
        """See `AbstractGame.over`."""
        return self.game.over(state.inner) | self.ended(state)

    def reset(self, key: PRNGKeyArray, pool: Pool) -> StopState:
        """See `AbstractGame.reset`."""
        return StopState(self.game.reset(key, pool), jnp.zeros(self.game.rounds))

    def view(self, state: StopState) -> View:
        """See `AbstractGame.view`: that of the batch game, with price and agreement."""
        stopping = Stopping(jnp.asarray(self.price), state.agreement, self.ended(state))
        return eqx.tree_at(
            lambda view: view.stopping, self.game.view(state.inner), stopping, is_leaf=lambda x: x is None
        )

    def reveal(self, state: StopState) -> Truth:
        """See `AbstractGame.reveal`."""
        return self.game.reveal(state.inner)

    def step(
        self, key: PRNGKeyArray, state: StopState, action: Int[Array, " q"]
    ) -> tuple[StopState, Outcome]:
        """See `AbstractGame.step`."""
        game, inner, n = self.game, state.inner, len(state.inner.answers)
        still = self.ended(state) | jnp.all(action == n)
        fresh = jnp.all((action >= 0) & (action < n)) & game.allowed(inner, action)
        rows, last = jnp.where(still, n, action), inner.round == game.rounds - 1
        after, reward = game.refit(key, game.buy(inner, rows), inner.cost, game.batch, last)
        # A learner with chance in it would differ after a refit to the same labels.
        changing = lambda s: (s.fitted, s.log_proba, s.selection, s.report)
        kept = jax.tree.map(lambda old, new: jnp.where(still, old, new), changing(inner), changing(after))
        after = eqx.tree_at(changing, after, kept)
        unchanged = REWARDS[game.reward](Change(inner.selection, inner.selection, last, inner.selection))
        cost = after.cost - inner.cost
        same = jnp.mean(jnp.argmax(inner.log_proba, axis=1) == jnp.argmax(after.log_proba, axis=1))
        same = jnp.where(game.view(inner).cold, 0.0, same)
        outcome = Outcome(
            bought=rows,
            answers=inner.answers[jnp.minimum(rows, n - 1)],
            cost=cost,
            reward=jnp.where(still, unchanged, reward) - self.price * cost,
            selection=after.selection,
            report=after.report,
            legal=still | fresh,
        )
        return StopState(after, state.agreement.at[inner.round].set(same, mode="drop")), outcome
