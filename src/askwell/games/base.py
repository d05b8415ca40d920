"""The contract of a game, and the one place where an episode is played."""

import abc
import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AbstractBatchSpace, AbstractPlayer, AbstractSpace, AskwellError, Pool, Truth, View
from askwell.games.scores import Scores


class AbstractState(eqx.Module):
    """Only what the next step needs."""


State = TypeVar("State", bound=AbstractState)


class Outcome(eqx.Module):
    """What happened in one turn: for rewards, records and figures; the next step never reads it.

    Attributes:
        bought: pool rows whose labels were bought; ``n`` (the size of the pool) where nothing was.
        answers: their labels, of any value where nothing was bought.
        cost: labels paid for in this turn.
        reward: of the learner's refit in this turn; 0 in turns without one.
        selection, report: the learner's scores after the turn.
        legal: whether the action was allowed: rows of the pool, distinct, none bought before.
    """

    bought: Int[Array, " q"]
    answers: Int[Array, " q"]
    cost: Int[Array, ""]
    reward: Float[Array, ""]
    selection: Scores
    report: Scores
    legal: Bool[Array, ""]


class AbstractGame(eqx.Module, Generic[State]):
    """An episodic decision process around pool and learner; pure functions, static shapes.

    An episode has turns, one action in each. A round is the turns from one refit of the learner to the next.

    `opponents` names the strategies that `compare` plays where none is named, the baseline first. `environment` is
    the game's name in Gymnasium. `virtual` says that its answers are about no row of the pool: they enter the evidence
    as virtual points, and nothing is `bought`.
    """

    name: ClassVar[str]
    opponents: ClassVar[tuple[str, ...]]
    environment: ClassVar[str]
    virtual: ClassVar[bool] = False

    @classmethod
    @abc.abstractmethod
    def make(cls, settings: dict[str, Any], **batch: Any) -> "AbstractGame":
        """The game with its own `settings`, around a batch game with the settings `batch`.

        Raises:
            AskwellError: for settings that it cannot have.
        """

    @property
    @abc.abstractmethod
    def space(self) -> AbstractSpace:
        """What an action is."""

    @property
    @abc.abstractmethod
    def start_labels(self) -> int:
        """Labels that are given before the first turn."""

    @property
    @abc.abstractmethod
    def budget(self) -> int:
        """Labels that an episode may pay for, start labels included."""

    @property
    def informed(self) -> bool:
        """Whether somebody who knows something of the hidden labels has a part in it, besides the annotator."""
        return False

    @property
    def price(self) -> float | None:
        """What one label costs, in the unit of the metric; None where the budget is given and labels up to it are free.

        Where labels have a price, an episode is judged by the metric at its end less what its labels cost ("net").
        """
        return None

    @property
    def curve_step(self) -> int:
        """Labels between two points of its learning curve; as many as a batch has where an action is one."""
        return self.space.q if isinstance(self.space, AbstractBatchSpace) else 1

    @property
    def turns_a_round(self) -> int:
        """How many turns a round has: the learner is refitted after so many."""
        return 1

    @abc.abstractmethod
    def turns(self, n: int) -> int:
        """Turns of an episode on a pool of `n` points, a multiple of `turns_a_round`."""

    @abc.abstractmethod
    def reset(self, key: PRNGKeyArray, pool: Pool) -> State:
        """The first state of an episode: a function of key and pool alone."""

    @abc.abstractmethod
    def view(self, state: State) -> View:
        """What a player may see; never a hidden label."""

    @abc.abstractmethod
    def reveal(self, state: State) -> Truth:
        """What a player that cheats may see besides the view."""

    @abc.abstractmethod
    def step(self, key: PRNGKeyArray, state: State, action: Array) -> tuple[State, Outcome]:
        """Take an action of `space`. The key seeds the learner (and a reward's random batch).

        All turns of a round are given the same key: a game that draws in a turn folds the turn's number in.
        """

    @abc.abstractmethod
    def over(self, state: State) -> Bool[Array, ""]:
        """Whether nothing more can be bought; further steps are allowed and change nothing that counts."""


class Turn(NamedTuple):
    """Which turn it is, from 0, and its keys: `act` for the player, `game` for the game's step."""

    number: Int[Array, ""]
    act: PRNGKeyArray
    game: PRNGKeyArray


Memory = TypeVar("Memory")
Act = Callable[[Turn, Any, Any], tuple[Any, Any, Any]]
"""From turn, state and memory to the next state, the next memory, and what to report of the turn."""


