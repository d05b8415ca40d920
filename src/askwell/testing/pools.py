"""Small pools, easy and awkward, and the views that a game shows of them: one shape, to compile once."""

import dataclasses
from collections.abc import Callable, Iterable
from functools import cache, wraps
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PRNGKeyArray

from askwell.core import AbstractPlayer, Pool, View
from askwell.games import AbstractGame, BatchGame, Outcome, Turn, trajectory

T = TypeVar("T")

N, D, CLASSES, BATCH = 64, 4, 3, 4
GAME = BatchGame(rounds=N // BATCH, batch=BATCH)
"""Asks for every point of a pool: its last round has exactly a batch of points left."""

WARM = 4
"""A round in which every class has been seen; in round 0 none has, in round 1 only one."""

POOLS = ("ordinary", "duplicate points", "all points equal", "a constant feature")


def make_pool(kind: str = "ordinary", n: int = N) -> Pool:
    """Three overlapping clouds; the evaluation sets are drawn from the same."""
    rng = np.random.default_rng(0)

    def draw(count: int) -> tuple[np.ndarray, np.ndarray]:
        y = rng.permutation(np.arange(count) % CLASSES)
        return (rng.normal(size=(count, D)) + 1.5 * np.eye(D)[y]).astype(np.float32), y.astype(np.int32)

    x, y = draw(n)
    if kind == "duplicate points":
        x = x[np.arange(n) // 4]
    elif kind == "all points equal":
        x[:] = x[0]
    elif kind == "a constant feature":
        x[:, 0] = 1.0
    return Pool(*map(jnp.asarray, (x, y, *draw(40), *draw(48))), classes=CLASSES)


def asking_order(pool: Pool) -> Int[Array, "r q"]:
    """Which points to ask in each round of `GAME`: at first of one class alone, at last all that are left."""
    order = np.random.default_rng(1).permutation(N)
    first = order[np.asarray(pool.y)[order] == 0][:BATCH]
    return jnp.asarray(np.concatenate([first, np.setdiff1d(order, first)]).reshape(-1, BATCH))


@eqx.filter_jit
def replay(game: AbstractGame, key: PRNGKeyArray, pool: Pool, actions: Array) -> tuple[View, Outcome]:
    """Take given actions; the view *before* each turn (with truth) and the outcome, stacked over turns."""

    def see(state) -> View:
        return dataclasses.replace(game.view(state), truth=game.reveal(state))

    def act(turn: Turn, state, memory):
        after, outcome = game.step(turn.game, state, actions[turn.number])
        return after, memory, (eqx.filter(see(state), eqx.is_array), outcome)

    views, outcomes = trajectory(game, act, (key, key), pool, turns=len(actions))[0]
    first = game.reset(jax.random.fold_in(key, 0), pool)
    # The learner's settings are no arrays, and a strategy must find them as they are.
    return eqx.combine(views, eqx.filter(see(first), eqx.is_array, inverse=True)), outcomes


def without_truth(view: View) -> View:
    """What a strategy sees that does not cheat."""
    return eqx.tree_at(lambda v: v.truth, view, None)


@cache
def _views(kind: str) -> View:
    pool = make_pool(kind)
    return replay(GAME, jax.random.key(0), pool, asking_order(pool))[0]


def views(strategy: AbstractPlayer, kind: str = "ordinary") -> View:
    """What the strategy sees in every round of an episode on that pool, with a leading axis of rounds."""
    return _views(kind) if strategy.cheats else without_truth(_views(kind))


def anew(function: Callable[..., Any], trace: Callable[[], None] = lambda: None) -> Any:
    """A function compiled, and traced anew, of which `trace` is told.

    It keeps its name, so the program is the same, and a cache on disk need not compile it.
    """

    @wraps(function)
    def again(*given: Any) -> Any:
        trace()
        return function(*given)

    return eqx.filter_jit(again)


def at(tree, place):
    """One place (or several) along the leading axis of every array; taken by NumPy, which compiles nothing."""
    return jax.tree.map(lambda a: jax.device_put(np.asarray(a)[place]) if eqx.is_array(a) else a, tree)


def stack(trees):
    """Trees of arrays, one above the other along a new leading axis."""
    return jax.tree.map(lambda *a: jax.device_put(np.stack(a)), *trees)


def permuted(view: View, order: np.ndarray) -> View:
    """The same view with the pool's rows in another order: row ``i`` is the former ``order[i]``."""
    place = jnp.append(jnp.argsort(jnp.asarray(order)), len(order))  # rows not used yet stay n
    g = view.geometry
    geometry = dataclasses.replace(
        g,
        landmarks=place[g.landmarks],
        square_distance=g.square_distance[order],
        similarity=g.similarity[order],
        neighbour_distance=g.neighbour_distance[order],
        density=g.density[order],
        groups=g.groups[order],
    )
    truth = view.truth and dataclasses.replace(view.truth, answers=view.truth.answers[order])
    stream = view.stream and dataclasses.replace(
        view.stream, row=place[view.stream.row], offered=place[view.stream.offered]
    )
    return dataclasses.replace(
        view,
        x=view.x[order],
        geometry=geometry,
        log_proba=view.log_proba[order],
        y=view.y[order],
        rows=place[view.rows],
        stream=stream,
        truth=truth,
    )


def agree(a, b, tolerance: float = 1e-3) -> bool:
    """Whether two trees hold the same numbers: whole ones exactly, others within `tolerance`."""

    def close(u, v) -> bool:
        if jnp.issubdtype(u.dtype, jax.dtypes.prng_key):
            u, v = jax.random.key_data(u), jax.random.key_data(v)
        if not jnp.issubdtype(u.dtype, jnp.inexact):
            return np.array_equal(u, v)
        return u.shape == v.shape and np.allclose(u, v, rtol=tolerance, atol=tolerance, equal_nan=True)

    a, b = (jax.tree.leaves(eqx.filter(tree, eqx.is_array)) for tree in (a, b))
    return len(a) == len(b) and all(map(close, a, b))


def hold(thing: T, laws: Iterable[Callable[[T], None]]) -> None:
    """Hold one thing to every law, in their order."""
    for rule in laws:
        rule(thing)


def law(holds: object, sentence: str) -> None:
    """Raise with `sentence` unless the law holds; unlike ``assert``, also under ``python -O``."""
    if not holds:
        raise AssertionError(sentence)
