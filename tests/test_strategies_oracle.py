"""The ceilings: from one view, no proposal beats what the search finds on the set that it searches on."""

import dataclasses

import jax
import pytest

from askwell.core import AskwellError
from askwell.data import Synthetic
from askwell.games import BatchGame
from askwell.strategies import Margin, MarginHerding, Random
from askwell.strategies.oracle import Clairvoyant, Oracle, search, worth

PROPOSALS = (Random(), Margin(), MarginHerding())


@pytest.fixture(scope="module")
def view():
    pool = Synthetic(n=64, selection=64, report=64, d=4, classes=3).sample(jax.random.key(0))
    game = BatchGame(rounds=2, batch=5, start=10)
    state = game.reset(jax.random.key(1), pool)
    return dataclasses.replace(game.view(state), truth=game.reveal(state))


def test_the_search_is_never_worse_than_a_proposal_and_finds_better(view):
    truth = view.truth
    value = jax.jit(lambda picks: worth(view, picks, truth.selection_x, truth.selection_y))
    keys = jax.random.split(jax.random.key(2), 3)
    find = jax.jit(lambda key: search(key, view, 5, truth.selection_x, truth.selection_y, PROPOSALS))
    blind = dataclasses.replace(view, truth=None)
    for key in keys:
        found = find(key)
        assert len(set(found.tolist())) == 5
        assert not view.asked[found].any()
        proposed = [
            value(strategy.select(k, blind, 5))
            for strategy, k in zip(PROPOSALS, jax.random.split(jax.random.split(key, 3)[0], 3), strict=True)
        ]
        assert value(found) > max(proposed)


def test_each_ceiling_searches_on_its_own_split(view):
    truth, key = view.truth, jax.random.key(3)
    oracle, clairvoyant = (
        jax.jit(lambda k, s=s: s.select(k, view, 5))(key) for s in (Oracle(PROPOSALS), Clairvoyant(PROPOSALS))
    )
    on_report = [worth(view, picks, truth.report_x, truth.report_y) for picks in (oracle, clairvoyant)]
    on_selection = [
        worth(view, picks, truth.selection_x, truth.selection_y) for picks in (oracle, clairvoyant)
    ]
    assert on_report[1] > on_report[0]
    assert on_selection[0] > on_selection[1]


def test_without_the_hidden_labels_it_refuses(view):
    with pytest.raises(AskwellError, match="needs the hidden labels"):
        Oracle(PROPOSALS).select(jax.random.key(0), dataclasses.replace(view, truth=None), 5)
