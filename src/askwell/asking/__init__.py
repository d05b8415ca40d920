"""Which rows to label next, once, without a simulation: `ask` and what it returns."""

from askwell.asking.ask import ask
from askwell.asking.asked import Asked

__all__ = ["Asked", "ask"]
