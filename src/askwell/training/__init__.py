"""Training: policies from specs, one algorithm a file (`askwell.training.trainers` lists them)."""

from askwell.training.evaluation import against, fresh
from askwell.training.many import train_each
from askwell.training.run import Trained, train
from askwell.training.spec import TrainingSpec
from askwell.training.store import histories
from askwell.training.tasks import TaskSource
from askwell.training.trainers import (
    DQN,
    TD3,
    TRAINERS,
    AbstractTrainer,
    Imitation,
    Regression,
    Reinforce,
    Siblings,
    SiblingsReplay,
)

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
    "TaskSource",
    "Trained",
    "TrainingSpec",
    "against",
    "fresh",
    "histories",
    "train",
    "train_each",
]
