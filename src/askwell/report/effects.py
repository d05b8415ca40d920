"""What every label that was bought did to the classifier: refitted without it, and foretold without a refit."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.comparison import Spec
from askwell.core import AbstractFitted, AskwellError, Evidence, Pool
from askwell.data import Dataset
from askwell.execution import quick
from askwell.games import BatchGame, BatchState, Turn, trajectory
from askwell.games.scores import score
from askwell.learners import Logistic, make_learner
from askwell.report.replay import bought, dealt, filled
from askwell.report.samples import training_loss

EXACT = 4e-5
"""Tolerance of the fits of a logistic regression: a tenth of the usual one, since one label does little."""


def effects(spec: Spec, dataset: Dataset, records: pl.DataFrame, strategies: Sequence[str]) -> pl.DataFrame:
    """The columns of `askwell.plots.sources.Effects.labels`; `records` are of one dataset, learner and batch.

    Raises:
        AskwellError: for picks that are not in this dataset's pool.
    """
    learner, batch = make_learner(records["learner"][0]), int(records["batch"][0])
    if isinstance(learner, Logistic):
        learner = dataclasses.replace(learner, tolerance=EXACT)
    game, tables = spec.batch_game(learner, batch), []
    play = quick(lambda key, pool, rows: _played(game, key, pool, rows))
    for (number,), of_split in records.sort("split").group_by("split", maintain_order=True):
        number = int(str(number))
        pool, own, key = dealt(spec, dataset, number, batch)
        for strategy in strategies:
            episode = of_split.filter(strategy=strategy).sort("round")
            if episode.is_empty():
                continue
            rows = filled(bought(dataset, own, number, episode), len(pool.y))
            told = {name: np.asarray(value) for name, value in play(key, pool, rows).items()}
            used = np.asarray(rows) < len(pool.y)
            tables.append(
                pl.DataFrame(
                    {
                        "dataset": dataset.name,
                        "split": number,
                        "strategy": strategy,
                        "round": np.nonzero(used)[0],
                        "labels": (spec.start + np.cumsum(used.sum(axis=1)))[np.nonzero(used)[0]],
                        **{name: value[used] for name, value in told.items()},
                    }
                )
            )
    return pl.concat(tables)


def _played(game: BatchGame, key: PRNGKeyArray, pool: Pool, rows: Int[Array, "r q"]) -> dict[str, Array]:
    """Effects of each bought label, ``[r, q]`` each: as soon as it was bought, and when all were."""

    def log_loss(fitted: AbstractFitted) -> Float[Array, ""]:
        return score(fitted.log_proba(pool.report_x), pool.report_y).log_loss

    def looked(key: PRNGKeyArray, state: BatchState, places: Int[Array, " q"]) -> tuple[Array, Array]:
        fitted, evidence, learner = state.fitted.open(), state.evidence, game.learner
        before = state.report.log_loss
        less_one = learner.without(fitted, *evidence) if learner.foretells else None

        def one(place: Array) -> tuple[Array, Array]:
            less = Evidence(evidence.x, evidence.y, evidence.weight.at[place].set(0.0))
            exact = log_loss(learner.refit(fitted, key, *less, pool.classes)) - before
            return exact, log_loss(less_one(place)) - before if less_one else jnp.full_like(exact, jnp.nan)

        return jax.lax.map(one, places)

    def act(turn: Turn, state: BatchState, memory: None) -> tuple[BatchState, None, Any]:
        since, batch = state.cost, rows[turn.number]
        state = game.refit(turn.game, game.buy(state, batch), since, len(batch), jnp.array(False))[0]
        loss = training_loss(game.view(state))
        exact, foretold = looked(turn.game, state, since + jnp.arange(len(batch)))
        at = jnp.minimum(batch, len(pool.y) - 1)
        wrong = state.answers[at] != pool.y[at]
        everywhere = jnp.broadcast_to(loss, wrong.shape), jnp.broadcast_to(state.report.log_loss, wrong.shape)
        return state, None, (exact, foretold, wrong, *everywhere)

    told, last, _ = trajectory(game, act, (key, key), pool, turns=len(rows))
    exact, foretold, wrong, own, report = told
    # Bought labels lie in order, so a round's places follow from how many were bought before it.
    count = jnp.sum(rows < len(pool.y), axis=1)
    first = game.start + jnp.cumsum(count) - count
    places = first[:, None] + jnp.arange(rows.shape[1])
    in_the_end, _ = looked(key, last, places.ravel())
    return {
        "effect": exact,
        "foretold": foretold,
        "in_the_end": in_the_end.reshape(places.shape),
        "wrong": wrong,
        "training_loss": own,
        "log_loss": report,
    }


def check(records: pl.DataFrame) -> None:
    """Refuse what cannot be looked at.

    Raises:
        AskwellError: for a learner from scikit-learn, which would take hours.
    """
    if str(records["learner"][0]).startswith("sklearn:"):
        raise AskwellError(
            f"The effect of each label is found by fitting again without it, which takes too long with "
            f"{records['learner'][0]}; play logistic or mlp, too."
        )
