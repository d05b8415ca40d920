"""Episodes played again from their records' picks, so that one can see what the learner believed when.

No strategy is run: what was bought is the records', only the learner is refitted, with the very keys of the game.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
from jaxtyping import Array, Int, PRNGKeyArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from askwell.comparison import Spec
from askwell.core import CEILINGS, AskwellError, Pool, Skip
from askwell.data import Dataset, split
from askwell.execution import quick
from askwell.games import AbstractGame, BatchGame, BatchState, Turn, trajectory
from askwell.learners import make_learner
from askwell.plots.sources import Replay, Scene

GRID = 56
"""Points on either side of the grid that regions are drawn on."""

PLANES = ("pca", "tsne")
SHOWN = 4
ROOM = 0.06


def choose(names: Sequence[str], good: dict[str, float]) -> list[str]:
    """At most four strategies to see side by side: a learned one, margin, random, the oracle; else the best.

    `good` says how good each is, more is better.
    """
    learned = [name for name in names if name.startswith(("learned", "policy"))]
    wanted = [*learned[:1], "margin", "random", "oracle"]
    chosen = [name for name in wanted if name in names]
    rest = sorted(set(names) - set(chosen) - set(CEILINGS), key=lambda name: -good.get(name, -float("inf")))
    chosen += rest[: SHOWN - len(chosen)]
    place = {name: i for i, name in enumerate(wanted)}
    return sorted(chosen, key=lambda name: (name in CEILINGS, name == "random", place.get(name, -1)))


def replay(
    spec: Spec,
    dataset: Dataset,
    records: pl.DataFrame,
    strategies: Sequence[str],
    plane: str = "pca",
    reach: bool = False,
) -> Replay:
    """One split of one dataset, learner and batch; `records` hold nothing else. `reach`: with ``Scene.change``.

    Raises:
        AskwellError: for an unknown plane, or picks that are not in this dataset's pool.
    """
    if plane not in PLANES:
        raise AskwellError(f"The plane is '{plane}'; it must be {' or '.join(PLANES)}.")
    number, batch, learner = (records[name][0] for name in ("split", "batch", "learner"))
    pool, rows, key = dealt(spec, dataset, number, batch)
    xy, name, points = _plane(np.asarray(pool.x), plane)
    game = spec.batch_game(make_learner(learner), batch)
    played = spec.make_game(make_learner(learner), batch)
    scenes, start = [], np.zeros(0, int)
    for strategy in strategies:
        episode = records.filter(pl.col("strategy") == strategy).sort("round")
        picks = bought(dataset, rows, number, episode)
        start, seen = _seen(game, key, pool, picks, points, reach)
        offered = _offered(played, key, pool, picks)
        scenes.append(
            _scene(strategy, picks, episode, seen)._replace(offered=offered, each=played.turns_a_round)
        )
    return Replay(
        dataset.name, number, name, xy, np.asarray(pool.y), dataset.classes, _box(xy), start, tuple(scenes)
    )


def dealt(
    spec: Spec, dataset: Dataset, number: int, batch: int
) -> tuple[Pool, Int[np.ndarray, " n"], PRNGKeyArray]:
    """A split as it was played: its pool, the dataset's rows in it, and the game's key."""
    found = split(dataset, seed=spec.seed, splits=1, first=number, pool=spec.pool, budget=spec.budget(batch))
    pool: Pool = jax.tree.map(lambda leaf: jax.device_put(leaf[0]), found.pools)
    return pool, found.rows[0], jax.random.split(jax.random.fold_in(jax.random.key(spec.seed), number))[0]


def filled(picks: Sequence[np.ndarray], n: int) -> Int[Array, "r q"]:
    """Batches side by side, filled up with ``n`` to the size of the largest."""
    most = max(1, *(len(batch) for batch in picks))
    return jnp.asarray([np.pad(batch, (0, most - len(batch)), constant_values=n) for batch in picks])


def bought(
    dataset: Dataset, rows: Int[np.ndarray, " n"], number: int, episode: pl.DataFrame
) -> list[np.ndarray]:
    """The places in a split's pool of what an episode bought, batch by batch; `rows` are the split's rows.

    Raises:
        AskwellError: for picks that are not in this pool.
    """
    row = {str(dataset.ids[at]): place for place, at in enumerate(rows)}
    try:
        return [np.array([row[one] for one in batch], np.int32) for batch in episode["picks"]]
    except KeyError as error:
        raise AskwellError(
            f"{dataset.name}: row {error} of the records is not in split {number}'s pool; the data changed "
            "since the run."
        ) from error


def _scene(
    strategy: str, picks: list[np.ndarray], episode: pl.DataFrame, seen: tuple[np.ndarray, ...]
) -> Scene:
    belief, confidence, regions, score, change = seen
    accuracy, labels = (episode[name].to_numpy() for name in ("accuracy", "labels"))
    if not regions.size:
        return Scene(strategy, picks, labels, belief, confidence, accuracy, change=change)
    shape = (len(picks), GRID, GRID)
    drawn = regions.reshape(shape), score.reshape(shape)
    return Scene(strategy, picks, labels, belief, confidence, accuracy, *drawn, change=change)


def _seen(
    game: BatchGame, key: jax.Array, pool: Pool, picks: list[np.ndarray], points: jax.Array, reach: bool
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """The start labels, and what the learner believed of the pool and of some points before each round.

    Whatever game was played, a round bought rows and refitted: the batch game underneath does the same with the same
    keys.
    """
    start, told = _play(game, key, pool, filled(picks, len(pool.y)), points, reach)
    count = sum(map(len, picks))
    *seen, change = (np.asarray(one) for one in told)
    return np.asarray(start), (*seen, change[:count])


# One program for all strategies of a dataset. The compiler leaves out the geometry, which is not looked at.
@quick
def _play(
    game: BatchGame, key: PRNGKeyArray, pool: Pool, rows: Array, points: Array, reach: bool
) -> tuple[Array, tuple[Array, ...]]:
    n = len(pool.y)
    turns, most = rows.shape

    def act(turn: Turn, state: BatchState, memory: None):
        fitted = game.view(state).fitted
        assert fitted is not None
        proba = jnp.exp(fitted.log_proba(jnp.concatenate([pool.x, points])))
        top = jax.lax.top_k(proba, 2)[0]
        belief = jnp.argmax(proba, axis=1)
        told = belief[:n], top[:n, 0], belief[n:], 1 - (top[n:, 0] - top[n:, 1])
        bought = game.buy(state, rows[turn.number])
        return game.refit(turn.game, bought, state.cost, most, jnp.array(False))[0], memory, told

    told, last, _ = trajectory(game, act, (key, key), pool, turns=turns)
    return last.rows[: game.start], (*told, _change(game, last) if reach else jnp.zeros((0, n)))


def _change(game: BatchGame, last: BatchState) -> Array:
    """What each label bought adds to the probability of the class believed in the end, ``[b, n]``."""
    fitted = last.fitted.open()
    if not game.learner.foretells:
        return jnp.zeros((0, len(last.answers)))
    believed = jnp.argmax(last.log_proba, axis=1)
    own = lambda log_proba: jnp.exp(jnp.take_along_axis(log_proba, believed[:, None], axis=1)[:, 0])
    less = game.learner.without(fitted, *last.evidence)
    return jax.lax.map(
        lambda place: own(last.log_proba) - own(less(place).log_proba(last.pool.x)),
        jnp.arange(game.start, len(last.rows)),
    )


def _offered(game: AbstractGame, key: jax.Array, pool: Pool, picks: list[np.ndarray]) -> np.ndarray:
    """Where points come one at a time, the rows in the order in which they did, ``[t]``; else nothing."""
    if not isinstance(game.space, Skip):
        return np.zeros(0, int)
    bought = jnp.zeros(len(pool.y), bool).at[np.concatenate([*picks, np.zeros(0, int)])].set(True)

    return np.asarray(_streamed(game, key, pool, bought))


@quick
def _streamed(game: AbstractGame, key: PRNGKeyArray, pool: Pool, bought: Array) -> Array:
    def act(turn: Turn, state: Any, memory: None):
        stream = game.view(state).stream
        assert stream is not None
        return game.step(turn.game, state, bought[stream.row])[0], memory, stream.row

    return trajectory(game, act, (key, key), pool)[0]


def _plane(x: np.ndarray, plane: str) -> tuple[np.ndarray, str, jnp.ndarray]:
    """Where points lie on the plane, what it is called, and the grid's points (none unless the data are 2-D)."""
    if x.shape[1] == 2:
        left, right, bottom, top = _box(x)
        across, up = np.meshgrid(np.linspace(left, right, GRID), np.linspace(bottom, top, GRID))
        return x, "data", jnp.asarray(np.stack([across.ravel(), up.ravel()], 1), jnp.float32)
    nothing = jnp.zeros((0, x.shape[1]), jnp.float32)
    if x.shape[1] == 1:
        return np.concatenate([x, np.zeros_like(x)], 1), "data", nothing
    if plane == "tsne":
        near = min(30, max(2, len(x) // 4))
        return TSNE(random_state=0, perplexity=near, init="pca").fit_transform(x), "t-SNE", nothing
    xy = PCA(2, svd_solver="full").fit_transform(x)
    return xy, "PCA", nothing


def _box(xy: np.ndarray) -> tuple[float, float, float, float]:
    low, high = xy.min(axis=0), xy.max(axis=0)
    room = ROOM * np.maximum(high - low, 1e-3)
    (left, bottom), (right, top) = low - room, high + room
    return float(left), float(right), float(bottom), float(top)
