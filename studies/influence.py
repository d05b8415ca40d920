"""How well does the closed form foretell what one label does? `python studies/influence.py`, some 3 minutes.

On the meta-validation sets, random rows are labelled. Each of some labels is taken away, and some are added with their
true class; the change of the logits at 200 other rows by the closed form (`Logistic.influence`) is held against that
by scikit-learn's refit in double precision. Prints the tables of docs/influence.md.
"""

import argparse

import jax.numpy as jnp
import numpy as np
import polars as pl
from estimate_fit import shown
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression

import askwell
from askwell.core import LabelInfluence
from askwell.data import load
from askwell.data.catalogue import META_VALIDATION, catalogue

LABELS, STRENGTHS, POINTS, PROBE, SPLITS = (20, 50, 100, 200), (0.1, 1.0, 10.0), 12, 200, 3


def exact(x: np.ndarray, y: np.ndarray, c: int, C: float) -> np.ndarray:
    """The weights of all `c` classes, intercept last."""
    model = LogisticRegression(C=C, tol=1e-9, max_iter=10_000).fit(x, y)
    found = np.concatenate([model.coef_, model.intercept_[:, None]], axis=1)
    weights = np.zeros((c, x.shape[1] + 1))
    weights[model.classes_] = np.concatenate([-found, found]) / 2 if len(found) == 1 else found
    return weights


def logits(weights: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Of each class less their mean, which nothing decides."""
    found = x @ weights.T
    return found - found.mean(axis=1, keepdims=True)


def judged(x: np.ndarray, y: np.ndarray, c: int, n: int, C: float, seed: int) -> list[dict[str, float]]:
    """Linear correlation, rank correlation of sizes, and relative error, for removals and additions."""
    rows = np.random.default_rng(seed).permutation(len(x))
    own, more, probe = rows[:n], rows[n : n + POINTS], np.c_[x[rows[-PROBE:]], np.ones(PROBE)]
    xs, ys = x[own].astype(float), y[own]
    counts = np.bincount(ys, minlength=c)
    seen = counts > 0
    if seen.sum() < 2:
        return []
    before = exact(xs, ys, c, C)
    ridge = jnp.array([(2.0 if seen.sum() == 2 else 1.0) / C] * x.shape[1] + [0.0])
    rows_of = jnp.asarray(xs, jnp.float32), jnp.asarray(ys), jnp.ones(n)
    now = LabelInfluence.of(jnp.asarray(before, jnp.float32), jnp.asarray(seen), *rows_of, ridge)
    found = []
    steps: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {"taken away": [], "added": []}
    for place in range(min(POINTS, n)):
        if counts[ys[place]] > 1:  # else a class would vanish, which is no small step
            true = exact(np.delete(xs, place, axis=0), np.delete(ys, place), c, C) - before
            steps["taken away"].append((true, np.asarray(now.removed(place))))
    for row in more:
        if seen[y[row]]:
            true = exact(np.append(xs, x[row : row + 1], axis=0), np.append(ys, y[row]), c, C) - before
            steps["added"].append((true, np.asarray(now.added(jnp.asarray(x[row]), int(y[row])))))
    for what, pairs in steps.items():
        moved = [tuple(logits(one, probe)[:, seen] for one in pair) for pair in pairs]
        true, guessed = (np.array([pair[side] for pair in moved]) for side in (0, 1))
        sizes = [np.linalg.norm(side, axis=(1, 2)) for side in (true, guessed)]
        found.append(
            {
                "what": what,
                "labels": n,
                "C": C,
                "correlation": float(np.corrcoef(true.ravel(), guessed.ravel())[0, 1]),
                "rank of sizes": float(spearmanr(*sizes).statistic),
                "relative error": float(np.linalg.norm(true - guessed) / np.linalg.norm(true)),
            }
        )
    return found


def main() -> None:
    """Fit and print."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    found = []
    for entry in catalogue():
        if entry.role == META_VALIDATION and entry.installed:
            data = askwell.data.encode(load(entry.name))
            for C in STRENGTHS:
                for n in LABELS:
                    for seed in range(SPLITS):
                        each = judged(data.x, data.y, len(data.classes), n, C, seed)
                        found += [{"set": entry.name, "classes": len(data.classes), **one} for one in each]
    rows = pl.DataFrame(found)
    scores = pl.col("correlation", "rank of sizes", "relative error").mean()
    by = rows.group_by("what", "C", "labels", maintain_order=True).agg(scores).sort("what", "C", "labels")
    print(f"# By penalty and number of labels\n\n{shown(by, 3)}")
    own = rows.filter(C=1.0).group_by("what", "set", "classes", maintain_order=True).agg(scores)
    print(f"# By set, C = 1\n\n{shown(own.sort('what', 'classes'), 3)}")


if __name__ == "__main__":
    main()
