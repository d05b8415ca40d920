"""The games, by name. To add one, write its file and import it here."""

from typing import Any

from askwell.core import collect
from askwell.games.base import AbstractGame
from askwell.games.batch import BatchGame
from askwell.games.wrappers.class_queries import ClassQueries
from askwell.games.wrappers.half_spaces import HalfSpaceQueries
from askwell.games.wrappers.label_or_skip import LabelOrSkip
from askwell.games.wrappers.point_queries import PointQueries
from askwell.games.wrappers.point_synthesis import PointSynthesis
from askwell.games.wrappers.stop import Stop

GAMES = collect("game", globals(), AbstractGame)


def make_game(name: str, settings: dict[str, Any], **batch: Any) -> AbstractGame:
    """The game of that name: `settings` are its own settings, `batch` those of the batch game (see `BatchGame`).

    Raises:
        AskwellError: for an unknown name, or settings that it cannot have.
    """
    return GAMES[name].make(settings, **batch)


__all__ = [
    "GAMES",
    "BatchGame",
    "ClassQueries",
    "HalfSpaceQueries",
    "LabelOrSkip",
    "PointQueries",
    "PointSynthesis",
    "Stop",
    "make_game",
]
