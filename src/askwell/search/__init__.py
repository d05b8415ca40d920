"""Search under a time budget: which settings of a training make a better policy, and is it worth going on?"""

from askwell.search.found import Found, last_word
from askwell.search.run import search
from askwell.search.spec import SearchSpec

__all__ = ["Found", "SearchSpec", "last_word", "search"]
