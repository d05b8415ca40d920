"""Strategies: query rules. To add one, write its file and import it here; the contract tests cover it."""

from askwell.core import AbstractStrategy, collect
from askwell.strategies.base import AbstractScoreStrategy
from askwell.strategies.coreset import Coreset
from askwell.strategies.entropy import Entropy
from askwell.strategies.least_confidence import LeastConfidence
from askwell.strategies.margin import Margin
from askwell.strategies.margin_herding import MarginHerding
from askwell.strategies.power_margin import PowerMargin
from askwell.strategies.random import Random
from askwell.strategies.typiclust import TypiClust
from askwell.strategies.uherding import UHerding

STRATEGIES = collect("strategy", globals(), AbstractStrategy)

__all__ = [
    "STRATEGIES",
    "AbstractScoreStrategy",
    "AbstractStrategy",
    "Coreset",
    "Entropy",
    "LeastConfidence",
    "Margin",
    "MarginHerding",
    "PowerMargin",
    "Random",
    "TypiClust",
    "UHerding",
]
