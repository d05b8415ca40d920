"""The ceilings: from one view, no proposal beats what the search finds on the set that it searches on."""

import dataclasses
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from askwell.core import AbstractFitted, AbstractLearner, AskwellError
from askwell.data import Synthetic
from askwell.games import BatchGame
from askwell.strategies import Clairvoyant, Margin, MarginHerding, Oracle, Random
from askwell.strategies.search import PROPOSALS, Search, measured, refitted

GAME = BatchGame(rounds=2, batch=5, start=10)
BRIEF = Search((Random(), Margin(), MarginHerding()), exchanges=4)
SEEDS = 4


def shown(seed, start=10):
    """A state of a small game and its view, with the truth."""
    pool = Synthetic(n=64, selection=64, report=64, d=4, classes=3).sample(jax.random.key(seed))
    game = dataclasses.replace(GAME, start=start)
    state = game.reset(jax.random.key(seed + 1), pool)
    return game, state, dataclasses.replace(game.view(state), truth=game.reveal(state))


@pytest.fixture(scope="module")
def view():
    return shown(0)[2]


def on_selection(view, picks):
    return measured(refitted(view, picks), view.truth.selection_x, view.truth.selection_y)


@pytest.mark.parametrize("start", [0, 10])
def test_no_proposal_is_more_accurate_after_the_games_own_step(start):
    """Of the whole default search, in the game itself; `search.propose` tells what was proposed."""

    @eqx.filter_jit
    def play(key, game, state, view):
        accuracy = lambda picks: game.step(key, state, picks)[1].selection.accuracy
        proposed = Search().propose(jax.random.split(key)[0], view, 5)
        return accuracy(Oracle().select(key, view, 5)), jax.vmap(accuracy)(proposed)

    gains = []
    for seed in range(SEEDS):
        found, proposed = play(jax.random.key(seed), *shown(seed, start))
        assert len(proposed) >= len(PROPOSALS) + 1
        gains.append(found - jnp.max(proposed))
    assert min(gains) >= -1e-6
    assert max(gains) > 0.01


def test_what_a_batch_is_worth_is_what_the_game_will_score(view):
    game, state, _ = shown(0)
    picks = Random().select(jax.random.key(2), view, 5)
    outcome = game.step(jax.random.key(3), state, picks)[1]
    expected = outcome.selection.accuracy, outcome.selection.log_loss
    np.testing.assert_allclose(on_selection(view, picks), expected, atol=1e-5)


class Uniform(AbstractFitted):
    def log_proba(self, x):
        return jnp.full((x.shape[0], 3), -jnp.log(3.0))


class Unsure(AbstractLearner):
    name: ClassVar[str] = "unsure"

    def fit(self, key, x, y, weight, classes):
        return Uniform()


def test_tied_classes_share_the_hit(view):
    found = on_selection(dataclasses.replace(view, learner=Unsure()), jnp.arange(5))
    np.testing.assert_allclose(found, (1 / 3, np.log(3)), rtol=1e-5)


def test_each_ceiling_searches_on_its_own_split(view):
    truth, key = view.truth, jax.random.key(3)
    oracle, clairvoyant = (
        jax.jit(lambda k, s=s: s.select(k, view, 5))(key) for s in (Oracle(BRIEF), Clairvoyant(BRIEF))
    )
    worth = lambda picks, x, y: float(jnp.subtract(*measured(refitted(view, picks), x, y)))
    report, selection = (truth.report_x, truth.report_y), (truth.selection_x, truth.selection_y)
    assert worth(clairvoyant, *report) > worth(oracle, *report)
    assert worth(oracle, *selection) > worth(clairvoyant, *selection)


def test_exchanges_only_improve_and_are_legal(view):
    kept, better = (
        jax.jit(lambda k, s=s: Oracle(s).select(k, view, 5))(jax.random.key(4))
        for s in (dataclasses.replace(BRIEF, exchanges=0), BRIEF)
    )
    assert len(set(better.tolist())) == 5
    assert not view.asked[better].any()
    (before, loss_before), (after, loss_after) = (on_selection(view, picks) for picks in (kept, better))
    assert after >= before
    assert after - loss_after > before - loss_before


def test_without_the_hidden_labels_it_refuses(view):
    with pytest.raises(AskwellError, match="needs the hidden labels"):
        Oracle(BRIEF).select(jax.random.key(0), dataclasses.replace(view, truth=None), 5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"proposals": (Oracle(),)}, "do not cheat"),
        ({"trials": 1}, "2 trials or more"),
        ({"exchanges": -1}, "2 trials or more"),
    ],
)
def test_a_search_that_cannot_be(settings, message):
    with pytest.raises(AskwellError, match=message):
        Search(**settings)
