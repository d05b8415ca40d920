"""Figures, one per file, each with the same four functions.

``data(records)``, ``draw(data, figure)`` and ``caption(data)`` are pure; ``figure(records)`` does it all.
"""

import io
import os
from pathlib import Path
from types import ModuleType

import polars as pl

from askwell.core import AskwellError, unknown
from askwell.plots import critical_difference, learning_curves
from askwell.plots.palette import Style, style

FIGURES: dict[str, ModuleType] = {
    "critical-difference": critical_difference,
    "learning-curves": learning_curves,
}
"""What ``askwell plot NAME`` can draw."""

SUFFIXES = (".png", ".svg", ".pdf")


def save(name: str, records: pl.DataFrame, path: Path | str) -> str:
    """Draw a figure into a file, whole or not at all; its caption.

    Raises:
        AskwellError: for an unknown figure or suffix, or a file that cannot be written.
    """
    if name not in FIGURES:
        raise AskwellError(unknown("figure", name, FIGURES))
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise AskwellError(f"The figure's file is '{path}'; it must end in {', '.join(SUFFIXES)}.")
    image = io.BytesIO()
    FIGURES[name].figure(records).savefig(image, format=suffix[1:])
    part = path.with_name(f".part-{os.getpid()}{suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(image.getvalue())
        os.replace(part, path)
    except OSError as error:
        if part.exists():
            part.unlink()
        raise AskwellError(f"Cannot write {path}: {error.strerror}; choose another --out.") from error
    return FIGURES[name].caption(FIGURES[name].data(records))


__all__ = ["FIGURES", "Style", "critical_difference", "learning_curves", "save", "style"]
