"""Figures, one per file, each with the same functions.

``data(source)`` finds what is to be seen, ``draw(data, figure)`` draws it for a file and ``plotly(data)`` for the web,
``caption(data)`` and ``alt(data)`` say it in words; all are pure. ``figure(source)`` does it all. ``SOURCE`` names
what a figure is made from: "records" of `compare`, a "training", a "search", a "replay" (as a "reach" with what labels
do to each point), "samples" or "effects", see `askwell.plots.sources`.
``SETTINGS``, where there is one, names what `data` and `figure` may be told besides: the ``metric``, the ``baseline``.
"""

import io
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from askwell.core import ACCURACY, AskwellError, metric_of, unknown, write_whole
from askwell.plots import (
    batch_sizes,
    class_shares,
    collapse,
    critical_difference,
    data_curves,
    decisions,
    fixed_point,
    gap_closed,
    gradient,
    importance,
    influence,
    learning_curves,
    log_loss_curves,
    reach,
    reward,
    skips,
    stream,
    trials,
    validation,
    verdict_matrix,
    verdicts,
    where,
)
from askwell.plots.palette import Style, style
from askwell.plots.sources import Effects, Replay, Samples, Scene, Search, Training

FIGURES: dict[str, ModuleType] = {
    "batch-sizes": batch_sizes,
    "class-shares": class_shares,
    "collapse": collapse,
    "critical-difference": critical_difference,
    "data-curves": data_curves,
    "decisions": decisions,
    "fixed-point": fixed_point,
    "gap-closed": gap_closed,
    "gradient": gradient,
    "importance": importance,
    "influence": influence,
    "learning-curves": learning_curves,
    "log-loss-curves": log_loss_curves,
    "reach": reach,
    "reward": reward,
    "skips": skips,
    "stream": stream,
    "trials": trials,
    "validation": validation,
    "verdict-matrix": verdict_matrix,
    "verdicts": verdicts,
    "where": where,
}
"""What ``askwell plot NAME`` can draw."""

FILMS: dict[str, Callable[[Any], io.BytesIO]] = {"decisions": decisions.film, "where": where.film}
"""What can also be drawn moving, as a GIF."""

SUFFIXES = (".png", ".svg", ".pdf")


def check(name: str, path: Path | str) -> None:
    """Refuse what `save` would refuse, before anything is computed.

    Raises:
        AskwellError: for an unknown figure or suffix.
    """
    if name not in FIGURES:
        raise AskwellError(unknown("figure", name, FIGURES))
    allowed = (*SUFFIXES, ".gif") if name in FILMS else SUFFIXES
    if Path(path).suffix.lower() not in allowed:
        raise AskwellError(f"The figure's file is '{path}'; it must end in {', '.join(allowed)}.")


def taken(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Those of the settings that the figure takes."""
    return {key: value for key, value in settings.items() if key in getattr(FIGURES[name], "SETTINGS", ())}


def captioned(name: str, data: Any, settings: dict[str, Any]) -> str:
    """The figure's caption, and what it is about where that is not accuracy."""
    metric = metric_of(settings.get("metric", ACCURACY))
    said = str(FIGURES[name].caption(data))
    return said if metric.name == ACCURACY else f"{said} The metric is {metric.axis}."


def save(name: str, source: Any, path: Path | str, **settings: Any) -> str:
    """Draw a figure into a file, whole or not at all; its caption.

    `source` is what its ``SOURCE`` names, `settings` are some of its ``SETTINGS``.

    Raises:
        AskwellError: for an unknown figure or suffix, or a file that cannot be written.
    """
    check(name, path)
    path, figure = Path(path), FIGURES[name]
    suffix = path.suffix.lower()
    if suffix == ".gif":
        image = FILMS[name](source)
    else:
        image = io.BytesIO()
        figure.figure(source, **settings).savefig(image, format=suffix[1:])
    write_whole(path, image.getvalue())
    return captioned(name, figure.data(source, **settings), settings)


__all__ = [
    "FIGURES",
    "FILMS",
    "Effects",
    "Replay",
    "Samples",
    "Scene",
    "Search",
    "Style",
    "Training",
    "captioned",
    "check",
    "critical_difference",
    "learning_curves",
    "save",
    "style",
    "taken",
]
