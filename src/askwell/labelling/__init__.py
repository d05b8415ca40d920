"""A person in the game's place: ask, tell, and in the end predict."""

from askwell.labelling.session import Session
from askwell.labelling.status import Status

__all__ = ["Session", "Status"]
