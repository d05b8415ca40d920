"""The contract of a game, and playing one to its end."""

import abc
import dataclasses
from typing import ClassVar, Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, Pool, Truth, View
from askwell.games.scores import Scores


class AbstractState(eqx.Module):
    """Only what the next step needs."""


State = TypeVar("State", bound=AbstractState)


class Outcome(eqx.Module):
    """What one round brought: for rewards, records and looking at; the next step never reads it."""

    picks: Int[Array, " q"]
    answers: Int[Array, " q"]
    reward: Float[Array, ""]
    selection: Scores
    report: Scores


class AbstractGame(eqx.Module, Generic[State]):
    """An episodic decision process around pool and learner; pure functions, static shapes."""

    name: ClassVar[str]
    rounds: eqx.AbstractVar[int]
    batch: eqx.AbstractVar[int]

    @abc.abstractmethod
    def reset(self, key: PRNGKeyArray, pool: Pool) -> State:
        """The first state of an episode: a function of key and pool alone."""

    @abc.abstractmethod
    def view(self, state: State) -> View:
        """What a strategy may see; never a hidden label."""

    @abc.abstractmethod
    def reveal(self, state: State) -> Truth:
        """What a strategy that cheats may see besides the view."""

    @abc.abstractmethod
    def step(self, key: PRNGKeyArray, state: State, picks: Int[Array, " q"]) -> tuple[State, Outcome]:
        """Ask for `picks`, refit, score. The key seeds the learner (and a reward's random batch)."""


def rollout(game: AbstractGame, strategy: AbstractStrategy, key: PRNGKeyArray, pool: Pool) -> Outcome:
    """Play one whole episode; every field of the outcome gets a leading axis of rounds.

    The game's own randomness (start labels, wrong answers, learner seeds) does not depend on the
    strategy, so strategies played with one key are paired.
    """
    game_key, strategy_key = jax.random.split(key)

    def play(state, round: Int[Array, ""]):
        view = game.view(state)
        if strategy.cheats:
            view = dataclasses.replace(view, truth=game.reveal(state))
        picks = strategy.select(jax.random.fold_in(strategy_key, round), view, game.batch)
        return game.step(jax.random.fold_in(game_key, round + 1), state, picks)

    first = game.reset(jax.random.fold_in(game_key, 0), pool)
    return jax.lax.scan(play, first, jnp.arange(game.rounds))[1]
