"""The laws of strategies."""

import concurrent.futures
import multiprocessing
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import NOT_ASKED, AbstractStrategy, View
from askwell.execution import lapack
from askwell.strategies import AbstractScoreStrategy
from askwell.testing.pools import (
    BATCH,
    GAME,
    POOLS,
    WARM,
    N,
    agree,
    anew,
    asking_order,
    at,
    hold,
    law,
    make_pool,
    permuted,
    replay,
    views,
    without_truth,
)

KEYS, CHUNK = 512, 64
FALSE_ALARM = 6.0
"""Bound on ``|a - b| / √(a + b)`` of two counts: passed by chance once in 10⁷ (Hoeffding: ``2 exp(-6²/2)``)."""


@eqx.filter_jit
def _per_view(strategy: AbstractStrategy, key: PRNGKeyArray, views: View) -> Int[Array, "r q"]:
    """One batch for each view along the leading axis."""
    keys = jax.vmap(lambda round: jax.random.fold_in(key, round))(views.round)
    return eqx.filter_vmap(lambda key, view: strategy.select(key, view, BATCH))(keys, views)


@eqx.filter_jit
def _per_key(strategy: AbstractStrategy, keys: PRNGKeyArray, view: View) -> Int[Array, "k q"]:
    """Many batches from one view."""
    return jax.vmap(lambda key: strategy.select(key, view, BATCH))(keys)


def _batch(strategy: AbstractStrategy, key: PRNGKeyArray, view: View) -> Int[Array, " q"]:
    return strategy.select(key, view, BATCH)


_once: Any = eqx.filter_jit(_batch)


def _picks_of(
    strategy: AbstractStrategy, keys: PRNGKeyArray, shown: tuple[View, View]
) -> list[Int[np.ndarray, "k q"]]:
    """Of either view a batch for each of its `KEYS` keys; for the first `CHUNK` alone if they change no pick there."""
    of = lambda place, start: np.asarray(_per_key(strategy, keys[place, start : start + CHUNK], shown[place]))
    found = [[of(0, 0)], [of(1, 0)]]
    if (found[0][0] != found[0][0][0]).any():
        for place in (0, 1):
            found[place] += [of(place, start) for start in range(CHUNK, KEYS, CHUNK)]
    return [np.concatenate(parts) for parts in found]


@eqx.filter_jit
def _score(strategy: AbstractScoreStrategy, view: View) -> Float[Array, " n"]:
    return strategy.score(view)


def cannot_hang(strategy: AbstractStrategy) -> None:
    """No call of LAPACK: among programs that run side by side, a batch of them can wait for ever (JAX 0.10 on CPU)."""
    found = lapack(_once.lower(strategy, jax.random.key(0), at(views(strategy), WARM)))
    law(not found, f"select calls LAPACK ({found}), so games could wait for ever; use askwell.core.inverse.")


def valid_picks(strategy: AbstractStrategy) -> None:
    """Picks are distinct pool rows that were never asked, in every round of every kind of pool.

    No label, one class so far, warm, exactly a batch left; duplicates, equal points, a constant feature.
    """
    for kind in POOLS:
        shown = views(strategy, kind)
        if isinstance(strategy, AbstractScoreStrategy):
            scores = eqx.filter_vmap(strategy.score)(shown)
            law(jnp.isfinite(scores).all(), f"Scores are not finite on a pool with {kind}.")
        picks = np.asarray(_per_view(strategy, jax.random.key(1), shown))
        asked = np.asarray(shown.y) != NOT_ASKED
        for round, batch in enumerate(picks):
            where = f"in round {round} of a pool with {kind}: {batch.tolist()}"
            law(
                batch.shape == (BATCH,) and np.issubdtype(batch.dtype, np.integer),
                f"select must return {BATCH} row numbers, not {batch.dtype}{list(batch.shape)}.",
            )
            law(((batch >= 0) & (batch < N)).all(), f"A pick lies outside the pool {where}.")
            law(len(set(batch.tolist())) == BATCH, f"A point was picked twice {where}.")
            law(not asked[round][batch].any(), f"A point was picked that had been asked before {where}.")


def order_of_rows_says_nothing(strategy: AbstractStrategy) -> None:
    """Permuting the pool permutes the scores, and the picks with them.

    Where the key changes no pick, the picked points must be the same; elsewhere each point must be picked
    equally often, over many keys, wherever it stands.
    """
    order = np.random.default_rng(2).permutation(N)
    for round in (0, WARM):
        view = at(views(strategy), round)
        other = permuted(view, order)
        if isinstance(strategy, AbstractScoreStrategy):
            law(
                agree(_score(strategy, view)[order], _score(strategy, other), 1e-4),
                f"Permuting the pool does not permute the scores (round {round}).",
            )
        keys = jax.random.split(jax.random.key(3), (2, KEYS))
        before, after = _picks_of(strategy, keys, (view, other))
        after = order[after]
        if (before == before[0]).all():
            law(
                (np.sort(after) == np.sort(before[0])).all(),
                f"Permuting the pool changes which points are picked (round {round}).",
            )
        a, b = (np.bincount(picks.ravel(), minlength=N) for picks in (before, after))
        apart = np.abs(a - b) / np.sqrt(np.maximum(a + b, 1))
        worst = int(apart.argmax())
        law(
            apart[worst] < FALSE_ALARM,
            f"Where a point stands decides how often it is picked (round {round}): one was in {a[worst]} of "
            f"{len(before)} batches, and in {b[worst]} once the pool was permuted.",
        )


