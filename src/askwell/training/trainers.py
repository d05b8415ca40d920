"""Training: one algorithm per file. To add one, write its file and import it here."""

from askwell.core import collect
from askwell.training.base import AbstractTrainer
from askwell.training.dqn import DQN
from askwell.training.imitation import Imitation
from askwell.training.regression import Regression
from askwell.training.reinforce import Reinforce
from askwell.training.siblings import Siblings
from askwell.training.siblings_replay import SiblingsReplay
from askwell.training.td3 import TD3

TRAINERS = collect("trainer", globals(), AbstractTrainer)

__all__ = [
    "DQN",
    "TD3",
    "TRAINERS",
    "AbstractTrainer",
    "Imitation",
    "Regression",
    "Reinforce",
    "Siblings",
    "SiblingsReplay",
]