def trajectory(
    game: AbstractGame[State],
    act: Act,
    keys: tuple[PRNGKeyArray, PRNGKeyArray],
    pool: Pool | None = None,
    *,
    memory: Any = None,
    start: State | None = None,
    turns: int | None = None,
) -> tuple[Any, State, Any]:
    """Play an episode: the one place where it is a scan.

    The game's own randomness comes from ``keys[0]``, the player's from ``keys[1]``, so that all players
    with the same first key meet the same start labels, wrong answers and learner seeds.

    Args:
        game: what is played.
        act: called once a turn; it decides and steps.
        keys: the game's and the player's.
        pool: what the episode begins with; not needed with `start`.
        memory: what `act` carries from turn to turn.
        start: a state to go on from, instead of a reset.
        turns: how many are played; by default a whole episode.

    Returns:
        What `act` reported, with a leading axis of turns; the last state; the last memory.
    """
    game_key, act_key = keys
    if start is None:
        assert pool is not None
        start = game.reset(jax.random.fold_in(game_key, 0), pool)
    count = game.turns(game.view(start).x.shape[0]) if turns is None else turns

    def play(carry: tuple[State, Any], number: Int[Array, ""]):
        state, memory = carry
        round = number // game.turns_a_round
        turn = Turn(number, jax.random.fold_in(act_key, number), jax.random.fold_in(game_key, round + 1))
        state, memory, told = act(turn, state, memory)
        return (state, memory), told

    (state, memory), told = jax.lax.scan(play, (start, memory), jnp.arange(count))
    return told, state, memory


def shown_to(game: AbstractGame[State], player: AbstractPlayer, state: State) -> View:
    """What a player sees: the view, with the truth in it if the player cheats."""
    view = game.view(state)
    return dataclasses.replace(view, truth=game.reveal(state)) if player.cheats else view


class OneOf(AbstractPlayer):
    """Several players of a game, of which number `which` decides.

    A program of their episodes holds the game once, and from each player only its rule. Which one plays is an argument
    of the program, the same for all episodes of a `vmap`: then the others cost nothing.
    """

    name: ClassVar[str] = "one of several"
    cheats: ClassVar[bool] = True  # it hands the truth on to those of its players that cheat
    players: tuple[AbstractPlayer, ...]
    which: Int[Array, ""]

    def decide(self, key: PRNGKeyArray, view: View, space: AbstractSpace) -> Array:
        """See `AbstractPlayer.decide`.

        Raises:
            AskwellError: for a player whose action has another shape or kind than those of `space`.
        """
        like = jax.eval_shape(lambda: space.sample(key, view))

        def decision(player: AbstractPlayer) -> Callable[[], Array]:
            seen = view if player.cheats else dataclasses.replace(view, truth=None)

            def decided() -> Array:
                action = jnp.asarray(player.decide(key, seen, space))
                if action.shape != like.shape or not np.can_cast(action.dtype, like.dtype, "same_kind"):
                    raise AskwellError(
                        f"The strategy '{player.name}' gave an action of shape {action.shape} and type "
                        f"{action.dtype}; here one has shape {like.shape} and type {like.dtype}."
                    )
                return action.astype(like.dtype)

            return decided

        return jax.lax.switch(self.which, [decision(player) for player in self.players])


def rollout(game: AbstractGame, player: AbstractPlayer, key: PRNGKeyArray, pool: Pool) -> Outcome:
    """Play one whole episode; every field of the outcome gets a leading axis of turns.

    The game's own randomness does not depend on the player, so players that are given the same key are paired.
    """

    def act(turn: Turn, state: Any, memory: None):
        action = player.decide(turn.act, shown_to(game, player, state), game.space)
        state, outcome = game.step(turn.game, state, action)
        return state, memory, outcome

    game_key, act_key = jax.random.split(key)
    return trajectory(game, act, (game_key, act_key), pool)[0]


def no_settings(game: type[AbstractGame], settings: dict[str, Any]) -> None:
    """Refuse settings for a game that has none of its own.

    Raises:
        AskwellError: naming the game and what was given.
    """
    if settings:
        raise AskwellError(f"The game '{game.name}' has no settings of its own; given {', '.join(settings)}.")


def fits(game: AbstractGame, player: AbstractPlayer, name: str) -> None:
    """Refuse a player that cannot act in a game.

    Raises:
        AskwellError: naming the game, what its actions are, and the strategies that fit.
    """
    if not isinstance(game.space, player.space):
        raise AskwellError(
            f"The strategy '{name}' decides about {player.space.name}, and an action of the game '{game.name}' is "
            f"{game.space.name}; strategies that fit it: {', '.join(game.opponents)}."
        )
