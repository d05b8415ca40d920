"""Experiments: a frozen spec, a resumable grid, records."""

from askwell.experiments.compare import compare, reopen
from askwell.experiments.result import Result
from askwell.experiments.run import fingerprint, run
from askwell.experiments.spec import Spec
from askwell.experiments.store import Cell, Store

__all__ = ["Cell", "Result", "Spec", "Store", "compare", "fingerprint", "reopen", "run"]
