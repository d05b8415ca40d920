"""Comparisons: a frozen spec, a resumable grid of episodes, their records."""

from askwell.comparison.compare import check, compare, reopen
from askwell.comparison.result import Result
from askwell.comparison.run import fingerprint, run
from askwell.comparison.spec import Spec
from askwell.comparison.store import Cell, Store

__all__ = ["Cell", "Result", "Spec", "Store", "check", "compare", "fingerprint", "reopen", "run"]
