"""Pickers: exact where there is a best, uniform where there are equals."""

from itertools import combinations, permutations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from askwell.strategies.pickers import greedy, gumbel_top_k, top_k

KEYS = jax.random.split(jax.random.key(0), 12_000)
NONE = jnp.zeros(6, bool)


def uniform(found, possible):
    counts = [found.count(one) for one in possible]
    assert sum(counts) == len(found)
    assert stats.chisquare(counts).pvalue > 1e-4


def test_top_k_is_the_best_in_order():
    score = jnp.array([3.0, 1.0, 6.0, 2.0, 5.0, 4.0])
    asked = NONE.at[4].set(True)
    picks = top_k(KEYS[0], score, asked, 3)
    np.testing.assert_array_equal(picks, [2, 5, 0])


def test_top_k_draws_uniformly_among_those_that_tie_at_the_last_place():
    score, asked = jnp.array([1.0, 1.0, 9.0, 1.0, 1.0, 0.0]), NONE
    picks = np.asarray(jax.vmap(lambda key: top_k(key, score, asked, 3))(KEYS))
    assert (picks[:, 0] == 2).all()
    uniform([tuple(sorted(rest)) for rest in picks[:, 1:].tolist()], list(combinations([0, 1, 3, 4], 2)))


def test_greedy_orders_equals_uniformly():
    asked = NONE.at[jnp.array([1, 5])].set(True)
    picks = jax.vmap(lambda key: greedy(key, 0, lambda _: jnp.zeros(6), lambda s, row: s, asked, 2))(KEYS)
    uniform([tuple(p) for p in picks.tolist()], list(permutations([0, 2, 3, 4], 2)))


def test_greedy_scores_anew_after_each_pick():
    score = jnp.array([3.0, 2.9, 0.0, 1.0, 2.0, 0.5])
    twins = jnp.array([0, 0, 1, 2, 2, 3])  # a point is worth nothing once its twin is picked
    picks = greedy(
        KEYS[0],
        jnp.ones(4),
        lambda left: score * left[twins],
        lambda left, row: left.at[twins[row]].set(0.0),
        NONE,
        3,
    )
    np.testing.assert_array_equal(picks, [0, 4, 5])


@pytest.mark.parametrize("floor", [-jnp.inf, -1e12])
def test_gumbel_top_k_takes_the_impossible_only_when_nothing_else_is_left(floor):
    logit = jnp.array([0.0, floor, 1.0, floor, floor, 2.0])
    picks = np.asarray(jax.vmap(lambda key: gumbel_top_k(key, logit, NONE.at[0].set(True), 4))(KEYS[:500]))
    assert all(set(p[:2]) == {2, 5} and set(p[2:]) <= {1, 3, 4} and p[2] != p[3] for p in picks.tolist())
