"""Groups of strategies that are not told apart."""

from itertools import combinations

import numpy as np
import polars as pl
import pytest

from askwell.stats import Ranks, cliques


def made(names, differ):
    """Ranks in which just the pairs in `differ` do."""
    pairs = list(combinations(names, 2))
    p = [0.01 if {a, b} in differ else 0.5 for a, b in pairs]
    table = {"a": [a for a, _ in pairs], "b": [b for _, b in pairs], "p_value": p, "p_holm": p}
    return Ranks({name: i + 1.0 for i, name in enumerate(names)}, [], 1.0, 0.5, pl.DataFrame(table))


@pytest.mark.parametrize(
    ("differ", "groups"),
    [
        ([], ["abcd"]),
        (["ad"], ["abc", "bcd"]),
        (["ab", "ac", "ad"], ["bcd"]),  # a stands alone, which is no group
        (["ab", "bc", "cd"], ["ac", "ad", "bd"]),  # groups that leave out a strategy ranked between
        (["ab", "ac", "ad", "bc", "bd", "cd"], []),
    ],
)
def test_by_hand(differ, groups):
    found = cliques(made("abcd", [set(pair) for pair in differ]))
    assert found == [tuple(group) for group in groups]


@pytest.mark.parametrize("seed", range(20))
def test_two_share_a_group_if_and_only_if_they_do_not_differ(seed):
    rng = np.random.default_rng(seed)
    names = [f"s{i:02}" for i in range(12)]
    differ = [set(pair) for pair in combinations(names, 2) if rng.uniform() < rng.uniform(0.1, 0.9)]
    found = cliques(made(names, differ))
    joined = {frozenset(pair) for group in found for pair in combinations(group, 2)}
    assert joined == {frozenset(pair) for pair in combinations(names, 2)} - set(map(frozenset, differ))
    for group in found:
        assert list(group) == sorted(group)
        outside = set(names) - set(group)
        assert all(any({name, member} in differ for member in group) for name in outside), "could be larger"
    assert found == sorted(found)


def test_alpha_is_the_bound():
    ranked = made("abc", [{"a", "c"}])
    assert cliques(ranked, alpha=0.005) == [tuple("abc")]
    assert cliques(ranked, alpha=0.01) == [("a", "b"), ("b", "c")]


def test_thirty_three_strategies_are_done_at_once():
    names = [f"s{i:02}" for i in range(33)]
    near = [{a, b} for (i, a), (j, b) in combinations(enumerate(names), 2) if j - i > 6]
    assert len(cliques(made(names, near))) == 27
