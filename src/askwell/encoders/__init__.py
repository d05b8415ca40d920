"""From raw rows to the embedding that learner and geometry both see: a domain's own, learned from labelled history."""

from typing import Any

import numpy as np

from askwell.data import Dataset, Matrix, Table, encode, fit_encoder
from askwell.encoders.domain import Domain, DomainEncoder, fit_together, load_domain, save_domain, unused


def encode_rows(rows: Table | Matrix, features: int, encoder: str | None = None) -> tuple[Any, np.ndarray]:
    """An encoder for further rows, and the numbers ``float32 [N, d]`` of these.

    `encoder` is what ``askwell train --history`` wrote; without it, or where its history taught nothing, the encoder is
    fitted to the rows alone (`askwell.data.fit_encoder`).

    Raises:
        AskwellError: as `fit_encoder` and `DomainEncoder.encode`.
    """
    domain = None if encoder is None else load_domain(encoder)
    if domain is None:
        return fit_encoder(rows, features)
    made = domain.encoder(rows)
    return made, made.encode(rows)


def encode_table(table: Table, features: int, encoder: str | None = None) -> Dataset:
    """A labelled table, encoded in the same way.

    Raises:
        AskwellError: as `encode_rows`.
    """
    if encoder is None:
        return encode(table, features=features)
    x = encode_rows(table, features, encoder)[1]
    classes, y = np.unique(np.asarray(table.labels, dtype=object), return_inverse=True)
    return Dataset(table.name, x, y.astype(np.int32), tuple(classes), table.ids, table.role)


__all__ = [
    "Domain",
    "DomainEncoder",
    "encode_rows",
    "encode_table",
    "fit_together",
    "load_domain",
    "save_domain",
    "unused",
]
