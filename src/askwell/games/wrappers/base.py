"""What games share that keep the batch game's state."""

import equinox as eqx
from jaxtyping import Array, Bool, PRNGKeyArray

from askwell.core import Pool, Truth, View
from askwell.games.base import AbstractGame
from askwell.games.batch import BatchGame, BatchState


class AbstractBatchWrapper(AbstractGame[BatchState]):
    """The batch game `game` with another meaning of an action: `make`, `space` and `step` are left to say."""

    game: eqx.AbstractVar[BatchGame]

    @property
    def start_labels(self) -> int:
        """See `AbstractGame.start_labels`."""
        return self.game.start_labels

    @property
    def budget(self) -> int:
        """See `AbstractGame.budget`."""
        return self.game.budget

    def turns(self, n: int) -> int:
        """See `AbstractGame.turns`."""
        return self.game.turns(n)

    def over(self, state: BatchState) -> Bool[Array, ""]:
        """See `AbstractGame.over`."""
        return self.game.over(state)

    def reset(self, key: PRNGKeyArray, pool: Pool) -> BatchState:
        """See `AbstractGame.reset`."""
        return self.game.reset(key, pool)

    def view(self, state: BatchState) -> View:
        """See `AbstractGame.view`."""
        return self.game.view(state)

    def reveal(self, state: BatchState) -> Truth:
        """See `AbstractGame.reveal`."""
        return self.game.reveal(state)
