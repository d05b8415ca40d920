"""The fields that say which game is played, for every kind of spec."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from askwell.core import unknown
from askwell.core.spec import AbstractSpec, Share, Size
from askwell.games.base import AbstractGame
from askwell.games.batch import BatchGame
from askwell.games.registry import GAMES, make_game
from askwell.games.rewards import REWARDS
from askwell.learners import AbstractLearner


def _reward(value: str) -> str:
    if value not in REWARDS:
        raise ValueError(unknown("reward", value, REWARDS))
    return value


def _game(value: str) -> str:
    if value not in GAMES:
        raise ValueError(unknown("game", value, GAMES))
    return value


class AbstractGameSpec(AbstractSpec):
    """What decides a game, apart from learner and batch.

    Attributes:
        game: a name from ``askwell.games.GAMES``, with settings of its own in `game_settings`.
        rounds, start, noise, reward: see `askwell.games.BatchGame`.
    """

    game: Annotated[str, AfterValidator(_game)] = "batch"
    game_settings: dict[str, Any] = Field(default_factory=dict)
    rounds: Size = 10
    start: Annotated[int, Field(ge=0)] = 0
    noise: Share = 0.0
    reward: Annotated[str, AfterValidator(_reward)] = "accuracy"

    def game_of(self, learner: AbstractLearner, batch: int, rounds: int | None = None) -> AbstractGame:
        """The game of this spec, with `rounds` instead of the spec's if given; the only way from a spec to a game.

        Raises:
            AskwellError: for settings that the game cannot have.
        """
        return make_game(self.game, self.game_settings, **self._batch(learner, batch, rounds))

    @property
    def price(self) -> float | None:
        """What one label costs; see `askwell.games.AbstractGame.price`."""
        return make_game(self.game, self.game_settings).price

    def batch_game_of(self, learner: AbstractLearner, batch: int, rounds: int | None = None) -> BatchGame:
        """The batch game underneath, whatever game the spec plays."""
        return BatchGame(**self._batch(learner, batch, rounds))

    def _batch(self, learner: AbstractLearner, batch: int, rounds: int | None) -> dict[str, Any]:
        fields = {name: getattr(self, name) for name in ("start", "noise", "reward")}
        return {
            **fields,
            "learner": learner,
            "batch": batch,
            "rounds": self.rounds if rounds is None else rounds,
        }
