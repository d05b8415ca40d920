"""Every registered strategy is held to the laws, and the laws reject what breaks them."""

import multiprocessing
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from askwell import testing
from askwell.core import AbstractStrategy
from askwell.strategies import STRATEGIES, AbstractScoreStrategy, Margin, Random
from askwell.strategies.audited import Audited
from askwell.strategies.pickers import top_k
from askwell.strategies.search import Search
from askwell.testing import strategies as laws

ROW_STRATEGIES = {name: kind for name, kind in STRATEGIES.items() if issubclass(kind, AbstractStrategy)}
CEILINGS = [name for name, strategy in ROW_STRATEGIES.items() if strategy.cheats]
# Thousands of batches are played here, so those that refit much try little; see below for what they do by default.
SEARCH = Search((Random(), Margin()), exchanges=1, trials=2)
BRIEF = {
    "expected-error": {"refits": 48},
    "adaptive": {"rules": (Margin(), Random()), "leads": (0.0, 0.0), "trials": 2},
} | {name: {"search": SEARCH} for name in CEILINGS}
ALL: dict[str, AbstractStrategy] = {
    name: kind(**BRIEF.get(name, {})) for name, kind in ROW_STRATEGIES.items()
}
ALL["audited"] = Audited(Margin(), 0.3)


@pytest.mark.parametrize("law", testing.STRATEGY_LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", ALL)
def test_law(name, law):
    law(ALL[name])


@pytest.mark.parametrize("law", [laws.compiles_once, laws.valid_picks, laws.vmapped_equals_looped])
@pytest.mark.parametrize("name", BRIEF)
def test_law_with_the_whole_search(name, law):
    law(STRATEGIES[name]())


def test_all_pick_the_same_in_another_process():
    testing.same_picks_in_another_process(*ALL.values())


class Duplicates(AbstractStrategy):
    name: ClassVar[str] = "duplicates"

    def select(self, key, view, q):
        return jnp.full(q, jnp.argmin(view.asked))


class AskedAgain(AbstractStrategy):
    name: ClassVar[str] = "asked-again"

    def select(self, key, view, q):
        return jax.random.permutation(key, view.x.shape[0])[:q]


class FirstRows(AbstractScoreStrategy):
    name: ClassVar[str] = "first-rows"

    def score(self, view):
        return -jnp.arange(view.x.shape[0], dtype=float)


class FirstRowsUnscored(AbstractStrategy):
    name: ClassVar[str] = "first-rows-unscored"

    def select(self, key, view, q):
        return jnp.argsort(view.asked)[:q]


class BiasedByRow(AbstractStrategy):
    name: ClassVar[str] = "biased-by-row"

    def select(self, key, view, q):
        n = view.x.shape[0]
        return top_k(key, jax.random.uniform(key, (n,)) + jnp.linspace(0, 1, n), view.asked, q)


class NotANumberOnDuplicates(AbstractScoreStrategy):
    name: ClassVar[str] = "nan-on-duplicates"

    def score(self, view):
        return 0 / view.geometry.neighbour_distance[:, 0]


class LooksAtValues(AbstractStrategy):
    name: ClassVar[str] = "looks-at-values"

    def select(self, key, view, q):
        return top_k(key, jnp.zeros(len(view.y)) if view.cold else view.proba[:, 0], view.asked, q)


class OwnLuck(AbstractStrategy):
    name: ClassVar[str] = "own-luck"

    def select(self, key, view, q):
        luck = np.random.default_rng().random(len(view.y), np.float32)
        return top_k(key, jnp.asarray(luck), view.asked, q)


class OtherInAnotherProcess(AbstractScoreStrategy):
    """Breaks no other law."""

    name: ClassVar[str] = "other-in-another-process"

    def score(self, view):
        return view.x[:, 0] * (1 if multiprocessing.parent_process() is None else -1)


class OtherUnderVmap(AbstractStrategy):
    """As a rule that looks at more than its own view would be: at how many there are."""

    name: ClassVar[str] = "other-under-vmap"

    def select(self, key, view, q):
        mapped = type(view.x).__name__ == "BatchTracer"
        return top_k(key, view.x[:, 0] * (-1 if mapped else 1), view.asked, q)


class Inverts(AbstractScoreStrategy):
    name: ClassVar[str] = "inverts"

    def score(self, view):
        spread = jnp.linalg.inv(view.x.T @ view.x + jnp.eye(view.x.shape[1]))
        return jnp.sum((view.x @ spread) * view.x, axis=1)


@pytest.mark.parametrize(
    ("strategy", "law", "sentence"),
    [
        (Inverts, laws.cannot_hang, "calls LAPACK"),
        (Duplicates, laws.valid_picks, "picked twice"),
        (AskedAgain, laws.valid_picks, "asked before"),
        (NotANumberOnDuplicates, laws.valid_picks, "not finite on a pool with duplicate points"),
        (FirstRows, laws.order_of_rows_says_nothing, "permute the scores"),
        (FirstRowsUnscored, laws.order_of_rows_says_nothing, "changes which points"),
        (BiasedByRow, laws.order_of_rows_says_nothing, "Where a point stands"),
        (LooksAtValues, laws.compiles_once, "cannot be compiled"),
        (OwnLuck, laws.same_key_same_picks, "draw from the key alone"),
        (OwnLuck, laws.jitted_equals_eager, "not the eager ones"),
        (OtherUnderVmap, laws.vmapped_equals_looped, "a loop"),
    ],
)
def test_a_broken_strategy_is_rejected(strategy, law, sentence):
    with pytest.raises(AssertionError, match=sentence):
        law(strategy())


def test_the_whole_check():
    """Every law passed, and then one; `check_strategy(Margin())` would repeat what is asked above."""
    with pytest.raises(AssertionError, match="OtherInAnotherProcess picks other points in another process"):
        testing.check_strategy(OtherInAnotherProcess())
    with pytest.raises(AssertionError, match="permute the scores"):
        testing.check_strategy(FirstRows())


def test_a_leaked_label_is_noticed(monkeypatch):
    class Leak(AbstractScoreStrategy):
        name: ClassVar[str] = "leak"

        def score(self, view):
            return view.log_proba[:, 0]

    def leaking(game, key, pool, picks):
        views, outcomes = real(game, key, pool, picks)
        own = jnp.arange(pool.classes) == pool.y[:, None]
        return laws.eqx.tree_at(lambda v: v.log_proba, views, views.log_proba + own), outcomes

    real = laws.replay
    laws.hidden_labels_change_no_pick(Leak())
    monkeypatch.setattr(laws, "replay", leaking)
    with pytest.raises(AssertionError, match="only hidden labels"):
        laws.hidden_labels_change_no_pick(Leak())
