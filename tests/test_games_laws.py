"""Every registered game is held to the laws, and the laws reject what breaks them."""

import dataclasses
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from askwell import testing
from askwell.games import GAMES, REWARDS, AbstractGame, BatchGame
from askwell.testing import games as laws


@pytest.mark.parametrize("law", testing.GAME_LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize(
    "settings", [{}, {"start": 3, "noise": 0.3, "reward": "relative"}], ids=["", "noisy"]
)
@pytest.mark.parametrize("name", GAMES)
def test_law(name, settings, law):
    law(GAMES[name](rounds=3, batch=4, **settings))


@pytest.mark.parametrize("reward", REWARDS)
def test_no_reward_reads_the_report(reward):
    laws.report_only_reports(BatchGame(rounds=3, batch=4, reward=reward))


class Wrapped(AbstractGame):
    """A batch game of which each subclass below breaks one law."""

    name: ClassVar[str] = "wrapped"
    inner: BatchGame = BatchGame(rounds=3, batch=4)
    rounds: int = eqx.field(static=True, default=3)
    batch: int = eqx.field(static=True, default=4)

    def reset(self, key, pool):
        return self.inner.reset(key, pool)

    def view(self, state):
        return self.inner.view(state)

    def reveal(self, state):
        return self.inner.reveal(state)

    def step(self, key, state, picks):
        return self.inner.step(key, state, picks)


class ShowsAnswers(Wrapped):
    name: ClassVar[str] = "shows-answers"

    def view(self, state):
        hint = jnp.where(state.answers == 0, 0.01, 0.0)
        return dataclasses.replace(super().view(state), log_proba=state.log_proba + hint[:, None])


class RewardsReport(Wrapped):
    name: ClassVar[str] = "rewards-report"

    def step(self, key, state, picks):
        state, outcome = super().step(key, state, picks)
        return state, dataclasses.replace(outcome, reward=outcome.report.log_loss)


class ForgetsAPick(Wrapped):
    name: ClassVar[str] = "forgets-a-pick"

    def step(self, key, state, picks):
        _, outcome = super().step(key, state, picks)
        return super().step(key, state, picks.at[0].set(picks[1]))[0], outcome


resets = [0.0]


class RemembersResets(Wrapped):
    name: ClassVar[str] = "remembers-resets"

    def reset(self, key, pool):
        resets[0] += 1
        state = super().reset(key, pool)
        return dataclasses.replace(state, log_proba=state.log_proba - resets[0])


class MixesEpisodes(Wrapped):
    name: ClassVar[str] = "mixes-episodes"

    def view(self, state):
        log_proba = jax.pure_callback(
            lambda a: np.asarray(a) - np.asarray(a).mean(),
            state.log_proba,
            state.log_proba,
            vmap_method="broadcast_all",
        )
        return dataclasses.replace(super().view(state), log_proba=log_proba)


@pytest.mark.parametrize(
    ("game", "law", "sentence"),
    [
        (ShowsAnswers, laws.hidden_labels_stay_hidden, "depends on hidden labels"),
        (RewardsReport, laws.report_only_reports, "influence on the reward"),
        (ForgetsAPick, laws.picks_are_recorded, "does not hold the answers"),
        (RemembersResets, laws.reset_is_a_true_reset, "compiled anew"),
        (MixesEpisodes, laws.vmapped_equals_looped, "loop"),
    ],
)
def test_a_broken_game_is_rejected(game, law, sentence):
    with pytest.raises(AssertionError, match=sentence):
        law(game())


def test_the_whole_check():
    testing.check_game(Wrapped())
    with pytest.raises(AssertionError):
        testing.check_game(ShowsAnswers())
