"""The answers so far: a file of labels, or a column of the pool with gaps, or both."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from askwell.asking.pool import Rows
from askwell.core import NOT_ASKED, AskwellError, unknown
from askwell.data.columns import NoRowsError, Raw, number, text
from askwell.data.load import open_file
from askwell.data.names import LABEL_NAMES
from askwell.data.table import REGRESSION, words
from askwell.data.tabular import READERS, read_raw

RANK, DRAWN = "rank", "drawn"
"""What the columns are called that tell the place in a batch, from 1, and which rows of it were drawn at random."""


class Answers(NamedTuple):
    """Answers by row of the pool.

    `y` is ``int32 [N]``, an index into `classes` or ``NOT_ASKED``; `rows` ``int64 [b]`` the labelled ones, in the
    pool's order; `turn` ``int [b]`` the number of the batch, from 1, that asked each of these, 0 where it is not known;
    `drawn` ``bool [b]`` which were drawn at random, as part of an audit. `notes` say what was guessed, and which cells
    count as empty though something was typed.
    """

    y: np.ndarray
    rows: np.ndarray
    classes: tuple[str, ...]
    turn: np.ndarray
    drawn: np.ndarray
    notes: tuple[str, ...] = ()


class Source(NamedTuple):
    """Ids of a source of labels, their labels (None: no answer yet), and what to call it.

    `turns`, `drawn` and `notes` are as in `Answers`.
    """

    ids: Sequence[str]
    labels: Sequence[str | None]
    name: str
    turns: Sequence[int]
    drawn: Sequence[bool]
    notes: tuple[str, ...] = ()


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
    turn, drawn = np.zeros(len(word), int), np.zeros(len(word), bool)
    notes: list[str] = []
    for one in listed(labels):
        source = one if isinstance(one, Source) else _read(one, label, id)
        notes += source.notes
        told = zip(source.ids, source.labels, source.turns, source.drawn, strict=True)
        pairs = [one for one in told if one[1] is not None]
        if not pairs:
            continue
        place = {name: row for row, name in enumerate(pool.ids)} if place is None else place
        check_ids([name for name, *_ in pairs], place, source.name, pool)
        before = turn.max()
        for name, answer, batch, by_chance in pairs:
            row = place[name]
            if word[row] not in (None, answer):
                raise AskwellError(
                    f"{source.name}: id '{name}' is labelled '{word[row]}' and '{answer}'; keep one of the two."
                )
            word[row] = answer
            turn[row] = before + batch if batch else turn[row]
            drawn[row] |= by_chance
    seen = {answer for answer in word if answer is not None}
    known = tuple(classes) if classes is not None else in_order(seen)
    if len(set(known)) < len(known):
        raise AskwellError(f"The classes are {', '.join(known)}; each must be named once.")
    if strange := sorted(seen - set(known)):
        raise AskwellError(unknown("class", strange[0], known))
    index = {name: i for i, name in enumerate(known)}
    y = np.array([NOT_ASKED if answer is None else index[answer] for answer in word], np.int32)
    rows = np.flatnonzero(y != NOT_ASKED)
    return Answers(y, rows, known, turn[rows], drawn[rows], tuple(notes))


def listed(labels: Any) -> list[Any]:
    """The sources of labels: none, one, or several."""
    if labels is None:
        return []
    return list(labels) if isinstance(labels, list | tuple) else [labels]


def check_ids(ids: Sequence[str], known: Container[str], source: str, pool: Rows) -> None:
    """Refuse ids that are not in the pool.

    Raises:
        AskwellError: with the first of them, and what the pool's ids look like.
    """
    if strangers := [name for name in dict.fromkeys(ids) if name not in known]:
        many = f"{len(strangers)} of its ids are" if len(strangers) > 1 else "one of its ids is"
        raise AskwellError(
            f"{source}: {many} not in {pool.name}, the first being '{strangers[0]}'; the pool's ids look like "
            f"'{pool.ids[0]}', and --id names their column."
        )


def source_of(raw: Raw, label: str | None, id: str | None) -> Source:
    """A table's answers, from the columns that `name_columns` finds."""
    id, found = name_columns(raw, label, id)
    columns = dict(zip(raw.names, raw.columns, strict=True))
    names, answers = words(raw, id, columns[id], "id"), words(raw, found, columns[found], "label", gaps=True)
    said = []
    if label is None and found != LABEL_NAMES[0]:
        said.append(guessed(raw.origin, found))
    typed = [cell.strip() for cell in columns[found] if isinstance(cell, str) and cell.strip()]
    if void := Counter(word for word in typed if text(word) is None):
        listed = ", ".join(f"'{word}' {count}" for word, count in void.most_common())
        said.append(
            f"{raw.origin}: these cells of column '{found}' count as empty: {listed}; if one is a class, give it "
            "another name."
        )
    ranks = [text(cell) for cell in columns[RANK]] if RANK in columns else [None] * len(names)
    batch = np.cumsum([rank == "1" for rank in ranks])  # `ask` wrote the file: each batch begins with rank 1
    turns = [0 if rank is None else int(at) for rank, at in zip(ranks, batch, strict=True)]
    drawn = [text(cell) in ("True", "true") for cell in columns.get(DRAWN, [None] * len(names))]
    return Source(names.tolist(), answers.tolist(), raw.origin, turns, drawn, tuple(said))


def guessed(name: str, column: str) -> str:
    """Says which column of a file was taken for the label."""
    return f"{name}: the labels are taken from column '{column}'; --label names another."


def filled(raw: Raw) -> Raw:
    """Without the rows that have no cell: spreadsheets write separators alone for them."""
    rows = list(zip(*raw.columns, strict=True))
    some = [
        i for i, cells in enumerate(rows) if any(cell is not None and str(cell).strip() for cell in cells)
    ]
    lines = [raw.lines[i] for i in some] if raw.lines else None
    return Raw(
        raw.origin, raw.names, [list(column) for column in zip(*(rows[i] for i in some), strict=True)], lines
    )


def name_columns(raw: Raw, label: str | None, id: str | None) -> tuple[str, str]:
    """What a table's columns of ids and of labels are called.

    Raises:
        AskwellError: if that is not clear.
    """
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
    if LABEL_NAMES[0] in found:  # of a sheet with a feature called y, class or target
        found = [LABEL_NAMES[0]]
    found = found or (rest if len(rest) == 1 else [])
    if len(found) != 1:
        raise raw.error(f"say with --label which column holds the labels: {', '.join(rest)}")
    return ids[0], found[0]


def _read(labels: str | Path | Mapping[str, str], label: str | None, id: str | None) -> Source:
    if isinstance(labels, Mapping):
        ids = [str(text(name)) for name in labels]
        return Source(
            ids, [text(word) for word in labels.values()], "labels", [0] * len(ids), [False] * len(ids)
        )
    try:
        raw = filled(open_file(str(labels), READERS, lambda path, _: read_raw(path)))
    except NoRowsError:
        return Source((), (), str(labels), (), ())
    return source_of(raw, label, id)


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
