"""The table: raw rows with names, whatever they came from."""

import dataclasses
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from askwell.core import unknown
from askwell.data.columns import AllMissingError, Cells, Raw, feature, kind, names_rows, number, text

LABEL_NAMES = ("label", "target", "class", "y")
FEWEST = 3
"""Rows that a class needs: one each for pool, selection and report."""

REGRESSION = 20
"""More distinct numeric labels than this may be a regression target."""


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """Raw rows with names, checked and typed but not yet encoded.

    Attributes:
        name: what records call the dataset.
        features: ``[N, columns]``; float columns (NaN = missing) and object columns of str (None = missing).
        labels: ``object [N]`` of str.
        ids: ``object [N]`` of str, all different.
        role: ``meta-train``, ``meta-validation``, ``held out`` or empty.
        dropped: columns left out because they only name the rows or hold nothing; worth a warning.
        notes: what was changed to make a catalogue set usable, in sentences.
    """

    name: str
    features: pd.DataFrame
    labels: np.ndarray
    ids: np.ndarray
    role: str = ""
    dropped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def assemble(raw: Raw, *, name: str, label: str | None, id: str | None, role: str = "") -> Table:
    """Choose label and id columns, type the rest, check everything.

    Args:
        raw: the rows as read.
        name: the table's name.
        label: the label column; by default the one called label, target, class or y.
        id: the id column; by default one called id, else rows are numbered from 0.
        role: see `Table`.

    Raises:
        AskwellError: naming the column and the row, and what to do.
    """
    label = _label_name(raw, label)
    id = _id_name(raw, id)
    if id == label:
        raise raw.error(f"column '{label}' cannot be both label and id; name another with --label or --id")
    columns = dict(zip(raw.names, raw.columns, strict=True))
    labels = words(raw, label, columns.pop(label), "label")
    ids = _numbered(len(labels)) if id is None else words(raw, id, columns.pop(id), "id")
    features: dict[str, np.ndarray] = {}
    dropped: list[str] = []
    for title, cells in columns.items():
        if title.startswith("__index_level_"):  # a pandas index that Parquet carries along
            dropped.append(title)
            continue
        try:
            new = feature(raw, title, cells)
        except AllMissingError:
            if not raw.mend:
                raise
            dropped.append(title)
            continue
        if any(names_rows(column) for column in new.values()):
            dropped.append(title)
            continue
        for part, column in new.items():
            if part in features:
                raise raw.error(f"two columns are called '{part}'; give each its own name")
            features[part] = column
    if not features:
        gone = f" ({', '.join(dropped)} only named the rows)" if dropped else ""
        raise raw.error(f"no feature columns are left besides label and id{gone}; add a column to learn from")
    return finish(raw, Table(name, pd.DataFrame(features), labels, ids, role, tuple(dropped)))


def finish(raw: Raw, table: Table) -> Table:
    """Check ids and classes; where the source is mended, drop classes that are too rare and note it."""
    _check_ids(raw, table.ids)
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


def words(raw: Raw, name: str, cells: Cells, role: str) -> np.ndarray:
    """A label or id column as ``object [N]`` of str, none missing."""
    if (found := kind(raw, name, cells)) == "list":
        raise raw.error(f"column '{name}' holds lists and cannot be the {role}; name another with --{role}")
    values = cells.tolist() if isinstance(cells, np.ndarray) else cells
    column = np.empty(len(values), dtype=object)
    column[:] = [text(value) for value in values]
    gaps = [row for row, word in enumerate(column) if word is None]
    if gaps:
        cell = values[gaps[0]]
        shown = f" ('{cell}')" if isinstance(cell, str) and cell.strip() else ""
        raise raw.error(
            f"column '{name}' has no {role} in {len(gaps)} of {len(column)} rows, the first being "
            f"{raw.where(gaps[0])}{shown}; fill it or remove the row"
        )
    if found == "number" and {"inf", "-inf"} & set(column):
        raise raw.error(f"column '{name}' has an infinite {role}; correct it")
    return column


def _label_name(raw: Raw, label: str | None) -> str:
    if label is not None:
        if label not in raw.names:
            raise raw.error(unknown("label column", label, raw.names).removesuffix("."))
        return label
    found = [name for name in raw.names if name.lower() in LABEL_NAMES]
    if len(found) == 1:
        return found[0]
    problem = (
        "more than one column could be the label"
        if found
        else "no column is called label, target, class or y"
    )
    hint = " (is the separator right?)" if len(raw.names) == 1 else ""
    raise raw.error(f"{problem}; say which with --label: {_listed(raw.names)}{hint}")


def _id_name(raw: Raw, id: str | None) -> str | None:
    if id is not None:
        if id not in raw.names:
            raise raw.error(unknown("id column", id, raw.names).removesuffix("."))
        return id
    found = [name for name in raw.names if name.lower() == "id"]
    if len(found) > 1:
        raise raw.error(f"more than one column could be the id ({', '.join(found)}); say which with --id")
    return found[0] if found else None


def _check_ids(raw: Raw, ids: np.ndarray) -> None:
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


def _numbered(count: int) -> np.ndarray:
    return np.array([str(row) for row in range(count)], dtype=object)


def _listed(names: Sequence[str], most: int = 20) -> str:
    return ", ".join(names[:most]) + (f", … ({len(names)} columns)" if len(names) > most else "")
