"""The table: raw rows with names, whatever they came from."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from askwell.core import unknown
from askwell.data.columns import (
    AllMissingError,
    Cells,
    Raw,
    embedded,
    feature,
    kind,
    names_rows,
    nested,
    number,
    text,
)
from askwell.data.names import LABEL_NAMES, Complain, id_name, label_name

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 3
"""Rows that a class needs: one each for pool, selection and report."""

REGRESSION = 20
"""More distinct numeric labels than this may be a regression target."""


@dataclasses.dataclass(frozen=True)
class Chosen:
    """Which columns of a pool are features, and what its label column may be called where nobody says so.

    Attributes:
        ignore: columns that are left out.
        only: columns that are features; None: all the rest.
        labels: names that a label column is known by.
    """

    ignore: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None
    labels: tuple[str, ...] = LABEL_NAMES

    def check(self, error: Complain, names: Sequence[str]) -> None:
        """Refuse a column that there is not."""
        for option, chosen in (("--ignore", self.ignore), ("--features-from", self.only or ())):
            for name in chosen:
                if name not in names:
                    raise error(f"{option}: " + unknown("column", name, names).removesuffix("."))

    def __contains__(self, name: object) -> bool:
        """Whether a column other than label and id is a feature."""
        return name not in self.ignore and (self.only is None or name in self.only)


ALL = Chosen()
"""Every column is a feature."""


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """Raw rows with names, checked and typed but not yet encoded.

    Attributes:
        name: what records call the dataset.
        features: ``[N, columns]``; float columns (NaN = missing) and object columns of str (None = missing).
        labels: ``object [N]`` of str; None where a row has no label, which only `assemble` with ``labelled=False``
            lets through.
        ids: ``object [N]`` of str, all different.
        texts: columns that are prose, however short their cells are.
        sentences: whether prose is encoded by the sentence encoder, too, see `askwell.encoders.SENTENCES`.
        readable: the source's columns besides label and id, but for those that are nested or lists of numbers.
        role: ``meta-train``, ``meta-validation``, ``held out`` or empty.
        dropped: columns left out because they only name the rows or hold nothing; the user is told.
        notes: what was changed to make a catalogue set usable, in sentences.
        label: the column that the labels come from; None where there was none.
    """

    name: str
    features: "pd.DataFrame"
    labels: np.ndarray
    ids: np.ndarray
    role: str = ""
    dropped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    label: str | None = None
    texts: tuple[str, ...] = ()
    readable: tuple[str, ...] = ()
    sentences: bool = False


def assemble(
    raw: Raw,
    *,
    name: str,
    label: str | None,
    id: str | None,
    role: str = "",
    labelled: bool = True,
    texts: tuple[str, ...] = (),
    chosen: Chosen = ALL,
) -> Table:
    """Choose label and id columns, type the rest, check everything.

    Args:
        raw: the rows as read.
        name: the table's name.
        label: the label column; by default the one called label, target, class or y.
        id: the id column; by default one called id, else rows are numbered from 0.
        role: see `Table`.
        texts: columns that are prose, however short their cells are.
        chosen: which columns are features.
        labelled: whether every row must have a label, and every class enough rows to be split. Otherwise labels
            may be missing in some rows or all, and their column may be absent; columns that are empty or nested are
            left out, with a note.

    Raises:
        AskwellError: naming the column and the row, and what to do.
    """
    chosen.check(raw.error, raw.names)
    label = label_name(raw.error, raw.names, label, labelled, chosen.labels)
    id = id_name(raw.error, raw.names, id)
    if id is not None and id == label:
        raise raw.error(f"column '{label}' cannot be both label and id; name another with --label or --id")
    columns = dict(zip(raw.names, raw.columns, strict=True))
    rows = len(raw.columns[0])
    labels = (
        np.full(rows, None) if label is None else words(raw, label, columns.pop(label), "label", not labelled)
    )
    ids = numbered(rows) if id is None else words(raw, id, columns.pop(id), "id")
    features: dict[str, np.ndarray] = {}
    dropped: list[str] = []
    notes: list[str] = []
    readable = tuple(title for title, cells in columns.items() if not nested(cells) and not embedded(cells))
    for title, cells in columns.items():
        if title not in chosen:
            continue
        if not labelled and nested(cells):
            notes.append(f"Left out {title}: its cells are nested.")
            continue
        if title.startswith("__index_level_"):  # a pandas index that Parquet carries along
            dropped.append(title)
            continue
        try:
            new = feature(raw, title, cells)
        except AllMissingError:
            if not labelled:
                notes.append(f"Left out {title}: it is empty.")
                continue
            if not raw.mend:
                raise
            dropped.append(title)
            continue
        if title not in texts and any(names_rows(column) for column in new.values()):
            dropped.append(title)
            continue
        for part, column in new.items():
            if part in features:
                raise raw.error(f"two columns are called '{part}'; give each its own name")
            features[part] = column
    if not features:
        gone = f" ({', '.join(dropped)} only named the rows)" if dropped else ""
        gone += f" ({' '.join(notes)})" if notes else ""
        raise raw.error(f"no feature columns are left besides label and id{gone}; add a column to learn from")
    import pandas as pd  # slow to import

    table = Table(
        name,
        pd.DataFrame(features),
        labels,
        ids,
        role,
        tuple(dropped),
        tuple(notes),
        label=label,
        texts=texts,
        readable=readable,
    )
    if labelled:
        return finish(raw, table)
    check_ids(raw, ids)
    return table


def finish(raw: Raw, table: Table) -> Table:
    """Check ids and classes; where the source is mended, drop classes that are too rare and note it."""
    check_ids(raw, table.ids)
    counts = Counter(table.labels)
    distinct = len(counts)
    values = [number(word) for word in counts]
    if distinct > REGRESSION and None not in values:
        whole = all(value is not None and value.is_integer() for value in values)
        if not whole or distinct > len(table.labels) / 2:
            raise raw.error(
                f"the labels look like a regression target ({distinct} distinct numbers in "
                f"{len(table.labels)} rows); askwell learns classes, so name another column with "
                "--label or bin the numbers"
            )
    rare = sorted((word for word in counts if counts[word] < FEWEST), key=lambda w: (counts[w], w))
    if rare and raw.mend:
        keep = np.array([counts[word] >= FEWEST for word in table.labels])
        lost = ", ".join(f"'{word}' ({counts[word]})" for word in rare)
        table = dataclasses.replace(
            table,
            features=table.features[keep].reset_index(drop=True),
            labels=table.labels[keep],
            ids=table.ids[keep],
            notes=(*table.notes, f"Dropped classes with fewer than {FEWEST} rows: {lost}."),
        )
        distinct -= len(rare)
    if distinct < 2:
        only = f"only '{next(iter(counts))}'" if len(counts) == 1 else f"{distinct} left"
        raise raw.error(f"the labels need at least 2 classes, but there is {only}; check the label column")
    if rare and not raw.mend:
        more = f" ({len(rare)} classes are as rare)" if len(rare) > 1 else ""
        raise raw.error(
            f"class '{rare[0]}' has {counts[rare[0]]} row{'s' * (counts[rare[0]] > 1)}{more}, but a class "
            f"needs at least {FEWEST}, one each for pool, selection and report; remove those rows or merge "
            "the class"
        )
    return table


def words(raw: Raw, name: str, cells: Cells, role: str, gaps: bool = False) -> np.ndarray:
    """A label or id column as ``object [N]`` of str, none missing; with `gaps` None where one is."""
    if (found := kind(raw, name, cells)) == "list":
        raise raw.error(f"column '{name}' holds lists and cannot be the {role}; name another with --{role}")
    values = cells.tolist() if isinstance(cells, np.ndarray) else cells
    column = np.empty(len(values), dtype=object)
    column[:] = [text(value) for value in values]
    empty = [row for row, word in enumerate(column) if word is None]
    if empty and not gaps:
        cell = values[empty[0]]
        shown = f" ('{cell}')" if isinstance(cell, str) and cell.strip() else ""
        raise raw.error(
            f"column '{name}' has no {role} in {len(empty)} of {len(column)} rows, the first being "
            f"{raw.where(empty[0])}{shown}; fill it or remove the row"
        )
    if found == "number" and {"inf", "-inf"} & set(column):
        raise raw.error(f"column '{name}' has an infinite {role}; correct it")
    return column


def check_ids(raw: Raw, ids: np.ndarray) -> None:
    """Refuse an id that two rows share."""
    if len(set(ids)) == len(ids):
        return
    seen: dict[str, int] = {}
    for row, word in enumerate(ids):
        if word in seen:
            raise raw.error(
                f"id '{word}' appears twice, in {raw.where(seen[word])} and {raw.where(row)}; "
                "give every row its own id, or name another column with --id"
            )
        seen[word] = row


def numbered(count: int) -> np.ndarray:
    """Ids of rows that have none: their numbers, from 0."""
    return np.array([str(row) for row in range(count)], dtype=object)
