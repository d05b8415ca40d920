"""The pool on a plane."""

import numpy as np

SHOWN = 3000
"""Points that are drawn: of more, so many at random."""

FITTED = 20_000
"""Rows that the plane is fitted to."""


def plane(x: np.ndarray, seed: int = 0) -> np.ndarray:
    """Places of the rows `x` ``[N, d]`` on a plane, ``float32 [N, 2]`` in −1..1: their first two principal components.

    One column alone is spread over the first axis.
    """
    from sklearn.decomposition import PCA  # slow to import

    rng = np.random.default_rng(seed)
    some = x if len(x) <= FITTED else x[rng.choice(len(x), FITTED, replace=False)]
    axes = PCA(min(2, x.shape[1]), random_state=seed).fit(some)
    places = np.zeros((len(x), 2), np.float32)
    places[:, : axes.n_components_] = axes.transform(x)
    # A few far rows must not press the others together.
    reach = np.quantile(np.abs(places), 0.99, axis=0)
    return np.clip(places / np.where(reach > 0, reach, 1), -1, 1)


def some_rows(n: int, always: list[int], seed: int = 0) -> np.ndarray:
    """Rows to draw: `always` those, the others at random, in the pool's order."""
    rest = np.random.default_rng(seed).permutation(n)[: max(0, SHOWN - len(always))]
    return np.unique(np.concatenate([np.array(always, int), rest]))
