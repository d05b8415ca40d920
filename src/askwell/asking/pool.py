"""Rows to choose from, encoded, with the labels that they bring along."""

import dataclasses
from pathlib import Path

import numpy as np

from askwell.core import AskwellError
from askwell.data import Table, as_matrix, encode_features, encode_matrix, load_pool


@dataclasses.dataclass(frozen=True, eq=False)
class Rows:
    """The whole pool.

    Attributes:
        name: what errors call it.
        x: ``float32 [N, d]``, encoded as `askwell.compare` does it.
        ids: ``object [N]`` of str, all different.
        labels: ``object [N]`` of str; None where a row has none.
        notes: what was left out, in sentences.
    """

    name: str
    x: np.ndarray
    ids: np.ndarray
    labels: np.ndarray
    notes: tuple[str, ...] = ()


def read_pool(
    pool: str | Path | np.ndarray, *, label: str | None, id: str | None, features: int, labels_apart: bool
) -> Rows:
    """Read and encode; `labels_apart` says that there is a file of labels, which `label` may refer to as well.

    Raises:
        AskwellError: for a file that is damaged or holds values that are not finite, or an unknown `label`.
    """
    found = (
        as_matrix("pool", pool) if isinstance(pool, np.ndarray) else load_pool(str(pool), label=label, id=id)
    )
    if label is not None and found.label != label and not labels_apart:
        listed = f" (its columns: {', '.join(list(found.features)[:20])})" if isinstance(found, Table) else ""
        raise AskwellError(
            f"{found.name} has no label column '{label}'{listed}; name the right one with --label, or give the "
            "answers so far with --labels."
        )
    if not isinstance(found, Table):
        return Rows(found.name, encode_matrix(found, features), found.ids, found.labels)
    gone = f"{found.name}: left out {', '.join(found.dropped)} (nearly every value is another)."
    return Rows(
        found.name,
        encode_features(found, features),
        found.ids,
        found.labels,
        (gone,) if found.dropped else (),
    )
