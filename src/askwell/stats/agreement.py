"""How well groups of points agree with their labels: what a policy over groups assumes."""

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score


def agreement(groups: Sequence[int] | np.ndarray, labels: Sequence[int] | np.ndarray) -> float:
    """Adjusted mutual information of two groupings of the same `n` points (Vinh et al. 2010).

    1 if they are the same apart from names, about 0 if one tells no more about the other than chance.
    """
    return float(adjusted_mutual_info_score(np.asarray(labels), np.asarray(groups)))
