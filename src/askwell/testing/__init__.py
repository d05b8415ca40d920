"""The contracts' laws as plain functions, to hold a strategy, learner, game or trainer of your own to them.

Each law takes the thing alone and raises an ``AssertionError`` with a sentence that says what was broken:

    from askwell.testing import check_strategy
    check_strategy(MyStrategy())
"""

from askwell.testing.games import GAME_LAWS, check_game
from askwell.testing.learners import LEARNER_LAWS, check_learner
from askwell.testing.players import PLAYER_LAWS, check_player
from askwell.testing.strategies import STRATEGY_LAWS, check_strategy, same_picks_in_another_process
from askwell.testing.trainers import TRAINER_LAWS, check_trainer

__all__ = [
    "GAME_LAWS",
    "LEARNER_LAWS",
    "PLAYER_LAWS",
    "STRATEGY_LAWS",
    "TRAINER_LAWS",
    "check_game",
    "check_learner",
    "check_player",
    "check_strategy",
    "check_trainer",
    "same_picks_in_another_process",
]
