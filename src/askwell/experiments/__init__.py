"""Experiments: a frozen spec, a resumable grid, records."""

from askwell.experiments.compare import compare, reopen
from askwell.experiments.fresh import against, fresh
from askwell.experiments.result import Result
from askwell.experiments.run import fingerprint, run
from askwell.experiments.spec import Spec
from askwell.experiments.store import Cell, Store
from askwell.experiments.train import Trained, train
from askwell.experiments.training_spec import TrainingSpec
from askwell.experiments.training_store import histories
from askwell.experiments.worlds import World

__all__ = [
    "Cell",
    "Result",
    "Spec",
    "Store",
    "Trained",
    "TrainingSpec",
    "World",
    "against",
    "compare",
    "fingerprint",
    "fresh",
    "histories",
    "reopen",
    "run",
    "train",
]
