"""Episodes played again from their records' picks, so that one can see what the learner believed when.

No strategy is run: the picks are the records', only the learner is refitted, with the very keys of the game.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from askwell.comparison import Spec
from askwell.core import AskwellError, Pool
from askwell.data import Dataset, split
from askwell.games import BatchGame
from askwell.learners import make_learner
from askwell.plots.palette import CEILINGS
from askwell.plots.sources import Replay, Scene

GRID = 56
"""Points on either side of the grid that regions are drawn on."""

PLANES = ("pca", "tsne")
SHOWN = 4
ROOM = 0.06


def batch_game(spec: Spec, learner: str, batch: int) -> BatchGame:
    """The game that the spec's cells of this learner and batch were played in."""
    return BatchGame(
        learner=make_learner(learner),
        rounds=spec.rounds,
        batch=batch,
        start=spec.start,
        noise=spec.noise,
        reward=spec.reward,
    )


def choose(names: Sequence[str], aulc: dict[str, float]) -> list[str]:
    """At most four strategies to see side by side: a learned one, margin, random, the oracle; else the best."""
    learned = [name for name in names if name.startswith(("learned", "policy"))]
    wanted = [*learned[:1], "margin", "random", "oracle"]
    chosen = [name for name in wanted if name in names]
    rest = sorted(set(names) - set(chosen) - set(CEILINGS), key=lambda name: -aulc.get(name, 0.0))
    chosen += rest[: SHOWN - len(chosen)]
    place = {name: i for i, name in enumerate(wanted)}
    return sorted(chosen, key=lambda name: (name in CEILINGS, name == "random", place.get(name, -1)))


def replay(
    spec: Spec, dataset: Dataset, records: pl.DataFrame, strategies: Sequence[str], plane: str = "pca"
) -> Replay:
    """One split of one dataset, learner and batch; `records` hold nothing else.

    Raises:
        AskwellError: for an unknown plane, or picks that are not in this dataset's pool.
    """
    if plane not in PLANES:
        raise AskwellError(f"The plane is '{plane}'; it must be {' or '.join(PLANES)}.")
    number, batch, learner = (records[name][0] for name in ("split", "batch", "learner"))
    found = split(dataset, seed=spec.seed, splits=1, first=number, pool=spec.pool, budget=spec.budget(batch))
    pool: Pool = jax.tree.map(lambda leaf: jnp.asarray(leaf[0]), found.pools)
    row = {str(dataset.ids[at]): place for place, at in enumerate(found.rows[0])}
    game = batch_game(spec, learner, batch)
    key = jax.random.split(jax.random.fold_in(jax.random.key(spec.seed), number))[0]

    @jax.jit  # the compiler leaves out the geometry, which is not looked at
    def begin():
        state = game.reset(jax.random.fold_in(key, 0), pool)
        return state.answers, state.rows

    answers, rows = begin()
    start = np.asarray(rows)[: spec.start]
    xy, name, points = _plane(np.asarray(pool.x), plane)
    see = jax.jit(lambda rows: _beliefs(game, key, pool, answers, rows, points))
    scenes = []
    for strategy in strategies:
        episode = records.filter(pl.col("strategy") == strategy).sort("round")
        try:
            picks = np.array([[row[one] for one in batch] for batch in episode["picks"]], np.int32)
        except KeyError as error:
            raise AskwellError(
                f"{dataset.name}: row {error} of the records is not in split {number}'s pool; the data changed "
                "since the run."
            ) from error
        scenes.append(_scene(strategy, picks, episode["accuracy"].to_numpy(), see, spec.budget(batch), start))
    labels = records.filter(pl.col("strategy") == strategies[0]).sort("round")["labels"].to_numpy()
    box = _box(xy)
    return Replay(
        dataset.name, number, name, xy, np.asarray(pool.y), dataset.classes, box, start, labels, tuple(scenes)
    )


def _scene(
    strategy: str, picks: np.ndarray, accuracy: np.ndarray, see, budget: int, start: np.ndarray
) -> Scene:
    rounds, q = picks.shape
    asked = np.concatenate([start, picks.ravel()])
    rows = np.full((rounds, budget), np.iinfo(np.int32).max, np.int32)
    for at in range(rounds):
        known = len(start) + at * q
        rows[at, :known] = asked[:known]
    belief, confidence, regions, score = (np.asarray(one) for one in see(rows))
    if regions.size:
        shape = (rounds, GRID, GRID)
        return Scene(
            strategy, picks, belief, confidence, accuracy, regions.reshape(shape), score.reshape(shape)
        )
    return Scene(strategy, picks, belief, confidence, accuracy)


def _beliefs(game: BatchGame, key, pool: Pool, answers, rows, points):
    """What the learner fitted to each of ``rows [r, b]`` believes of the pool and of the grid's points."""
    n = pool.x.shape[0]

    def one(at, asked):
        # The keys of `BatchGame.reset` and `BatchGame.step`, so that learners that draw numbers draw the same.
        here = jax.random.fold_in(key, at)
        fit_key = jax.lax.select(at == 0, jax.random.split(here, 4)[2], jax.random.split(here)[0])
        weight = (asked < n).astype(pool.x.dtype)
        place = jnp.minimum(asked, n - 1)
        fitted = game.learner.fit(fit_key, pool.x[place], answers[place], weight, pool.classes)
        proba = jnp.exp(fitted.log_proba(jnp.concatenate([pool.x, points])))
        top = jax.lax.top_k(proba, 2)[0]
        belief = jnp.argmax(proba, axis=1)
        return belief[:n], top[:n, 0], belief[n:], 1 - (top[n:, 0] - top[n:, 1])

    return jax.lax.map(lambda pair: one(*pair), (jnp.arange(len(rows)), rows))


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
