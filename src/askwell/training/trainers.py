"""Training: one algorithm per file. To add one, write its file and import it here."""

from askwell.core import collect
from askwell.training.base import AbstractTrainer
from askwell.training.imitation import Imitation
from askwell.training.regression import Regression
from askwell.training.reinforce import Reinforce
from askwell.training.siblings import Siblings

TRAINERS = collect("trainer", globals(), AbstractTrainer)

__all__ = ["TRAINERS", "AbstractTrainer", "Imitation", "Regression", "Reinforce", "Siblings"]
