"""Rows to choose from, with the labels that they bring along."""

import dataclasses
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from askwell.core import AskwellError
from askwell.data import Matrix, Table, load_pool, rows_of
from askwell.data.kept import KeptTable, keep, key_of, read_kept
from askwell.data.names import LABEL_NAMES
from askwell.data.table import Chosen
from askwell.data.tabular import READERS
from askwell.encoders import SENTENCES, encode_rows

Rows = Table | Matrix | KeptTable
"""The whole pool, not encoded: ``name``, ``ids`` and ``labels`` (None where a row has none) are read here."""


class Reading(NamedTuple):
    """How a pool is read.

    Attributes:
        label, id: see `askwell.ask`.
        labels_apart: whether there are labels besides those in the pool, which `label` may refer to as well.
        ignore, features_from: columns that are left out, and those that are features (None: all others).
        features: most features that are kept.
        encoder: what `askwell train --history` wrote, or "sentences"; None: the encoder is fitted to the pool.
        embeddings: a file of numbers that stand for the rows; None: the columns themselves do.
    """

    label: str | None = None
    id: str | None = None
    labels_apart: bool = False
    ignore: tuple[str, ...] = ()
    features_from: tuple[str, ...] | None = None
    features: int = 64
    encoder: str | None = None
    embeddings: str | None = None


def located(name: str | Path | None) -> str | None:
    """An encoder's or a file's absolute path, which holds wherever it is read; an encoder's name stays."""
    if name is None:
        return None
    return SENTENCES if str(name) == SENTENCES else str(Path(name).expanduser().resolve())


def open_pool(pool: Any, reading: Reading, ids: Any = None) -> tuple[Rows, np.ndarray | None]:
    """The pool, and its encoding if it was kept by an earlier process.

    Raises:
        AskwellError: as `read_pool`.
    """
    path, key = _kept_at(pool, reading)
    found = None if key is None else read_kept(path, key)
    return found or (read_pool(pool, reading, ids), None)


def read_pool(pool: Any, reading: Reading, ids: Any = None) -> Table | Matrix:
    """The pool, read and checked.

    Raises:
        AskwellError: for a file that is damaged, or an unknown `label` or column.
    """
    label, id = reading.label, reading.id
    # Where it is said what the label is, a column called y, class or target is a feature.
    known = LABEL_NAMES[:1] if reading.labels_apart or label is not None else LABEL_NAMES
    chosen = Chosen(reading.ignore, reading.features_from, known)
    found = (
        load_pool(str(pool), label=label, id=id, chosen=chosen)
        if isinstance(pool, str | Path)
        else rows_of("pool", pool, ids=ids, label=label, id=id, chosen=chosen)
    )
    if label is not None and found.label != label and not reading.labels_apart:
        listed = f" (its columns: {', '.join(list(found.features)[:20])})" if isinstance(found, Table) else ""
        raise AskwellError(
            f"{found.name} has no label column '{label}'{listed}; name the right one with --label, or give the "
            "answers so far with --labels."
        )
    return found


def encode_pool(pool: Any, reading: Reading, rows: Table | Matrix) -> tuple[Any, np.ndarray]:
    """An encoder for further rows, and the pool's own ``float32 [N, d]``, which is kept for the next process.

    Raises:
        AskwellError: for values that are not finite, or columns that are all constant.
    """
    numbers = rows if reading.embeddings is None else read_embeddings(reading.embeddings, rows)
    encoder, x = encode_rows(numbers, reading.features, reading.encoder)
    path, key = _kept_at(pool, reading)
    if key is not None and isinstance(rows, Table):
        keep(path, key, rows, x)
    return encoder, x


def read_embeddings(path: str, rows: Table | Matrix) -> Matrix:
    """The numbers of the pool's rows, in its order: by id where the file has ids, else row by row.

    Raises:
        AskwellError: if it holds no numbers, or not one row for each of the pool's.
    """
    found = load_pool(path)
    if not isinstance(found, Matrix):
        raise AskwellError(
            f"--embeddings {path} is no table of numbers alone; give .npy, .npz (x, ids), or .parquet with ids "
            "and numbers, none of them missing."
        )
    if found.ids_given:
        place = {name: at for at, name in enumerate(found.ids)}
        missing = [name for name in rows.ids if name not in place]
        if missing:
            raise AskwellError(
                f"--embeddings {path} lacks {len(missing)} of the pool's {len(rows.ids)} ids, such as '{missing[0]}'; "
                "embed these rows, too."
            )
        order = np.array([place[name] for name in rows.ids])
        x = found.x if np.array_equal(order, np.arange(len(found.x))) else found.x[order]
        return dataclasses.replace(found, x=x, ids=rows.ids)
    if len(found.ids) != len(rows.ids):
        raise AskwellError(
            f"--embeddings {path} has {len(found.ids)} rows and no ids, and the pool has {len(rows.ids)}; give one row "
            "for each, in the pool's order, or ids."
        )
    return dataclasses.replace(found, ids=rows.ids)


def _kept_at(pool: Any, reading: Reading) -> tuple[Path, str | None]:
    if reading.encoder not in (None, SENTENCES) or reading.embeddings is not None:  # their files may change
        return Path(), None
    if not isinstance(pool, str | Path) or Path(pool).suffix.lower() not in READERS:
        return Path(), None
    path = Path(pool).expanduser()
    return path, key_of(path, reading)
