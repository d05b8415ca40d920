"""From raw rows to the embedding that learner and geometry both see: a domain's own, learned from labelled history."""

from typing import Any

import numpy as np

from askwell.data import Dataset, Matrix, Table, encode, fit_encoder
from askwell.encoders.domain import DomainEncoder, load_encoder, save_encoder, unused


def encode_rows(rows: Table | Matrix, features: int, encoder: str | None = None) -> tuple[Any, np.ndarray]:
    """An encoder for further rows, and the numbers ``float32 [N, d]`` of these.

    `encoder` is what ``askwell train --history`` wrote; without it, or where its history taught nothing, the encoder is
    fitted to the rows themselves (`askwell.data.fit_encoder`).

    Raises:
        AskwellError: as `fit_encoder` and `DomainEncoder.encode`.
    """
    domain = None if encoder is None else load_encoder(encoder)
    return fit_encoder(rows, features) if domain is None else (domain, domain.encode(rows))


def encode_table(table: Table, features: int, encoder: str | None = None) -> Dataset:
    """A labelled table, encoded in the same way.

    Raises:
        AskwellError: as `encode_rows`.
    """
    domain = None if encoder is None else load_encoder(encoder)
    if domain is None:
        return encode(table, features=features)
    x = domain.encode(table)
    classes, y = np.unique(np.asarray(table.labels, dtype=object), return_inverse=True)
    return Dataset(table.name, x, y.astype(np.int32), tuple(classes), table.ids, table.role)


__all__ = ["DomainEncoder", "encode_rows", "encode_table", "load_encoder", "save_encoder", "unused"]
