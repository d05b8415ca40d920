"""From raw rows to the embedding that learner and geometry both see: a domain's own, learned from labelled history."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from askwell.core import AskwellError
from askwell.data import Dataset, Matrix, Table, fit_encoder
from askwell.data.columns import prose_columns
from askwell.data.encode import with_labels

SENTENCES = "sentences"
"""The encoder that a small sentence encoder is part of; all others are directories."""


def encode_rows(rows: Table | Matrix, features: int, encoder: str | None = None) -> tuple[Any, np.ndarray]:
    """An encoder for further rows, and the numbers ``float32 [N, d]`` of these.

    `encoder` is what ``askwell train --history`` wrote, or ``"sentences"``; without it, or where its history taught
    nothing, the encoder is fitted to the rows alone (`askwell.data.fit_encoder`).

    Raises:
        AskwellError: as `fit_encoder` and `DomainEncoder.encode`.
    """
    if encoder is None:
        return fit_encoder(rows, features)
    if encoder == SENTENCES:
        return fit_encoder(with_sentences(rows), features)
    from askwell.encoders.domain import load_domain  # scikit-learn is slow to import

    domain = load_domain(encoder)
    if domain is None:
        return fit_encoder(rows, features)
    made = domain.encoder(rows)
    return made, made.encode(rows)


def with_sentences(rows: Table | Matrix) -> Table:
    """The table, whose prose is encoded by the sentence encoder, too.

    Raises:
        AskwellError: if it has no prose.
    """
    if isinstance(rows, Table):
        words = rows.features.select_dtypes(exclude=["number", "datetime", "datetimetz"])
        if prose_columns(words, list(words), rows.texts):
            return dataclasses.replace(rows, sentences=True)
    raise AskwellError(f"{rows.name} has no column of prose, and '{SENTENCES}' encodes prose; leave it out.")


def encode_table(table: Table, features: int, encoder: str | None = None) -> Dataset:
    """A labelled table, encoded in the same way.

    Raises:
        AskwellError: as `encode_rows`.
    """
    return with_labels(table, encode_rows(table, features, encoder)[1])


def unused(root: str | Path | None) -> tuple[str, ...]:
    """A sentence where the history of an encoder taught nothing, so that naming it changes nothing.

    Raises:
        AskwellError: if there is no such encoder.
    """
    if root is None or str(root) == SENTENCES:
        return ()
    from askwell.encoders.domain import read_card

    if read_card(root)["encoder"] is not None:
        return ()
    return (f"The history of {root} taught no metric, so the pool is encoded without one.",)


__all__ = ["SENTENCES", "encode_rows", "encode_table", "unused", "with_sentences"]
