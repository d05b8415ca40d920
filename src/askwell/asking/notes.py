"""What the user should know of the pool and the labels so far, in sentences."""

import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np

from askwell.asking.answers import Answers, guessed
from askwell.asking.pool import Rows
from askwell.data import Matrix, Table
from askwell.data.columns import number
from askwell.data.kept import KeptTable
from askwell.data.names import LABEL_NAMES

MOST = 12
"""Classes that one sentence counts."""

SEEN = 5
"""So many labels that are all in a column of the pool are no accident."""


def notes(rows: Rows, answers: Answers, label: str | None = None) -> tuple[str, ...]:
    """What was left out or guessed, and what looks wrong with the labels, in sentences.

    `label` is the column of labels that the user named.
    """
    labelled = answers.rows
    words = np.array(answers.classes, object)[answers.y[labelled]]
    said = []
    if isinstance(rows, Table | KeptTable):
        said += [f"{rows.name}: {note}" for note in rows.notes]
    if isinstance(rows, Table | KeptTable) and rows.label not in (None, label, LABEL_NAMES[0]):
        said.append(guessed(rows.name, rows.label))
    if isinstance(rows, Table | KeptTable) and rows.dropped:
        said.append(f"{rows.name}: left out {', '.join(rows.dropped)} (nearly every value is another).")
    features = [] if isinstance(rows, Matrix) else list(rows.features)
    said += [
        f"{rows.name}: column '{name}' is a feature; if it holds labels, name it with --label."
        for name in features
        if name.lower() in LABEL_NAMES
    ]
    if len(labelled) >= SEEN and len(set(words)) > 1:
        said += [
            f"{rows.name}: {column} holds the very label of all {len(labelled)} labelled rows; if it is the label, "
            "leave it out of the pool, or name it with --label."
            for column in _copies(rows, labelled, words)
        ]
    said += [*answers.notes, *alike(answers.classes)]
    return tuple(said)


def tally(rows: Rows, answers: Answers) -> str | None:
    """How many labels there are of which class, in a sentence; None where there is none."""
    if not len(answers.rows):
        return None
    counts = Counter(answers.classes[i] for i in answers.y[answers.rows]).most_common()
    listed = ", ".join(f"{name} {count}" for name, count in counts[:MOST])
    more = f", and {len(counts) - MOST} more classes" if len(counts) > MOST else ""
    return f"{len(answers.rows)} of {len(rows.ids)} rows have a label: {listed}{more}."


def alike(classes: Sequence[str]) -> list[str]:
    """Sentences about classes whose names differ in case, spaces or width alone."""
    groups: dict[str, list[str]] = {}
    for name in classes:
        plain = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
        groups.setdefault(plain, []).append(name)
    return [
        "The classes "
        + " and ".join(f"'{name}'" for name in group)
        + " are likely the same; spell them alike."
        for group in groups.values()
        if len(group) > 1
    ]


def _copies(rows: Rows, labelled: np.ndarray, answers: np.ndarray) -> list[str]:
    values = np.array([number(word) for word in answers], float)  # None is not a number
    if isinstance(rows, Matrix):
        return [
            f"column {at} (from 0)"
            for at in np.flatnonzero((rows.x[labelled] == values[:, None]).all(axis=0))
        ]
    if isinstance(rows, KeptTable):
        shown = rows.cells(labelled)
    else:
        shown = {name: column.to_numpy() for name, column in rows.features.iloc[labelled].items()}
    return [
        f"column '{name}'"
        for name, column in shown.items()
        if (column == (answers if column.dtype == object else values)).all()
    ]
