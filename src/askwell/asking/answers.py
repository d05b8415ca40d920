"""The answers so far: a file of labels, or a column of the pool with gaps, or both."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from askwell.asking.pool import Rows
from askwell.core import NOT_ASKED, AskwellError, unknown
from askwell.data.columns import NoRowsError, Raw, number, text
from askwell.data.load import open_file
from askwell.data.table import LABEL_NAMES, REGRESSION, words
from askwell.data.tabular import READERS, read_raw


class Answers(NamedTuple):
    """Answers by row of the pool.

    `y` is ``int32 [N]``, an index into `classes` or ``NOT_ASKED``; `rows` ``int64 [b]`` the labelled ones, in the
    pool's order.
    """

    y: np.ndarray
    rows: np.ndarray
    classes: tuple[str, ...]


def collect(
    pool: Rows,
    labels: Any,
    *,
    label: str | None,
    id: str | None,
    classes: Sequence[str] | None,
) -> Answers:
    """All answers, of one source of labels or of several.

    `classes` fixes the order of the classes, which is sorted otherwise (numbers by size).

    Raises:
        AskwellError: for ids that are not in the pool, an id with two labels, a label that is not one of
            `classes`, and numbers that are no classes.
    """
    word: list[str | None] = pool.labels.tolist()
    place: dict[str, int] | None = None
    for one in listed(labels):
        pairs, source = _pairs(one, label, id)
        if not pairs:
            continue
        place = {name: row for row, name in enumerate(pool.ids)} if place is None else place
        strangers = [name for name in dict.fromkeys(name for name, _ in pairs) if name not in place]
        if strangers:
            many = f"{len(strangers)} of its ids are" if len(strangers) > 1 else "one of its ids is"
            raise AskwellError(
                f"{source}: {many} not in {pool.name}, the first being '{strangers[0]}'; the pool's ids look like "
                f"'{pool.ids[0]}', and --id names their column."
            )
        for name, answer in pairs:
            row = place[name]
            if word[row] not in (None, answer):
                raise AskwellError(
                    f"{source}: id '{name}' is labelled '{word[row]}' and '{answer}'; keep one of the two."
                )
            word[row] = answer
    seen = {answer for answer in word if answer is not None}
    known = tuple(classes) if classes is not None else in_order(seen)
    if len(set(known)) < len(known):
        raise AskwellError(f"The classes are {', '.join(known)}; each must be named once.")
    if strange := sorted(seen - set(known)):
        raise AskwellError(unknown("class", strange[0], known))
    index = {name: i for i, name in enumerate(known)}
    y = np.array([NOT_ASKED if answer is None else index[answer] for answer in word], np.int32)
    return Answers(y, np.flatnonzero(y != NOT_ASKED), known)


def listed(labels: Any) -> list[Any]:
    """The sources of labels: none, one, or several."""
    if labels is None:
        return []
    return list(labels) if isinstance(labels, list | tuple) else [labels]


def _pairs(
    labels: str | Path | Mapping[str, str] | None, label: str | None, id: str | None
) -> tuple[list[tuple[str, str]], str]:
    """Id and label of every answer, and what to call their source. A row without a label is no answer yet."""
    if labels is None:
        return [], ""
    if isinstance(labels, Mapping):
        given = [(text(name), text(answer)) for name, answer in labels.items()]
        return [(str(name), answer) for name, answer in given if answer is not None], "labels"
    try:
        raw = open_file(str(labels), READERS, lambda path, _: read_raw(path))
    except NoRowsError:
        return [], ""
    names, answers = _columns(raw, label, id)
    return [
        (name, answer) for name, answer in zip(names, answers, strict=True) if answer is not None
    ], raw.origin


def _columns(raw: Raw, label: str | None, id: str | None) -> tuple[np.ndarray, np.ndarray]:
    ids = [name for name in raw.names if name == id] or [name for name in raw.names if name.lower() == "id"]
    if len(ids) != 1:
        given = f"'{id}' or 'id'" if id else "'id'"
        raise raw.error(
            f"no one column is called {given}; say with --id which holds the ids ({', '.join(raw.names)}), or add one: "
            "a pool without ids counts its rows from 0"
        )
    rest = [name for name in raw.names if name != ids[0]]
    if label is not None and label not in rest:
        raise raw.error(unknown("label column", label, rest).removesuffix("."))
    found = [label] if label is not None else [name for name in rest if name.lower() in LABEL_NAMES]
    if "label" in found:  # of a sheet with a feature called y, class or target
        found = ["label"]
    found = found or (rest if len(rest) == 1 else [])
    if len(found) != 1:
        raise raw.error(f"say with --label which column holds the labels: {', '.join(rest)}")
    columns = dict(zip(raw.names, raw.columns, strict=True))
    names = words(raw, ids[0], columns[ids[0]], "id")
    return names, words(raw, found[0], columns[found[0]], "label", gaps=True)


def in_order(seen: set[str]) -> tuple[str, ...]:
    """Sorted, numbers by size: as a model of the user's own will have sorted them."""
    values = {word: number(word) for word in seen}
    numbers = [value for value in values.values() if value is not None]
    if len(numbers) < len(seen):
        return tuple(sorted(seen))
    if len(seen) > REGRESSION and not all(value.is_integer() for value in numbers):
        raise AskwellError(
            f"The labels look like a regression target ({len(seen)} distinct numbers); askwell asks for classes, so "
            "name another column with --label or bin the numbers."
        )
    return tuple(sorted(seen, key=lambda word: (values[word] or 0.0, word)))
