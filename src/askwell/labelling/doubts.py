"""Labels that are probably wrong."""

from typing import NamedTuple

import numpy as np

from askwell.asking.assess import MOST
from askwell.asking.crossfit import out_of_fold
from askwell.labelling.standing import Snapshot, Standing

FEWEST = 10
"""Labels below which nothing is said: a classifier that was fitted to fewer doubts everything."""


class Doubt(NamedTuple):
    """A label that the classifier, fitted to the others, does not believe.

    Attributes:
        row: of the pool.
        likely: the class that it believes.
        quality: how well the label agrees with what it believes, 0 to 1; the worst come first.
    """

    row: int
    likely: str
    quality: float


def doubts(standing: Standing, found: Snapshot, most: int = 20) -> list[Doubt]:
    """Labels that are probably wrong by confident learning (Northcutt et al. 2021), the least believable first.

    Raises:
        AskwellError: if the learner fails.
    """
    from cleanlab.filter import find_label_issues  # slow to import
    from cleanlab.rank import get_label_quality_scores

    rows = found.rows[-MOST:]
    y, names = found.y[rows], np.unique(found.y[rows])
    if standing.proba is not None or len(rows) < FEWEST or len(names) < 2:
        return []
    log_proba = out_of_fold(standing.seed, standing.learner, standing.x[rows], y, len(found.classes))
    proba = np.exp(log_proba[:, names])
    proba /= proba.sum(axis=1, keepdims=True)
    index = np.searchsorted(names, y)
    at = find_label_issues(index, proba, return_indices_ranked_by="self_confidence", n_jobs=1)[:most]
    quality = np.asarray(get_label_quality_scores(index, proba))
    best = np.argmax(proba, axis=1)
    return [Doubt(int(rows[i]), found.classes[names[best[i]]], float(quality[i])) for i in at]
