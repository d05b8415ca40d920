"""Which rows to label next, once, without a simulation, how good the classifier is, and when to stop."""

from askwell.asking.ask import ask
from askwell.asking.asked import Asked
from askwell.asking.stopping import Stop

__all__ = ["Asked", "Stop", "ask"]
