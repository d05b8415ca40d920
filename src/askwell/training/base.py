"""The contract of a training algorithm: a state, what is collected from play, and what is learned from it."""

import abc
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from askwell.core import AbstractSpace, AskwellError, Pool, summary
from askwell.games import AbstractGame
from askwell.policies import AbstractHead
from askwell.training.optimiser import Optimiser

Experience = Any
"""What a trainer keeps of the play of some tasks: arrays, in a tree of its own choice."""

Task = tuple[AbstractGame, Pool]
"""A game, and a pool of the shapes that it is played on; shapes alone will do (`jax.ShapeDtypeStruct`)."""


class AbstractTrainerState(eqx.Module):
    """Everything that a trainer's next update needs: arrays alone, so that it can be written down and taken up."""


State = TypeVar("State", bound=AbstractTrainerState)


class AbstractTrainer(eqx.Module, Generic[State]):
    """Changes the weights of a head by playing.

    An update has two halves, so that many tasks are played side by side: `collect` plays some tasks with the weights
    as they are, on all cores; `learn` takes in what all of them brought. `update` does both for one game.

    `heads` is the kind of head that it can train, `spaces` what an action may be in the games that it plays. `fisher`
    says that it tells the Fisher matrix, which the natural gradient needs.
    """

    name: ClassVar[str]
    heads: ClassVar[type[AbstractHead]] = AbstractHead
    spaces: ClassVar[tuple[type[AbstractSpace], ...]] = (AbstractSpace,)
    fisher: ClassVar[bool] = False
    optimiser: eqx.AbstractVar[Optimiser]

    def __check_init__(self):
        """Refuse the natural gradient where there is no Fisher matrix."""
        if self.optimiser.natural and not self.fisher:
            raise AskwellError(
                f"The natural gradient compares sibling batches, and the trainer is '{self.name}'; set "
                'trainer = "siblings" or optimiser = "adam".'
            )

    @abc.abstractmethod
    def init(self, key: PRNGKeyArray, head: AbstractHead, games: Sequence[Task]) -> State:
        """The state before the first update; `games` are all that will be played."""

    @abc.abstractmethod
    def collect(
        self, key: PRNGKeyArray, state: State, place: int, game: AbstractGame, pools: Pool
    ) -> Experience:
        """Play a task on each of ``pools`` (a leading axis of tasks); `place` is the game's among those of `init`.

        Pure, and compiled by the caller. It never sees the report split.
        """

    @abc.abstractmethod
    def learn(
        self, key: PRNGKeyArray, state: State, places: Sequence[int], collected: Sequence[Experience]
    ) -> tuple[State, dict[str, Float[Array, ""]]]:
        """The state after an update, and its metrics by name; `places` says of which game each part is."""

    @abc.abstractmethod
    def head(self, state: State) -> AbstractHead:
        """The head to judge and to ship: at first the one that `init` was given."""

    def update(
        self, key: PRNGKeyArray, state: State, game: AbstractGame, pools: Pool
    ) -> tuple[State, dict[str, Float[Array, ""]]]:
        """One update from the play of one game, the first of those that `init` was given."""
        collect_key, learn_key = jax.random.split(key)
        return self.learn(learn_key, state, [0], [self.collect(collect_key, state, 0, game, pools)])

    def check(self, head: type[AbstractHead], games: Sequence[AbstractGame]) -> None:
        """Refuse a head or a game that this trainer cannot train, or a head that cannot play one of the games.

        Raises:
            AskwellError: saying what does not fit what.
        """
        if not issubclass(head, self.heads):
            raise AskwellError(
                f"The trainer '{self.name}' cannot train the head '{head.name}': it needs "
                f"{summary(self.heads)[0].lower()}{summary(self.heads)[1:].rstrip('.')}; choose another of the two."
            )
        for game in games:
            if not isinstance(game.space, self.spaces):
                names = ", ".join(space.name for space in self.spaces)
                raise AskwellError(
                    f"The trainer '{self.name}' plays games whose actions are {names}, and those of '{game.name}' are "
                    f"{game.space.name}; choose another trainer."
                )
            if not isinstance(game.space, head.space):
                raise AskwellError(
                    f"The head '{head.name}' decides about {head.space.name}, and an action of the game '{game.name}' "
                    f"is {game.space.name}; choose another head or another game."
                )
