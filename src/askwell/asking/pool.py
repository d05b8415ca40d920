"""Rows to choose from, with the labels that they bring along."""

from pathlib import Path
from typing import Any

import numpy as np

from askwell.core import AskwellError
from askwell.data import Matrix, Table, fit_encoder, load_pool, rows_of
from askwell.data.columns import number

Rows = Table | Matrix
"""The whole pool, not encoded: ``name``, ``ids`` and ``labels`` (None where a row has none) are read here."""

SEEN = 5
"""So many labels that are all in a column of the pool are no accident."""


def read_pool(pool: Any, *, label: str | None, id: str | None, labels_apart: bool, ids: Any = None) -> Rows:
    """Read; `labels_apart` says that there is a file of labels, which `label` may refer to as well.

    Raises:
        AskwellError: for a file that is damaged, or an unknown `label`.
    """
    found = (
        load_pool(str(pool), label=label, id=id)
        if isinstance(pool, str | Path)
        else rows_of("pool", pool, ids=ids, label=label, id=id)
    )
    if label is not None and found.label != label and not labels_apart:
        listed = f" (its columns: {', '.join(list(found.features)[:20])})" if isinstance(found, Table) else ""
        raise AskwellError(
            f"{found.name} has no label column '{label}'{listed}; name the right one with --label, or give the "
            "answers so far with --labels."
        )
    return found


def encoded(rows: Rows, features: int) -> np.ndarray:
    """``float32 [N, d]``, encoded as `askwell.compare` does it.

    Raises:
        AskwellError: for values that are not finite.
    """
    return fit_encoder(rows, features)[1]


def notes(rows: Rows, labelled: np.ndarray, answers: np.ndarray) -> tuple[str, ...]:
    """What was left out, and which column seems to give the answers away, in sentences.

    `answers` are the labels of the rows `labelled`, in words.
    """
    said = []
    if isinstance(rows, Table) and rows.dropped:
        said.append(f"{rows.name}: left out {', '.join(rows.dropped)} (nearly every value is another).")
    if len(labelled) >= SEEN and len(set(answers)) > 1:
        said += [
            f"{rows.name}: {column} holds the very label of all {len(labelled)} labelled rows; if it is the label, "
            "leave it out of the pool, or name it with --label."
            for column in _alike(rows, labelled, answers)
        ]
    return tuple(said)


def _alike(rows: Rows, labelled: np.ndarray, answers: np.ndarray) -> list[str]:
    values = np.array([number(word) for word in answers], float)  # None is not a number
    if not isinstance(rows, Table):
        return [
            f"column {at} (from 0)"
            for at in np.flatnonzero((rows.x[labelled] == values[:, None]).all(axis=0))
        ]
    shown = rows.features.iloc[labelled]
    return [
        f"column '{name}'"
        for name, column in shown.items()
        if (column.to_numpy() == (answers if column.dtype == object else values)).all()
    ]
