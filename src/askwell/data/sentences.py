"""Texts as numbers by a small sentence encoder that needs no network: the optional extra `sentences`."""

import logging
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from askwell.core import AskwellError

WIDTH = 256
KEPT = 50_000
"""Texts whose numbers are kept in memory: a history is encoded again for every deal of its classes."""


def embed(texts: Sequence[str]) -> np.ndarray:
    """``float32 [N, 256]``: means of the token embeddings of WordLlama (Miller 2024), each row of length 1; 0 if empty.

    Raises:
        AskwellError: if the package `wordllama` is not installed.
    """
    return np.stack([_one(text) for text in texts]) if texts else np.empty((0, WIDTH), np.float32)


@lru_cache(maxsize=KEPT)
def _one(text: str) -> np.ndarray:
    if not text.strip():
        return np.zeros(WIDTH, np.float32)
    # One by one: a batch is padded to its longest text, which takes five times as long.
    found = np.asarray(_model().embed(text), np.float32)[0]
    length = np.linalg.norm(found)
    return found / length if length > 0 else np.zeros(WIDTH, np.float32)


@cache
def _model() -> Any:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        import wordllama  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise AskwellError(
            "The encoder 'sentences' needs the package wordllama, which is not installed: pip install "
            "'askwell[sentences]'."
        ) from error
    finally:  # it sets up logging for the whole process, and other packages would begin to talk
        root.handlers[:] = handlers
        root.setLevel(level)
    # Weights and tokeniser are part of the package; elsewhere it would look for them on the network.
    home = Path(wordllama.__file__).parent
    return wordllama.WordLlama.load(cache_dir=home, disable_download=True)
