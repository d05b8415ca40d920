"""From a table of what was labelled before to a directory that `--encoder` takes."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from askwell.core import ACCURACY, AskwellError, listed, unknown
from askwell.data import Table, load
from askwell.encoders import SENTENCES, with_sentences
from askwell.encoders.domain import save_domain
from askwell.execution import versions
from askwell.policies import save_choice
from askwell.training.history import STRATEGIES, learn_metric


def learn_domain(
    history: str | Path,
    out: str | Path,
    *,
    label: str | None = None,
    id: str | None = None,
    task: str | None = None,
    metric: str = ACCURACY,
    strategies: Sequence[str] = STRATEGIES,
    features: int = 64,
    seed: int = 0,
    encoder: str | None = None,
    watch: Callable[[int, int], None] = lambda done, whole: None,
) -> dict[str, Any]:
    """Learn the metric of a domain from what was labelled before, and its strategy, and write them; the card.

    Args:
        history: rows with labels, as for `askwell.compare`: other classes of the domain, or with `task` other tasks.
        out: the directory to write, which `askwell.ask`, `askwell.Session` and `askwell.compare` take as `encoder`, and
            ``policy:OUT`` as strategy.
        label: the column of labels, see `askwell.data.load`.
        id: the column of ids.
        task: the column that says which task a row belongs to; by default past classes are left out in turn.
        metric: what counts, see `askwell.core.METRICS`.
        strategies: what plays. The first judges metrics, and is kept unless another is better.
        features: most features that are kept.
        seed: decides which classes are left out when.
        encoder: "sentences": prose is encoded by a small sentence encoder, too, here and wherever the metric is used.
        watch: called with candidates done and in all.

    Raises:
        AskwellError: for a history that cannot be read, or is too small.
    """
    if encoder not in (None, SENTENCES):
        raise AskwellError(f"--encoder is '{encoder}'; with --history give '{SENTENCES}', or leave it out.")
    table, tasks = _apart(load(str(history), label=label, id=id), task)
    if encoder is not None:
        table = with_sentences(table)
    found = learn_metric(
        table, tasks, features=features, strategies=strategies, metric=metric, seed=seed, watch=watch
    )
    card = {
        "encoder": None if found.domain is None else found.name,
        "reason": found.reason,
        "history": table.name,
        "rows": len(table.ids),
        "classes": np.unique(table.labels.astype(str)).tolist(),
        "tasks": None if tasks is None else len(np.unique(tasks)),
        "features": features,
        "sentences": table.sentences,
        "columns": [str(name) for name in table.features.columns],
        "metric": metric,
        "strategy": found.strategy,
        "why": found.why,
        "seed": seed,
        "candidates": [one._asdict() for one in found.candidates],
        "strategies": [one._asdict() for one in found.strategies],
        "versions": versions(),
    }
    Path(out).mkdir(parents=True, exist_ok=True)
    save_choice(found.strategy, Path(out))
    save_domain(found.domain, card, Path(out))
    return card


def _apart(table: Table, task: str | None) -> tuple[Table, np.ndarray | None]:
    """The table without its column of tasks, and the tasks."""
    if task is None:
        return table, None
    if task not in table.features.columns:
        raise AskwellError("--task: " + unknown("column", task, list(table.features.columns)))
    column = table.features[task]
    if bool(column.isna().to_numpy().any()):
        raise AskwellError(
            f"--task: column '{task}' has empty cells; say of each row which task it belongs to."
        )
    names, tasks = np.unique(column.astype(str).to_numpy(), return_inverse=True)
    if len(names) == 1:
        raise AskwellError(
            f"--task: column '{task}' is '{listed(names.tolist())}' throughout; leave the option out."
        )
    return dataclasses.replace(table, features=table.features.drop(columns=[task])), tasks
