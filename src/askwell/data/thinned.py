"""Data sets whose classes are made unbalanced."""

import numpy as np

from askwell.data.encode import Dataset


def thinned(data: Dataset, rarest: float) -> Dataset:
    """The set with classes of geometrically falling sizes, always of the same rows.

    Of its classes, by size, the first keeps all its rows, the last as many as `rarest` times those of the first, and
    those between as many as a geometric series says; a class never has more rows than before.
    """
    rng, counts = np.random.default_rng(0), np.bincount(data.y)
    order = np.argsort(-counts, kind="stable")
    shares = rarest ** np.linspace(0, 1, len(order))
    rows = np.concatenate(
        [
            rng.permutation(np.flatnonzero(data.y == kind))[: int(np.ceil(share * counts[order[0]]))]
            for kind, share in zip(order, shares, strict=True)
        ]
    )
    rows.sort()
    name = f"{data.name} thinned"
    return Dataset(name, data.x[rows], data.y[rows], data.classes, data.ids[rows], data.role)
