"""Many random samples of one task: how its learning curves vary, and by what."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.comparison import Spec
from askwell.core import Pool, View
from askwell.data import Dataset, split
from askwell.execution import quick
from askwell.games import BatchGame, Turn, trajectory
from askwell.learners import make_learner

SPLITS, SAMPLES, LEARNERS = 10, 10, 2


def play(game: BatchGame, key: PRNGKeyArray, order: Int[Array, " n"], pool: Pool):
    """One episode that asks in the order of a permutation of the pool.

    Gives training loss, log-loss and accuracy after each batch, ``[r]`` each. `key` seeds the learner, and what
    else the game draws (wrong answers, start labels).
    """

    def act(turn: Turn, state: Any, left: Array):
        picks = jax.lax.dynamic_slice(left, (turn.number * game.batch,), (game.batch,))
        state, outcome = game.step(turn.game, state, picks)
        view = game.view(state)
        return state, left, (training_loss(view), outcome.report.log_loss, outcome.report.accuracy)

    first = game.reset(jax.random.fold_in(key, 0), pool)
    left = order[jnp.argsort(game.view(first).asked[order], stable=True)]  # start labels are not asked again
    return trajectory(game, act, (key, key), memory=left, start=first)[0]


def training_loss(view: View) -> Float[Array, ""]:
    """The mean log-loss on the rows that were asked, in nats; 0 if none was."""
    own = jnp.take_along_axis(view.log_proba, jnp.maximum(view.y, 0)[:, None], axis=1)[:, 0]
    return -jnp.sum(own * view.asked) / jnp.maximum(jnp.sum(view.asked), 1)


def samples(spec: Spec, dataset: Dataset, learner: str, batch: int) -> pl.DataFrame:
    """The columns of `Samples.curves` for `SPLITS` × `SAMPLES` × `LEARNERS` random episodes of a spec's game."""
    game = spec.batch_game(make_learner(learner), batch)
    found = split(dataset, seed=spec.seed, splits=SPLITS, pool=spec.pool, budget=spec.budget(batch))
    n = found.rows.shape[1]
    orders = np.stack([
        [np.random.default_rng([spec.seed, s, i]).permutation(n) for i in range(SAMPLES)]
        for s in range(SPLITS)
    ]).astype(np.int32)  # fmt: skip

    def of_split(pool: Pool, number, orders):
        key = jax.random.fold_in(jax.random.key(spec.seed), number)
        keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(jnp.arange(LEARNERS))
        return jax.lax.map(lambda o: jax.lax.map(lambda k: play(game, k, o, pool), keys), orders)

    run = quick(of_split)
    pools = [jax.tree.map(lambda leaf, i=i: leaf[i], found.pools) for i in range(SPLITS)]
    curves = [[np.asarray(one) for one in run(pools[i], jnp.int32(i), orders[i])] for i in range(SPLITS)]
    loss, log_loss, accuracy = (np.stack([c[at] for c in curves]).ravel() for at in range(3))
    places = np.indices((SPLITS, SAMPLES, LEARNERS, game.rounds)).reshape(4, -1)
    return pl.DataFrame(
        {
            "dataset": dataset.name,
            **dict(zip(("split", "sample", "learner"), places[:3], strict=True)),
            "labels": spec.start + (places[3] + 1) * batch,
            "training_loss": loss.astype(float),
            "log_loss": log_loss.astype(float),
            "accuracy": accuracy.astype(float),
        }
    )
