"""Every registered game is held to the laws, and the laws reject what breaks them."""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from askwell import testing
from askwell.core import AskwellError
from askwell.games import GAMES, REWARDS, AbstractGame, BatchGame, LabelOrSkip, make_game, rollout
from askwell.strategies import LabelAll
from askwell.testing import games as laws


@pytest.mark.parametrize("law", testing.GAME_LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize(
    "settings", [{}, {"start": 3, "noise": 0.3, "reward": "relative"}], ids=["", "noisy"]
)
@pytest.mark.parametrize("name", GAMES)
def test_law(name, settings, law):
    law(make_game(name, {}, rounds=3, batch=4, **settings))


@pytest.mark.parametrize("reward", REWARDS)
def test_no_reward_reads_the_report(reward):
    laws.report_only_reports(BatchGame(rounds=3, batch=4, reward=reward))


class Wrapped(AbstractGame):
    """A batch game of which each subclass below breaks one law."""

    name: ClassVar[str] = "wrapped"
    opponents: ClassVar[tuple[str, ...]] = ("random",)
    environment: ClassVar[str] = "Wrapped"
    inner: BatchGame = BatchGame(rounds=3, batch=4)

    @classmethod
    def make(cls, settings, **batch):
        return cls(BatchGame(**batch), **settings)

    @property
    def space(self):
        return self.inner.space

    @property
    def start_labels(self):
        return self.inner.start_labels

    @property
    def budget(self):
        return self.inner.budget

    def turns(self, n):
        return self.inner.turns(n)

    def over(self, state):
        return self.inner.over(state)

    def reset(self, key, pool):
        return self.inner.reset(key, pool)

    def view(self, state):
        return self.inner.view(state)

    def reveal(self, state):
        return self.inner.reveal(state)

    def step(self, key, state, action):
        return self.inner.step(key, state, action)


class ShowsAnswers(Wrapped):
    name: ClassVar[str] = "shows-answers"

    def view(self, state):
        hint = jnp.where(state.answers == 0, 0.01, 0.0)
        return dataclasses.replace(super().view(state), log_proba=state.log_proba + hint[:, None])


class RewardsReport(Wrapped):
    name: ClassVar[str] = "rewards-report"

    def step(self, key, state, action):
        state, outcome = super().step(key, state, action)
        return state, dataclasses.replace(outcome, reward=outcome.report.log_loss)


class ForgetsAPick(Wrapped):
    name: ClassVar[str] = "forgets-a-pick"

    def step(self, key, state, action):
        _, outcome = super().step(key, state, action)
        return super().step(key, state, action.at[0].set(action[1]))[0], outcome


class BuysForFree(Wrapped):
    name: ClassVar[str] = "buys-for-free"

    def step(self, key, state, action):
        state, outcome = super().step(key, state, action)
        return state, dataclasses.replace(outcome, cost=outcome.cost - 1)


class RefusesAll(Wrapped):
    name: ClassVar[str] = "refuses-all"

    def step(self, key, state, action):
        state, outcome = super().step(key, state, action)
        return state, dataclasses.replace(outcome, legal=jnp.array(False))


class AddsEvidence(Wrapped):
    name: ClassVar[str] = "adds-evidence"

    def view(self, state):
        view = super().view(state)
        return dataclasses.replace(view, evidence=view.evidence._replace(y=(view.evidence.y + 1) % 3))


steps = [0]


class CountsSteps(Wrapped):
    name: ClassVar[str] = "counts-steps"

    def step(self, key, state, action):
        steps[0] += 1
        state, outcome = super().step(key, state, action)
        return state, dataclasses.replace(outcome, reward=outcome.reward + steps[0])


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
        (ForgetsAPick, laws.what_is_bought_is_known, "does not hold the answers"),
        (BuysForFree, laws.cost_is_counted, "not the number of labels"),
        (RefusesAll, laws.allowed_actions_are_legal, "called illegal"),
        (AddsEvidence, laws.what_is_bought_is_known, "not what was bought"),
        (CountsSteps, laws.step_is_pure, "something else the second time"),
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


@pytest.mark.parametrize("wrong", [[3, 3, 4, 5], [3, 4, 5, 200], [-1, 3, 4, 5]])
def test_an_action_that_is_not_allowed_is_told(wrong):
    game, pool = BatchGame(rounds=2, batch=4), laws.make_pool()
    state = game.reset(jax.random.key(0), pool)
    step = jax.jit(lambda state, action: game.step(jax.random.key(1), state, action))
    assert not bool(step(state, jnp.array(wrong))[1].legal)
    state, outcome = step(state, jnp.array([7, 8, 9, 10]))
    assert bool(outcome.legal)
    assert not bool(step(state, jnp.array([1, 2, 3, 9]))[1].legal)  # asked before


def test_labelling_all_is_a_batch_game_in_the_streams_order():
    """The wrapper adds nothing of its own: the same rows, the same keys, the same scores to the bit."""
    inner, pool = BatchGame(rounds=3, batch=4, start=2, noise=0.2), laws.make_pool()
    game = LabelOrSkip(inner, every=4)
    outcome = jax.jit(lambda key: rollout(game, LabelAll(), key, pool))(jax.random.key(5))
    bought = np.asarray(outcome.bought)[:12, 0].reshape(3, 4)
    assert (np.asarray(outcome.bought)[12:] == 64).all()  # the budget is spent

    game_key = jax.random.split(jax.random.key(5))[0]
    state = inner.reset(jax.random.fold_in(game_key, 0), pool)
    for round, rows in enumerate(bought):
        state, once = inner.step(jax.random.fold_in(game_key, round + 1), state, jnp.asarray(rows))
        assert float(once.report.accuracy) == float(outcome.report.accuracy[4 * round + 3])
        assert float(once.reward) == pytest.approx(float(outcome.reward[4 * round + 3]), abs=1e-6)


def test_the_stream_is_a_random_order_that_nobody_is_told():
    game = LabelOrSkip(BatchGame(rounds=3, batch=4, start=2), every=4)
    views, _ = laws.replay(game, jax.random.key(0), laws.make_pool(), jnp.zeros(60, bool))
    rows = np.asarray(views.stream.row)
    assert len(set(rows.tolist())) == 60
    other = laws.replay(game, jax.random.key(1), laws.make_pool(), jnp.zeros(60, bool))[0].stream.row
    assert not np.array_equal(rows, other)
    for turn in (0, 7, 59):
        offered = np.asarray(views.stream.offered[turn])
        assert offered[: turn + 1].tolist() == rows[: turn + 1].tolist()
        assert (offered[turn + 1 :] == 64).all()


@pytest.mark.parametrize("settings", [{"every": 0}, {"every": 2.5}, {"evry": 3}])
def test_a_stream_refuses_settings_that_it_does_not_have(settings):
    with pytest.raises(AskwellError, match="every"):
        make_game("label-or-skip", settings, rounds=3, batch=4)
