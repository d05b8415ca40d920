"""The heads, by name. To add one, write its file and import it here."""

from collections.abc import Mapping
from typing import Any

from jaxtyping import PRNGKeyArray

from askwell.core import AskwellError, collect
from askwell.policies.base import AbstractHead
from askwell.policies.gain import Gain
from askwell.policies.groups import Groups
from askwell.policies.linear import Linear
from askwell.policies.point_actor import PointActor
from askwell.policies.point_gain import PointGain
from askwell.policies.pointwise import Pointwise
from askwell.policies.skip import SkipPolicy
from askwell.policies.stop import StopPolicy

HEADS = collect("head", globals(), AbstractHead)


def make_head(name: str, key: PRNGKeyArray, settings: Mapping[str, Any]) -> AbstractHead:
    """An untrained head.

    Raises:
        AskwellError: for an unknown head, or settings that it does not have.
    """
    head: Any = HEADS[name]
    try:
        return head(key, **settings)
    except TypeError as error:
        raise AskwellError(
            f"The head '{name}' cannot be made with the settings {dict(settings)}: {error}."
        ) from error


__all__ = [
    "HEADS",
    "Gain",
    "Groups",
    "Linear",
    "PointActor",
    "PointGain",
    "Pointwise",
    "SkipPolicy",
    "StopPolicy",
    "make_head",
]
