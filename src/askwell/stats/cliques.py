"""Groups of strategies that the ranks' tests do not tell apart."""

from collections.abc import Iterator
from itertools import combinations

from askwell.stats.ranks import Ranks

ALPHA = 0.05


def cliques(ranks: Ranks, alpha: float = ALPHA) -> list[tuple[str, ...]]:
    """Groups of two or more strategies: two share a group if and only if they were not found to differ.

    Two differ when Wilcoxon's signed-rank test over datasets, Holm-corrected over all pairs, gives
    ``p <= alpha`` (Benavoli et al. 2016: pairs tested by themselves, not by their mean ranks, which depend on
    what else is compared). "Does not differ" is not transitive, so groups overlap, and one may leave out a
    strategy whose rank lies between two of its members. Each group is as large as can be, and only as many
    are given as it takes to cover every pair (greedily). Groups and members come best first.
    """
    names = list(ranks.mean)
    alike: dict[str, set[str]] = {name: set() for name in names}
    for a, b, p in ranks.pairs.select("a", "b", "p_holm").rows():
        if p > alpha:
            alike[a].add(b)
            alike[b].add(a)
    place = {name: i for i, name in enumerate(names)}
    found = _maximal(alike, set(), set(names), set())
    maximal = [tuple(sorted(clique, key=place.__getitem__)) for clique in found]
    maximal.sort(key=lambda clique: [place[name] for name in clique])
    uncovered = {frozenset(pair) for clique in maximal for pair in combinations(clique, 2)}
    chosen: list[tuple[str, ...]] = []
    while uncovered:
        best = max(maximal, key=lambda clique: len(uncovered & _edges(clique)))
        uncovered -= _edges(best)
        chosen.append(best)
    return sorted(chosen, key=maximal.index)


def _edges(clique: tuple[str, ...]) -> set[frozenset[str]]:
    return {frozenset(pair) for pair in combinations(clique, 2)}


def _maximal(
    alike: dict[str, set[str]], clique: set[str], candidates: set[str], done: set[str]
) -> Iterator[set[str]]:
    """All maximal cliques (Bron & Kerbosch 1973), with the pivot of Tomita et al. (2006)."""
    if not candidates and not done:
        yield clique
        return
    pivot = max(sorted(candidates | done), key=lambda name: len(alike[name] & candidates))
    for name in sorted(candidates - alike[pivot]):
        yield from _maximal(alike, clique | {name}, candidates & alike[name], done & alike[name])
        candidates, done = candidates - {name}, done | {name}
