"""`ask`: the rows to label next, in one call."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from askwell.asking.answers import DRAWN, Answers, collect, listed
from askwell.asking.asked import Asked, check_out, same_file
from askwell.asking.assess import assess
from askwell.asking.belief import read_proba
from askwell.asking.choice import choose_rows
from askwell.asking.defaults import default_strategy
from askwell.asking.notes import notes, tally
from askwell.asking.pool import Reading, encode_pool, open_pool
from askwell.asking.savings import random_batches
from askwell.asking.sheet import Sheet, shown
from askwell.asking.stopping import DEFAULT, advice
from askwell.core import (
    ACCURACY,
    NO_ANSWER,
    NOT_ASKED,
    AbstractLearner,
    AbstractStrategy,
    AskwellError,
    counted,
)
from askwell.data import Matrix
from askwell.data.kept import KeptTable
from askwell.encoders import unused
from askwell.execution import compilation_cache
from askwell.learners import as_learner
from askwell.policies import as_strategy
from askwell.strategies.audited import Audited


def ask(
    pool: Any,
    *,
    labels: Any = None,
    strategy: Any = None,
    batch: int = 100,
    learner: Any = "logistic",
    proba: str | Path | np.ndarray | None = None,
    classes: Sequence[str] | None = None,
    id: str | None = None,
    label: str | None = None,
    seed: int = 0,
    candidates: int | None = None,
    features: int = 64,
    ignore: Sequence[str] | None = None,
    features_from: Sequence[str] | None = None,
    show: Sequence[str] | None = None,
    out: str | Path | None = None,
    audit: float = 0.0,
    metric: str = ACCURACY,
    encoder: str | Path | None = None,
    embeddings: str | Path | None = None,
) -> Asked:
    """Choose the rows to label next: fit the learner to the answers so far, show the strategy what is known.

    The strategy gets ``jax.random.key(seed)`` and the view that it would get in a game of one round.

    Args:
        pool: a table (.csv .tsv .parquet .jsonl), embeddings (.npy, memory-mapped, or .npz), an array or a sparse
            matrix ``[N, d]``, a frame, or a list of texts.
        labels: a table with an id and a label column, labels by id, or a list of such. Rows without a label do not
            count. None, or no row in it: a cold start, unless the pool has a label column of its own that is filled in
            part. A column of the pool that is called target, class or y is then a feature, unless `label` names it.
        strategy: a name, a strategy, ``package.module:Name``, or a function ``query(X, labels, q)``; by default the one
            that was best in `metric` on other data (docs/choose.md).
        batch: how many rows to ask for.
        learner: a name, a learner, or a scikit-learn classifier; not used with `proba`.
        proba: class probabilities ``[N, c]`` of a model of your own, in the pool's order.
        classes: names of the columns of `proba`; by default the labels' classes in sorted order, numbers by size.
        id: the column of the ids, in both files; by default the one called id, else the pool's rows count from 0.
        label: the column of the labels, in either file; by default the one called label, target, class or y.
        seed: decides ties, and the candidates that are drawn.
        candidates: how many rows without a label the strategy is shown; by default all, or 50,000 where its cost
            grows faster than the pool.
        features: most features that are kept, as in `askwell.compare`.
        ignore: columns that are left out.
        features_from: columns that are features; by default all but label and id.
        show: columns that are copied to `out`; by default all of a table with at most 12.
        out: a .csv or .jsonl file to type labels into, written whole or not at all. What was typed into it counts, and
            it goes on: its rows without a label stay, and so many new ones come that `batch` are empty.
        audit: the share of the batch that is drawn at random, at least one row if it is above 0. A column `drawn` says
            which; where it comes back with the labels, the notes have an accuracy that it tells.
        metric: what counts in the end, see `askwell.core.METRICS`; it decides the default strategy.
        encoder: the directory that ``askwell train --history`` wrote: the metric of your domain (docs/history.md).
            Or "sentences": prose is encoded by a small sentence encoder, too (the extra `sentences`).
        embeddings: a file of numbers that stand for the rows, by id or in their order (.npy, .npz, .parquet).

    Raises:
        AskwellError: one sentence on what is wrong with the input; nothing is written then.
    """
    compilation_cache()
    sources, sheet = listed(labels), None
    if out is not None:
        path = check_out(out, pool, proba)
        sheet = Sheet(path, id, label)
        sources = [*(one for one in sources if not same_file(one, path)), sheet.source]
    if seed < 0:
        raise AskwellError(f"seed is {seed}; give 0 or more.")
    if batch < 1:
        raise AskwellError(f"--batch is {batch}; give at least 1.")
    standard = default_strategy(metric)
    chooser = chooser_of(standard if strategy is None else strategy, proba is not None)
    fitter = as_learner(learner)
    by_chance = Audited(chooser, audit) if audit else None
    only = None if features_from is None else tuple(features_from)
    # A label that was named may be a column of `out` alone.
    apart = labels is not None or (out is not None and label is not None)
    files = [None if one is None else str(one) for one in (encoder, embeddings)]
    reading = Reading(label, id, apart, tuple(ignore or ()), only, features, *files)
    rows, x = open_pool(pool, reading)
    given = None if proba is None else read_proba(proba, len(rows.ids))
    if classes is not None and given is None:
        raise AskwellError("--classes names the columns of --proba; give both or neither.")
    if classes is not None and given is not None and len(classes) != given.shape[1]:
        raise AskwellError(
            f"--classes names {len(classes)} classes and --proba has {given.shape[1]} columns."
        )
    answers = collect(rows, sources, label=label, id=id, classes=classes)
    count = tally(rows, answers)
    said = (*unused(encoder), *notes(rows, answers, label), *([count] if count else []))
    if given is not None:
        answers = _on_columns(answers, given.shape[1])
    if x is None:
        assert not isinstance(rows, KeptTable)
        x = encode_pool(pool, reading, rows)[1]
    if given is None:
        said += judged(fitter, (by_chance or chooser).name, seed, x, answers, batch)
    ids, readable = rows.ids, () if isinstance(rows, Matrix) else rows.readable
    waiting = [] if sheet is None else sheet.waiting(rows, answers)
    del rows  # room for what the strategy needs
    y = answers.y.copy()
    y[waiting] = NO_ANSWER
    if waiting:
        batch = min(batch - len(waiting), int(np.sum(y == NOT_ASKED)))
        if batch < 1:
            said += (f"{counted(len(waiting), 'row')} of {out} without a label: type those first.",)
            return Asked((), np.empty(0, int), _frame((), np.empty((0, 0)), ()), said)
    elif sheet is not None:
        batch = min(batch, int(np.sum(y == NOT_ASKED))) or batch  # the last round of the loop is what is left
    choice = choose_rows(
        by_chance or chooser,
        fitter,
        x,
        y,
        answers.rows,
        classes=len(answers.classes),
        batch=batch,
        seed=seed,
        given=given,
        candidates=candidates,
    )
    known = answers.classes if len(answers.rows) or given is not None else ()
    names = tuple(ids[choice.rows])
    frame = _frame(names, choice.log_proba, known, own=given is not None)
    if by_chance is not None:
        frame = frame.with_columns(pl.Series(DRAWN, np.arange(batch) >= batch - by_chance.drawn(batch)))
    if sheet is not None:
        if waiting:
            said += (
                f"Of {out} {counted(len(waiting), 'row')} had no label yet and stay; {len(names)} are new.",
            )
        sheet.add(
            frame, shown(pool, show, [name for name in readable if name not in sheet.taken], choice.rows)
        )
        sheet.write()
    return Asked(names, choice.rows, frame, (*said, *((choice.note,) if choice.note else ())))


def judged(
    learner: AbstractLearner, strategy: str, seed: int, x: np.ndarray, answers: Answers, batch: int
) -> tuple[str, ...]:
    """How good the classifier is, what the next batch will bring, and whether to stop, in sentences.

    `strategy` is taken to have chosen the earlier batches, too.
    """
    if len(answers.classes) < 2:
        return ()
    before = [answers.turn < turn for turn in np.unique(answers.turn) if turn > 0]
    y = answers.y[answers.rows]
    found = assess(
        seed,
        learner,
        x,
        answers.rows,
        y,
        len(answers.classes),
        before=before,
        drawn=answers.drawn & (answers.turn > 0),
        rounds=DEFAULT.rounds,
        more=batch,
    )
    reasons = DEFAULT.reasons(found, len(y))
    random = None
    if found.accuracy is not None and (answers.turn > 0).all():
        random = random_batches(strategy, learner.name, len(y), found.accuracy.value)
    said = [found.text(), random and random.text(), advice(reasons) if reasons else None]
    return tuple(filter(None, said))


def chooser_of(strategy: Any, given: bool) -> AbstractStrategy:
    """The strategy, if a person can be asked by it; `given` says that only probabilities are known, no learner.

    Raises:
        AskwellError: for one that picks no rows, looks at hidden labels, or needs a learner that there is not.
    """
    made = as_strategy(strategy)
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


def _frame(
    names: Sequence[str], log_proba: np.ndarray, classes: Sequence[str], own: bool = False
) -> pl.DataFrame:
    """What is said of the chosen rows. Probabilities that are not the user's `own` are too sure: they are left out."""
    columns: dict[str, Any] = {"id": pl.Series(names, dtype=pl.String), "rank": np.arange(1, len(names) + 1)}
    if classes:
        best = np.argmax(log_proba[:, : len(classes)], axis=1)
        columns["predicted"] = [classes[i] for i in best]
    if classes and own:
        columns["probability"] = np.exp(np.max(log_proba[:, : len(classes)], axis=1)).round(6)
    return pl.DataFrame(columns)
