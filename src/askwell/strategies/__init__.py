"""Strategies: query rules. To add one, write its file and import it here; the contract tests cover it."""

from askwell.core import (
    AbstractClassStrategy,
    AbstractCutStrategy,
    AbstractPlayer,
    AbstractPointStrategy,
    AbstractStrategy,
    AbstractStreamStrategy,
    collect,
)
from askwell.strategies.adaptive import Adaptive
from askwell.strategies.badge import Badge
from askwell.strategies.bait import Bait
from askwell.strategies.bald import Bald
from askwell.strategies.bandit import Albl
from askwell.strategies.base import AbstractScoreStrategy
from askwell.strategies.batchbald import BatchBald
from askwell.strategies.boundary import Boundary
from askwell.strategies.classes.base import AbstractShares
from askwell.strategies.classes.equal_shares import EqualShares
from askwell.strategies.classes.filling_shares import FillingShares
from askwell.strategies.classes.needed_shares import NeededShares
from askwell.strategies.classes.pool_shares import PoolShares
from askwell.strategies.clue import Clue
from askwell.strategies.cluster_margin import ClusterMargin
from askwell.strategies.coreset import Coreset
from askwell.strategies.density_weighted import DensityWeighted
from askwell.strategies.discriminative import Discriminative
from askwell.strategies.dropquery import DropQuery
from askwell.strategies.entropy import Entropy
from askwell.strategies.expected_error import ExpectedError
from askwell.strategies.falcun import Falcun
from askwell.strategies.gaussian_mixture import GaussianMixture
from askwell.strategies.half_spaces.bisecting_cuts import BisectingCuts
from askwell.strategies.half_spaces.cap_cuts import CapCuts
from askwell.strategies.half_spaces.random_cuts import RandomCuts
from askwell.strategies.half_spaces.row_cuts import RowCuts
from askwell.strategies.influence import Influence
from askwell.strategies.kmeans_boundary import KMeansBoundary
from askwell.strategies.kmeans_centre import KMeansCentre
from askwell.strategies.least_confidence import LeastConfidence
from askwell.strategies.margin import Margin
from askwell.strategies.margin_herding import MarginHerding
from askwell.strategies.maxherding import MaxHerding
from askwell.strategies.mixture import Mixture
from askwell.strategies.oracle import Clairvoyant, Oracle
from askwell.strategies.points.herding_points import HerdingPoints
from askwell.strategies.points.random_points import RandomPoints
from askwell.strategies.points.row_points import RowPoints
from askwell.strategies.points.uncertain_points import UncertainPoints
from askwell.strategies.power_margin import PowerMargin
from askwell.strategies.probcover import ProbCover
from askwell.strategies.query_by_committee import QueryByCommittee
from askwell.strategies.random import Random
from askwell.strategies.stopping.stop_after import StopAfter
from askwell.strategies.stopping.stop_gain import StopGain
from askwell.strategies.stopping.stop_stable import StopStable
from askwell.strategies.stream.adaptive_threshold import AdaptiveThreshold
from askwell.strategies.stream.fixed_threshold import FixedThreshold
from askwell.strategies.stream.label_all import LabelAll
from askwell.strategies.stream.label_random import LabelRandom
from askwell.strategies.stream.split import Split
from askwell.strategies.stream.variable_uncertainty import VariableUncertainty
from askwell.strategies.support_vectors import SupportVectors
from askwell.strategies.typicality import Typicality
from askwell.strategies.typiclust import TypiClust
from askwell.strategies.uherding import UHerding

STRATEGIES = collect("strategy", globals(), AbstractPlayer)

__all__ = [
    "STRATEGIES",
    "AbstractClassStrategy",
    "AbstractCutStrategy",
    "AbstractPointStrategy",
    "AbstractScoreStrategy",
    "AbstractShares",
    "AbstractStrategy",
    "AbstractStreamStrategy",
    "Adaptive",
    "AdaptiveThreshold",
    "Albl",
    "Badge",
    "Bait",
    "Bald",
    "BatchBald",
    "BisectingCuts",
    "Boundary",
    "CapCuts",
    "Clairvoyant",
    "Clue",
    "ClusterMargin",
    "Coreset",
    "DensityWeighted",
    "Discriminative",
    "DropQuery",
    "Entropy",
    "EqualShares",
    "ExpectedError",
    "Falcun",
    "FillingShares",
    "FixedThreshold",
    "GaussianMixture",
    "HerdingPoints",
    "Influence",
    "KMeansBoundary",
    "KMeansCentre",
    "LabelAll",
    "LabelRandom",
    "LeastConfidence",
    "Margin",
    "MarginHerding",
    "MaxHerding",
    "Mixture",
    "NeededShares",
    "Oracle",
    "PoolShares",
    "PowerMargin",
    "ProbCover",
    "QueryByCommittee",
    "Random",
    "RandomCuts",
    "RandomPoints",
    "RowCuts",
    "RowPoints",
    "Split",
    "StopAfter",
    "StopGain",
    "StopStable",
    "SupportVectors",
    "TypiClust",
    "Typicality",
    "UHerding",
    "UncertainPoints",
    "VariableUncertainty",
]
