"""Games: the decision process around pool and learner; `askwell.games.registry` lists them."""

from askwell.games.base import (
    AbstractGame,
    AbstractState,
    OneOf,
    Outcome,
    Turn,
    fits,
    rollout,
    shown_to,
    trajectory,
)
from askwell.games.batch import BatchGame, BatchState, annotate
from askwell.games.registry import GAMES, make_game
from askwell.games.rewards import REWARDS, Change
from askwell.games.scores import Scores, score
from askwell.games.spec import AbstractGameSpec
from askwell.games.wrappers.class_queries import ClassQueries
from askwell.games.wrappers.half_spaces import HalfSpaceQueries
from askwell.games.wrappers.label_or_skip import LabelOrSkip
from askwell.games.wrappers.point_queries import PointQueries
from askwell.games.wrappers.point_synthesis import PointSynthesis
from askwell.games.wrappers.stop import Stop

__all__ = [
    "GAMES",
    "REWARDS",
    "AbstractGame",
    "AbstractGameSpec",
    "AbstractState",
    "BatchGame",
    "BatchState",
    "Change",
    "ClassQueries",
    "HalfSpaceQueries",
    "LabelOrSkip",
    "OneOf",
    "Outcome",
    "PointQueries",
    "PointSynthesis",
    "Scores",
    "Stop",
    "Turn",
    "annotate",
    "fits",
    "make_game",
    "rollout",
    "score",
    "shown_to",
    "trajectory",
]
