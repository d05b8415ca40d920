"""`ask`: the rows to label next, in one call."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.asking.answers import collect
from askwell.asking.asked import Asked, check_out
from askwell.asking.belief import believe, read_proba, take
from askwell.asking.candidates import choose
from askwell.asking.pool import encoded, notes, read_pool
from askwell.core import (
    AbstractFitted,
    AbstractLearner,
    AbstractPlayer,
    AbstractStrategy,
    AskwellError,
    View,
)
from askwell.data.matrix import aligned
from askwell.execution import compilation_cache
from askwell.learners import make_learner
from askwell.policies import make_strategy


def ask(
    pool: str | Path | np.ndarray,
    *,
    labels: str | Path | Mapping[str, str] | None = None,
    strategy: str | AbstractStrategy = "margin-herding",
    batch: int = 100,
    learner: str | AbstractLearner = "logistic",
    proba: str | Path | np.ndarray | None = None,
    classes: Sequence[str] | None = None,
    id: str | None = None,
    label: str | None = None,
    seed: int = 0,
    candidates: int | None = None,
    features: int = 64,
    out: str | Path | None = None,
) -> Asked:
    """Choose the rows to label next: fit the learner to the answers so far, show the strategy what is known.

    The strategy gets ``jax.random.key(seed)`` and the view that it would get in a game of one round.

    Args:
        pool: a table (.csv .tsv .parquet .jsonl), embeddings (.npy, memory-mapped, or .npz), or an array ``[N, d]``.
        labels: a table with an id and a label column, or labels by id. Rows without a label do not count. None, or
            no row in it: a cold start, unless the pool has a label column of its own that is filled in part.
        strategy: a registered name, or an instance of your own.
        batch: how many rows to ask for.
        learner: a registered name, or an instance; not used with `proba`.
        proba: class probabilities ``[N, c]`` of a model of your own, in the pool's order.
        classes: names of the columns of `proba`; by default the labels' classes in sorted order, numbers by size.
        id: the column of the ids, in both files; by default the one called id, else the pool's rows count from 0.
        label: the column of the labels, in either file; by default the one called label, target, class or y.
        seed: decides ties, and the candidates that are drawn.
        candidates: how many rows without a label the strategy is shown; by default all, or 50,000 where its cost
            grows faster than the pool.
        features: most features that are kept, as in `askwell.compare`.
        out: a .csv or .jsonl file to write, whole or not at all.

    Raises:
        AskwellError: one sentence on what is wrong with the input; nothing is written then.
    """
    compilation_cache()
    if out is not None:
        check_out(out, pool, labels, proba)
    if seed < 0:
        raise AskwellError(f"seed is {seed}; give 0 or more.")
    chooser, fitter = _chooser(strategy, proba is not None), _fitter(learner)
    rows = read_pool(pool, label=label, id=id, labels_apart=labels is not None)
    given = None if proba is None else read_proba(proba, len(rows.ids))
    if classes is not None and given is None:
        raise AskwellError("--classes names the columns of --proba; give both or neither.")
    if classes is not None and given is not None and len(classes) != given.shape[1]:
        raise AskwellError(
            f"--classes names {len(classes)} classes and --proba has {given.shape[1]} columns."
        )
    answers = collect(rows, labels, label=label, id=id, classes=classes)
    said = notes(rows, answers.rows, np.array(answers.classes, object)[answers.y[answers.rows]])
    if given is not None:
        answers = _on_columns(answers, given.shape[1])
    shown, note = choose(chooser, answers.y, answers.rows, batch=batch, candidates=candidates, seed=seed)
    x, y, labelled, ids = encoded(rows, features), answers.y, answers.rows, rows.ids
    del rows  # room for what the strategy needs
    if shown is not None:
        whole, x = x, aligned((len(shown), x.shape[1]))
        np.take(whole, shown, axis=0, out=x)
        y, labelled = y[shown], np.searchsorted(shown, labelled)
    count = max(2, len(answers.classes))
    fitted = None
    if given is not None:
        log_proba, fitter = take(given, slice(None) if shown is None else shown), None
    else:
        log_proba, fitted = believe(seed, fitter, x, y, labelled, count)
    places = np.concatenate([labelled, np.full(batch, len(x))])  # the budget of a game of one round
    x, believed, y, at = map(jnp.asarray, (x, log_proba, y, places.astype(np.int32)))
    key = jax.random.key(seed)
    picks = np.asarray(_select(chooser, key, x, believed, y, at, fitter, fitted, batch))
    if (
        len(set(picks.tolist())) < batch
        or not np.all((picks >= 0) & (picks < len(x)))
        or np.isin(picks, labelled).any()
    ):
        raise AskwellError(
            f"The strategy '{chooser.name}' picked a row twice, one that has a label, or one that does not exist; a "
            "batch holds distinct rows without a label, so mend its select."
        )
    frame = _frame(picks, log_proba, answers.classes if len(answers.rows) or given is not None else ())
    chosen = picks.astype(np.int64) if shown is None else shown[picks]
    names = tuple(ids[chosen])
    frame = pl.DataFrame({"id": pl.Series(names, dtype=pl.String), **frame})
    asked = Asked(names, chosen, frame, (*said, *((note,) if note else ())))
    if out is not None:
        asked.write(out)
    return asked


@eqx.filter_jit
def _select(
    strategy: AbstractStrategy,
    key: PRNGKeyArray,
    x: Float[Array, "n d"],
    log_proba: Float[Array, "n c"],
    y: Int[Array, " n"],
    rows: Int[Array, " b"],
    learner: AbstractLearner | None,
    fitted: AbstractFitted | None,
    q: int,
) -> Int[Array, " q"]:
    # Compiled as a whole: of the geometry nothing is computed that the strategy does not read.
    view = View.of(x, log_proba, y, rows, learner=learner, fitted=fitted, given=learner is None)
    return strategy.select(key, view, q)


def _chooser(strategy: str | AbstractStrategy, given: bool) -> AbstractStrategy:
    made: AbstractPlayer = make_strategy(strategy) if isinstance(strategy, str) else strategy
    if not isinstance(made, AbstractStrategy):
        raise AskwellError(
            f"The strategy '{made.name}' decides about {made.space.name}, and ask wants a batch of rows; choose one "
            "that picks rows (see `askwell list strategies`)."
        )
    strategy = made
    if strategy.cheats:
        raise AskwellError(
            f"The strategy '{strategy.name}' looks at labels that nobody has given yet: it is a ceiling for "
            "`askwell compare`, so choose another."
        )
    if given and "learner" in strategy.needs:
        raise AskwellError(
            f"The strategy '{strategy.name}' refits the learner, and --proba gives only probabilities; leave out "
            "--proba, or choose a strategy that needs probabilities alone (see `askwell list strategies`)."
        )
    return strategy


def _fitter(learner: str | AbstractLearner) -> AbstractLearner:
    return make_learner(learner) if isinstance(learner, str) else learner


def _on_columns(answers: Any, columns: int) -> Any:
    """The answers with the classes that given probabilities have a column for."""
    numbers = tuple(str(column) for column in range(columns))
    found = answers.classes
    if len(found) == columns:
        return answers
    if not set(found) <= set(numbers):
        raise AskwellError(
            f"--proba has {columns} columns and the labels have {len(found)} classes ({', '.join(found[:10])}); name "
            "the columns with --classes."
        )
    place = np.array([int(name) for name in found], np.int32)
    y = answers.y.copy()
    y[answers.rows] = place[answers.y[answers.rows]]
    return answers._replace(y=y, classes=numbers)


def _frame(picks: np.ndarray, log_proba: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    columns: dict[str, Any] = {"rank": np.arange(1, len(picks) + 1)}
    if classes:
        best = np.argmax(log_proba[picks][:, : len(classes)], axis=1)
        columns["predicted"] = [classes[i] for i in best]
        columns["probability"] = np.exp(log_proba[picks, best]).round(6)
    return columns
