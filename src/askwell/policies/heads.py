"""The heads, by name. To add one, write its file and import it here."""

from collections.abc import Mapping
from typing import Any

from jaxtyping import PRNGKeyArray

from askwell.core import AskwellError, collect
from askwell.policies.base import AbstractPolicy
from askwell.policies.groups import Groups
from askwell.policies.linear import Linear
from askwell.policies.pointwise import Pointwise

HEADS = collect("head", globals(), AbstractPolicy)


def make_head(name: str, key: PRNGKeyArray, settings: Mapping[str, Any]) -> AbstractPolicy:
    """An untrained policy.

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


__all__ = ["HEADS", "Groups", "Linear", "Pointwise", "make_head"]
