"""Games: the decision process around pool and learner. To add one, write its file and import it here."""

from askwell.core import collect
from askwell.games.base import AbstractGame, AbstractState, Outcome, rollout
from askwell.games.batch import BatchGame, BatchState, annotate, sequential
from askwell.games.rewards import REWARDS, Change
from askwell.games.scores import Scores, score

GAMES = collect("game", globals(), AbstractGame)

__all__ = [
    "GAMES",
    "REWARDS",
    "AbstractGame",
    "AbstractState",
    "BatchGame",
    "BatchState",
    "Change",
    "Outcome",
    "Scores",
    "annotate",
    "rollout",
    "score",
    "sequential",
]
