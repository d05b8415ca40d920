"""Can more labels make a classifier worse? Error against the number of random labels, with and without a penalty.

    python studies/double_descent.py --out runs/double-descent.json && python docs/double_descent.py

Eight real sets, 20 random orders of labels each, the same for all classifiers. Least squares on one-hot labels (the
shortest solution where there are several) passes through every label as long as there are fewer labels than columns;
there its error should peak (Belkin et al. 2019; Nakkiran et al. 2020). Beside it ridge regression and logistic
regression with a weak penalty, and Askwell's default, logistic regression with C = 1.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from askwell.core import write_whole
from askwell.data import encode, load, split

SETS = ("breast_cancer", "spambase", "contraceptive", "vehicle", "satimage", "segment", "penbased", "digits")
ORDERS, MOST = 20, 300
RATIOS = (0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0)
"""Numbers of labels, as shares of the number of columns, where the peak of least squares is looked for."""

Predict = Callable[[np.ndarray], np.ndarray]


def least_squares(ridge: float) -> Callable[[np.ndarray, np.ndarray, int], Predict]:
    """Regression on one-hot labels; without a ridge the shortest solution."""

    def fit(x: np.ndarray, y: np.ndarray, c: int) -> Predict:
        wide, target = extended(x), np.eye(c)[y] - 1 / c
        if ridge:
            gram = wide @ wide.T + ridge * np.eye(len(x))
            weights = wide.T @ np.linalg.solve(gram, target)
        else:
            weights = np.linalg.lstsq(wide, target, rcond=None)[0]
        return lambda at: np.argmax(extended(at) @ weights, axis=1)

    return fit


def logistic(C: float) -> Callable[[np.ndarray, np.ndarray, int], Predict]:
    """scikit-learn's logistic regression; of one class it says that one."""

    def fit(x: np.ndarray, y: np.ndarray, c: int) -> Predict:
        if len(np.unique(y)) == 1:
            return lambda at: np.full(len(at), y[0])
        return LogisticRegression(C=C, solver="newton-cholesky", max_iter=300).fit(x, y).predict

    return fit


CLASSIFIERS = {
    "least squares": least_squares(0.0),
    "ridge": least_squares(1.0),
    "logistic, C = 1000": logistic(1000.0),
    "logistic, C = 1": logistic(1.0),
}


def extended(x: np.ndarray) -> np.ndarray:
    """With a 1 as last column."""
    return np.concatenate([x, np.ones((len(x), 1))], axis=1)


def errors(name: str) -> dict:
    """Of one set: columns, numbers of labels, and for each classifier the errors ``[orders, numbers]``."""
    data = encode(load(name))
    p = data.x.shape[1] + 1
    found = split(data, seed=13, splits=ORDERS, budget=min(MOST, len(data.y) // 3))
    n = found.rows.shape[1]
    labels = sorted({k for share in RATIOS if 2 <= (k := round(share * p)) <= min(n, MOST)})
    told = {classifier: np.empty((ORDERS, len(labels))) for classifier in CLASSIFIERS}
    for number in range(ORDERS):
        x, y = (np.asarray(part[number]) for part in (found.pools.x, found.pools.y))
        at, truth = (np.asarray(part[number]) for part in (found.pools.report_x, found.pools.report_y))
        x, at = x.astype(float), at.astype(float)
        order = np.random.default_rng([number, 13]).permutation(n)
        for place, count in enumerate(labels):
            own = order[:count]
            for classifier, fit in CLASSIFIERS.items():
                predict = fit(x[own], y[own], len(data.classes))
                told[classifier][number, place] = np.mean(predict(at) != truth)
    return {
        "set": name,
        "columns": p,
        "labels": labels,
        "errors": {classifier: values.tolist() for classifier, values in told.items()},
    }


def main() -> None:
    """Measure, and write one file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("runs/double-descent.json"))
    out = parser.parse_args().out
    found = []
    for name in SETS:
        found.append(errors(name))
        print(f"{name}: {found[-1]['columns']} columns", flush=True)
    write_whole(out, json.dumps(found).encode())


if __name__ == "__main__":
    main()
