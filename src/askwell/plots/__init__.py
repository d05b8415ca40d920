"""Figures, one per file, each with the same four functions.

``data(records)``, ``draw(data, figure)`` and ``caption(data)`` are pure; ``figure(records)`` does it all.
"""

from types import ModuleType

from askwell.plots import learning_curves
from askwell.plots.palette import Style, style

FIGURES: dict[str, ModuleType] = {"learning-curves": learning_curves}
"""What ``askwell plot NAME`` can draw."""

__all__ = ["FIGURES", "Style", "learning_curves", "style"]
