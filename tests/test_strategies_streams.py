"""Every rule that labels or skips is held to the laws, the laws reject what breaks them, and rules do as they say."""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from askwell import testing
from askwell.core import AbstractStreamStrategy, AskwellError, Skip, View
from askwell.games import BatchGame, LabelOrSkip, rollout
from askwell.policies import make_head
from askwell.strategies import (
    STRATEGIES,
    FixedThreshold,
    LabelAll,
    LabelRandom,
    Margin,
    Split,
    VariableUncertainty,
)
from askwell.testing import players as laws
from askwell.testing.pools import make_pool

RULES = {name: kind() for name, kind in STRATEGIES.items() if issubclass(kind, AbstractStreamStrategy)}
RULES["skip"] = make_head("skip", jax.random.key(0), {})
POOL = make_pool(n=100)


@pytest.mark.parametrize("law", testing.PLAYER_LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", RULES)
def test_law(name, law):
    law(RULES[name])


class Counts(AbstractStreamStrategy):
    """Says how uncertain, not whether."""

    name: ClassVar[str] = "counts"

    def label(self, key, view):
        return jnp.sum(view.proba[0])


class ReadsRows(AbstractStreamStrategy):
    name: ClassVar[str] = "reads-rows"

    def label(self, key, view):
        return view.stream.row % 2 == 0


class Remembers(AbstractStreamStrategy):
    name: ClassVar[str] = "remembers"
    calls: ClassVar[list[int]] = []

    def label(self, key, view):
        self.calls.append(1)
        return jnp.array(len(self.calls) % 2 == 0)


@pytest.mark.parametrize(
    ("strategy", "law", "sentence"),
    [
        (Counts, laws.acts_in_its_space, "one truth value"),
        (ReadsRows, laws.order_of_rows_says_nothing, "Permuting the pool"),
        (Remembers, laws.same_key_same_action, "draw from the key"),
        (Remembers, laws.jitted_equals_eager, "not the eager one"),
    ],
)
def test_a_broken_rule_is_rejected(strategy, law, sentence):
    with pytest.raises(AssertionError, match=sentence):
        law(strategy())


def stream(view: View, labelled: list[int], position: int, budget: int = 20, length: int = 100) -> View:
    """The view with another past: which of the places so far were labelled."""
    n = len(view.y)
    past = jnp.zeros(n, bool).at[jnp.array(labelled, int)].set(True)
    return dataclasses.replace(
        view,
        stream=dataclasses.replace(
            view.stream,
            labelled=past,
            position=jnp.array(position),
            bought=jnp.array(len(labelled)),
            length=length,
            budget=budget,
        ),
    )


@pytest.fixture(scope="module")
def view() -> View:
    return laws.at(laws._views(Skip), 40)


def test_a_random_rule_spends_the_budget_on_a_fair_sample():
    game = LabelOrSkip(BatchGame(rounds=4, batch=5), every=10)
    play = jax.jit(jax.vmap(lambda key: rollout(game, LabelRandom(), key, POOL)))
    outcome = play(jax.random.split(jax.random.key(0), 400))
    bought = np.asarray(outcome.bought[..., 0]) < 100
    assert (bought.sum(axis=1) == 20).all()
    share = bought.mean(axis=0)  # by place in the stream: each is as likely
    assert np.abs(share - 0.2).max() < 5 * (0.2 * 0.8 / 400) ** 0.5


def theta(labelled: np.ndarray, rate: float, step: float) -> float:
    """The threshold carried along, as the paper has it."""
    bound, spent = 1.0, 0
    for place, hit in enumerate(labelled):
        if spent < rate * (place + 1):
            bound *= 1 - step if hit else 1 + step
        spent += hit
    return bound


@pytest.mark.parametrize("seed", range(5))
def test_variable_uncertainty_is_the_papers_recursion(view, seed):
    rng = np.random.default_rng(seed)
    labelled = np.flatnonzero(rng.random(41) < 0.15).tolist()
    past = np.isin(np.arange(41), labelled)
    shown = stream(view, labelled, 41)
    bound = theta(past, 20 / 100, 0.05)
    from askwell.strategies.stream.variable_uncertainty import threshold

    ours = threshold(shown.stream, 0.05, jnp.ones(64, bool))
    assert float(ours) == pytest.approx(bound, rel=1e-5)
    sure = float(jnp.exp(shown.log_proba[shown.stream.row]).max())
    may = len(labelled) < 0.2 * 42
    assert bool(VariableUncertainty(step=0.05).label(jax.random.key(0), shown)) == (may and sure < bound)


def test_thresholds_and_shares_are_checked():
    for wrong in (lambda: FixedThreshold(0.0), lambda: VariableUncertainty(1.0), lambda: Split(share=1.5)):
        with pytest.raises(AskwellError, match=r"0\.\.1|between 0 and 1"):
            wrong()


def test_a_fixed_threshold_labels_what_is_unsure(view):
    sure = float(jnp.exp(view.log_proba[view.stream.row]).max())
    key = jax.random.key(0)
    assert bool(FixedThreshold(sure + 0.01).label(key, view))
    assert not bool(FixedThreshold(sure - 0.01).label(key, view))


def test_the_adaptive_threshold_asks_the_most_uncertain_at_the_rate_that_is_left(view):
    rule, keys = RULES["adaptive-threshold"], jax.random.split(jax.random.key(0), 300)
    value = np.asarray(1 - np.diff(np.sort(np.exp(view.log_proba), axis=1)[:, -2:])[:, 0])
    left = ~np.asarray(view.asked)
    row = int(view.stream.row)
    above, alike = (value[left] > value[row]).mean(), (value[left] == value[row]).mean()
    for budget in (1, 5, 20, 60):
        shown = stream(view, [], 0, budget=budget)
        expected = np.clip((budget / 100 - above) / alike, 0, 1)
        told = np.mean(jax.vmap(lambda key, shown=shown: rule.label(key, shown))(keys))
        assert told == pytest.approx(expected, abs=0.15)


def test_split_asks_at_random_where_it_is_randoms_turn(view):
    keys = jax.random.split(jax.random.key(0), 200)
    sure = dataclasses.replace(view, log_proba=jnp.log(jnp.array([0.98, 0.01, 0.01]))[None].repeat(64, 0))
    past = list(range(0, 12))  # the whole share is spent: only chance asks
    ask = lambda position: np.mean(
        jax.vmap(lambda key: Split(share=0.25).label(key, stream(sure, past, position)))(keys)
    )
    assert ask(43) == pytest.approx(8 / 57, abs=0.1)  # every fourth place
    assert ask(44) == 0


def test_a_rule_needs_a_stream_and_a_batch_strategy_a_batch():
    game = BatchGame(rounds=2, batch=4)
    view = game.view(game.reset(jax.random.key(0), POOL))
    with pytest.raises(AskwellError, match="no stream"):
        RULES["adaptive-threshold"].label(jax.random.key(0), view)
    import askwell

    with pytest.raises(
        AskwellError, match=r"'margin' decides about rows, and an action .* 'label-or-skip' is skip"
    ):
        askwell.compare("iris", game="label-or-skip", strategies={"margin": Margin()}, baseline="label-all")
    with pytest.raises(AskwellError, match=r"'label-all' decides about skip.* fit it: random, margin"):
        askwell.compare("iris", strategies={"label-all": LabelAll()}, baseline="random")
