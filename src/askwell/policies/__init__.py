"""Policies: strategies with trained weights; heads are listed in `askwell.policies.heads`."""

from askwell.policies.base import (
    AbstractForeteller,
    AbstractHead,
    AbstractPolicy,
    AbstractRowsPolicy,
    AbstractScorer,
    Act,
)
from askwell.policies.files import SHIPPED, card, load_policy, save_choice
from askwell.policies.gain import Gain
from askwell.policies.groups import Groups
from askwell.policies.heads import HEADS, make_head
from askwell.policies.linear import Linear
from askwell.policies.own import as_strategy, make_strategy
from askwell.policies.point_actor import PointActor
from askwell.policies.point_gain import PointGain
from askwell.policies.pointwise import Pointwise
from askwell.policies.skip import SkipPolicy
from askwell.policies.stop import StopPolicy

__all__ = [
    "HEADS",
    "SHIPPED",
    "AbstractForeteller",
    "AbstractHead",
    "AbstractPolicy",
    "AbstractRowsPolicy",
    "AbstractScorer",
    "Act",
    "Gain",
    "Groups",
    "Linear",
    "PointActor",
    "PointGain",
    "Pointwise",
    "SkipPolicy",
    "StopPolicy",
    "as_strategy",
    "card",
    "load_policy",
    "make_head",
    "make_strategy",
    "save_choice",
]
