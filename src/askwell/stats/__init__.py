"""Statistics on records: curves, intervals, paired verdicts, ranks.

Datasets are the units, splits are nested in them. Fewer than five datasets speak for themselves alone.

Imports nothing but `askwell.core`: any table with the columns of `askwell.core.SCHEMA` will do.
"""

from askwell.stats.agreement import agreement
from askwell.stats.bayes import Posterior, bayes_signed_rank
from askwell.stats.cliques import cliques
from askwell.stats.curves import at_labels, episodes
from askwell.stats.gap import gap_closed
from askwell.stats.majority import against_majority, majority, majority_sentences
from askwell.stats.net import net, summarise_net
from askwell.stats.paired import Interval, bootstrap, differences
from askwell.stats.power import more_splits, splits_needed
from askwell.stats.ranks import Ranks, ranks
from askwell.stats.spread import Spread, components
from askwell.stats.student import mean_intervals
from askwell.stats.summary import summarise
from askwell.stats.verdict import Verdict, judge, verdicts

__all__ = [
    "Interval",
    "Posterior",
    "Ranks",
    "Spread",
    "Verdict",
    "against_majority",
    "agreement",
    "at_labels",
    "bayes_signed_rank",
    "bootstrap",
    "cliques",
    "components",
    "differences",
    "episodes",
    "gap_closed",
    "judge",
    "majority",
    "majority_sentences",
    "mean_intervals",
    "more_splits",
    "net",
    "ranks",
    "splits_needed",
    "summarise",
    "summarise_net",
    "verdicts",
]
