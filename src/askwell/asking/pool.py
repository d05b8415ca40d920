"""Rows to choose from, with the labels that they bring along."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from askwell.core import AskwellError
from askwell.data import Matrix, Table, fit_encoder, load_pool, rows_of
from askwell.data.table import LABEL_NAMES, Chosen

Rows = Table | Matrix
"""The whole pool, not encoded: ``name``, ``ids`` and ``labels`` (None where a row has none) are read here."""


def read_pool(
    pool: Any,
    *,
    label: str | None,
    id: str | None,
    labels_apart: bool,
    ids: Any = None,
    ignore: Sequence[str] | None = None,
    features_from: Sequence[str] | None = None,
) -> Rows:
    """Read; `labels_apart` says that there is a file of labels, which `label` may refer to as well.

    Raises:
        AskwellError: for a file that is damaged, or an unknown `label` or column.
    """
    # Where it is said what the label is, a column called y, class or target is a feature.
    known = LABEL_NAMES[:1] if labels_apart or label is not None else LABEL_NAMES
    chosen = Chosen(tuple(ignore or ()), None if features_from is None else tuple(features_from), known)
    found = (
        load_pool(str(pool), label=label, id=id, chosen=chosen)
        if isinstance(pool, str | Path)
        else rows_of("pool", pool, ids=ids, label=label, id=id, chosen=chosen)
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
