"""What a session believes of every row, as a file."""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from askwell.core import AskwellError, write_whole

SUFFIXES, MODEL = (".parquet", ".csv", ".jsonl"), ".skops"


EQUAL = {"balanced-accuracy": 1.0, "macro-f1": 0.5}
"""Metrics by which each class counts alike, however rare: the power of the classes' shares that decisions divide by."""


def weights_of(metric: str, y: np.ndarray, c: int) -> np.ndarray | None:
    """What the probabilities of each of `c` classes are multiplied by before the highest is taken; None: nothing.

    Where only recalls count, and all alike, the best decision divides by the classes' shares (Elkan 2001), here by
    those among the labels `y`, since the classifier takes its labels for a fair sample; half a label is added to each
    class. Macro-F1 counts precision, too, and the roots of the shares do better. Measured in docs/unbalanced.md.
    """
    if metric not in EQUAL:
        return None
    share = (np.bincount(y, minlength=c) + 0.5) / (len(y) + 0.5 * c)
    return share ** -EQUAL[metric]


def decided(proba: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """The column of each row's class, ``int [N]``: that of the highest probability, times its weight."""
    return np.argmax(proba if weights is None else proba * weights, axis=1)


def predictions(ids: np.ndarray, labels: Mapping[str, str], predicted: np.ndarray) -> pl.DataFrame:
    """Every row of the pool: `id`, `label` (what was told, or null) and `predicted` (what the learner says)."""
    told = [labels.get(name) for name in ids]
    columns = {"id": ids.tolist(), "label": told, "predicted": predicted.tolist()}
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def check_path(out: str | Path) -> Path:
    """The path, refused before any work is done if predictions cannot be written to it.

    Raises:
        AskwellError: for another suffix than .parquet, .csv and .jsonl, or a folder.
    """
    path = Path(out).expanduser()
    if path.suffix.lower() not in SUFFIXES or path.is_dir():
        raise AskwellError(f"--out '{out}' is no file that ends in {', '.join(SUFFIXES)}; choose one.")
    return path


def check_model(path: Path) -> None:
    """Refuse a path that no model can be written to.

    Raises:
        AskwellError: for another suffix than .skops.
    """
    if path.suffix.lower() != MODEL:
        raise AskwellError(f"--model '{path}' ends in '{path.suffix}'; give a file ending in {MODEL}.")


def write_predictions(frame: pl.DataFrame, path: Path) -> None:
    """Write predictions, whole or not at all.

    Raises:
        AskwellError: if they cannot be written.
    """
    data = io.BytesIO()
    write = {".parquet": frame.write_parquet, ".csv": frame.write_csv, ".jsonl": frame.write_ndjson}
    write[path.suffix.lower()](data)
    write_whole(path, data.getvalue())