def jitted_equals_eager(strategy: AbstractStrategy) -> None:
    """Compiling changes no pick."""
    key, view = jax.random.key(4), at(views(strategy), WARM)
    eager, jitted = strategy.select(key, view, BATCH), _once(strategy, key, view)
    law(agree(eager, jitted), f"Compiled picks {jitted.tolist()} are not the eager ones {eager.tolist()}.")


def vmapped_equals_looped(strategy: AbstractStrategy) -> None:
    """Playing episodes side by side changes no pick."""
    key, shown = jax.random.key(5), views(strategy)
    vmapped = _per_view(strategy, key, shown)
    for round in range(GAME.rounds):
        looped = _once(strategy, jax.random.fold_in(key, round), at(shown, round))
        law(agree(looped, vmapped[round]), f"vmap picks {vmapped[round].tolist()}, a loop {looped.tolist()}.")


def same_key_same_picks(strategy: AbstractStrategy) -> None:
    """The key is all that chance comes from: neither earlier calls nor tracing anew change a pick."""
    key, view = jax.random.key(6), at(views(strategy), 0)
    again = [compiled(strategy, key, view) for compiled in (_once, anew(_batch))]
    law(agree(again[0], again[1]), "The same key gave other picks the second time; draw from the key alone.")


def compiles_once(strategy: AbstractStrategy) -> None:
    """One compilation serves all views of one shape, and every copy of the strategy."""
    traces = 0

    def trace() -> None:
        nonlocal traces
        traces += 1

    compiled = anew(_batch, trace)
    try:
        for round in (0, 1, WARM):
            copy = jax.tree.map(lambda a: a, strategy)
            compiled(copy, jax.random.key(round), at(views(strategy), round))
    except Exception as error:
        raise AssertionError(
            f"select cannot be compiled ({type(error).__name__}: {error}); keep its fields hashable or "
            "arrays, and use jnp.where or jax.lax in place of Python's control flow on values."
        ) from error
    law(traces == 1, f"select was compiled {traces} times for views of one shape.")


def hidden_labels_change_no_pick(strategy: AbstractStrategy) -> None:
    """The labels of points that were not asked have no influence; those that cheat are exempt, and say so."""
    if strategy.cheats:
        return
    pool = make_pool()
    order, key = asking_order(pool), jax.random.key(0)
    hidden = order[WARM:].ravel()
    other = eqx.tree_at(lambda p: p.y, pool, pool.y.at[hidden].set((pool.y[hidden] + 1) % pool.classes))
    a, b = (
        _once(strategy, jax.random.key(7), without_truth(at(replay(GAME, key, p, order)[0], WARM)))
        for p in (pool, other)
    )
    law(agree(a, b), f"Picks changed from {a.tolist()} to {b.tolist()} when only hidden labels did.")


def same_picks_in_another_process(*strategies: AbstractStrategy) -> None:
    """Another Python process picks the same; one process serves all strategies given.

    Their classes must be importable there: defined in a module, not in a notebook or a function.
    """
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, context) as process:
        elsewhere = process.submit(_picks, strategies).result()
    for strategy, here, there in zip(strategies, _picks(strategies), elsewhere, strict=True):
        law(np.array_equal(here, there), f"{type(strategy).__name__} picks other points in another process.")


def _picks(strategies: tuple[AbstractStrategy, ...]) -> list[np.ndarray]:
    return [np.asarray(_per_view(s, jax.random.key(8), views(s))) for s in strategies]


STRATEGY_LAWS: tuple[Callable[[AbstractStrategy], None], ...] = (
    compiles_once,
    cannot_hang,
    valid_picks,
    order_of_rows_says_nothing,
    jitted_equals_eager,
    vmapped_equals_looped,
    same_key_same_picks,
    hidden_labels_change_no_pick,
)
"""All laws but `same_picks_in_another_process`, which is better asked once for many strategies."""


def check_strategy(strategy: AbstractStrategy) -> None:
    """Hold a strategy to every law.

    Raises:
        AssertionError: a sentence that says which law is broken, and how.
    """
    hold(strategy, (*STRATEGY_LAWS, same_picks_in_another_process))
