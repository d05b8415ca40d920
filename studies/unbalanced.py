"""Why are the rules that lead in accuracy no better where classes are rare, and what helps?

    python studies/unbalanced.py --out runs/unbalanced && python docs/unbalanced.py

Nine KEEL sets with rare classes (none is a twin of a held-out set) are played, ten rounds of ten from a cold start.
After rounds 2, 5 and 10 the classifier is fitted to what was bought, and its predictions on the report split are judged
as they are, and mended in ways that need no further label (`looked_at`). The same on the six meta-validation sets,
where no class is rare, with half as many splits: a cure must not do harm there. And on five held-out sets, by which
nothing was chosen.
"""

import argparse
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from scipy.spatial.distance import cdist
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold

import askwell
from askwell.core import write_whole
from askwell.data import Dataset, load, split
from askwell.encoders import encode_table

SETS = (
    *("keel:abalone9-18", "keel:car-good", "keel:flare-F", "keel:kddcup-guess_passwd_vs_satan"),
    *("keel:kr-vs-k-three_vs_eleven", "keel:poker-8-9_vs_5", "keel:shuttle-c0-vs-c4"),
    *("keel:winequality-red-4", "keel:yeast4"),
)
ORDINARY = ("penbased", "segment", "spambase", "mushroom", "vehicle", "contraceptive")
HELD_OUT = ("digits", "breast_cancer", "letter", "satimage", "texture")
STRATEGIES = ("random", "margin", "uherding", "margin-herding", "typiclust", "badge", "learned")
ROUNDS, BATCH, LOOKS = 10, 10, (2, 5, 10)
NEVER = 1e-6
TEMPERATURES = np.geomspace(0.25, 8, 21)
Proba = np.ndarray


def fitted(
    x: np.ndarray, y: np.ndarray, c: int, weight: np.ndarray | None = None
) -> Callable[[np.ndarray], Proba]:
    """Predictions of a logistic regression on labelled points; of a lone class, that class everywhere."""
    seen = np.unique(y)

    def proba(at: np.ndarray) -> Proba:
        told = np.full((len(at), c), NEVER)
        told[:, seen] = model.predict_proba(at) if model else 1.0
        return told / told.sum(axis=1, keepdims=True)

    model = LogisticRegression(C=1.0, max_iter=1000).fit(x, y, weight) if len(seen) > 1 else None
    return proba


def shifted(at: Proba, pool: Proba, labelled: np.ndarray) -> Proba:
    """Predictions for other class shares than those of the labels, found on the pool (Saerens et al. 2002)."""
    share = labelled
    for _ in range(200):
        own = pool * (share / labelled)
        share = np.mean(own / own.sum(axis=1, keepdims=True), axis=0)
    own = at * (share / labelled)
    return own / own.sum(axis=1, keepdims=True)


def cooled(proba: Proba, temperature: float) -> Proba:
    """Predictions at a temperature (Guo et al. 2017)."""
    own = np.maximum(proba, NEVER) ** (1 / temperature)
    return own / own.sum(axis=1, keepdims=True)


def temperature(x: np.ndarray, y: np.ndarray, c: int) -> float:
    """The temperature with the least log-loss in cross-validation on the labels; 1 where a class is too rare for it."""
    if np.min(np.bincount(y)[np.unique(y)]) < 2 or len(np.unique(y)) < 2:
        return 1.0
    told = np.zeros((len(y), c))
    for train, test in StratifiedKFold(2 if np.min(np.bincount(y)[np.unique(y)]) < 5 else 5).split(x, y):
        told[test] = fitted(x[train], y[train], c)(x[test])
    loss = [-np.mean(np.log(cooled(told, t)[np.arange(len(y)), y])) for t in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(loss))])


def nearest_shares(pool: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Weights with mean 1: the root of the share of the pool that lies nearest to each labelled point."""
    share = np.bincount(np.argmin(cdist(pool, x), axis=1), minlength=len(x)) / len(pool)
    root = np.sqrt(share)
    return root / root.mean()


def scores(proba: Proba, y: np.ndarray) -> dict[str, float]:
    """Accuracy, balanced accuracy and log-loss."""
    hit = np.argmax(proba, axis=1) == y
    recall = [hit[y == k].mean() for k in np.unique(y)]
    predicted = np.argmax(proba, axis=1)
    return {
        "accuracy": float(hit.mean()),
        "macro-F1": float(f1_score(y, predicted, labels=np.unique(y), average="macro", zero_division=0)),
        "balanced": float(np.mean(recall)),
        "log-loss": float(-np.mean(np.log(np.maximum(proba[np.arange(len(y)), y], 1e-12)))),
    }


def looked_at(
    pool: np.ndarray, x: np.ndarray, y: np.ndarray, report: tuple[np.ndarray, np.ndarray], c: int
) -> dict:
    """All cures after some labels, by name."""
    plain = fitted(x, y, c)
    at, of_pool = plain(report[0]), plain(pool)
    labelled = (np.bincount(y, minlength=c) + 0.5) / (len(y) + 0.5 * c)
    cooler = temperature(x, y, c)
    even = len(y) / (len(np.unique(y)) * np.bincount(y, minlength=c)[y])
    cures = {
        "as it is": at,
        "class shares of the pool": shifted(at, of_pool, labelled),
        "temperature": cooled(at, cooler),
        "both": shifted(cooled(at, cooler), cooled(of_pool, cooler), labelled),
        "decisions for equal classes": at / labelled / np.sum(at / labelled, axis=1, keepdims=True),
        "decisions half way there": at / labelled**0.5 / np.sum(at / labelled**0.5, axis=1, keepdims=True),
        "fit with equal classes": fitted(x, y, c, even)(report[0]),
        "fit with the pool's weights": fitted(x, y, c, nearest_shares(pool, x))(report[0]),
    }
    return {name: scores(proba, report[1]) for name, proba in cures.items()}


def measured(records: pl.DataFrame, data: Dataset, splits: int) -> list[dict]:
    """Of each strategy, split and look: the share of the rarest class among the labels, and every cure's scores."""
    drawn = split(data, seed=0, splits=splits, budget=ROUNDS * BATCH)
    pools, c, rows = drawn.pools, len(data.classes), []
    for (strategy, number), part in records.group_by("strategy", "split", maintain_order=True):
        place = {row: i for i, row in enumerate(data.ids[drawn.rows[number]].tolist())}
        picks = [[place[row] for row in batch] for batch in part.sort("round")["picks"]]
        x, y = np.asarray(pools.x[number], float), np.asarray(pools.y[number])
        rare = int(np.argmin(np.bincount(y, minlength=c)))
        report = np.asarray(pools.report_x[number], float), np.asarray(pools.report_y[number])
        for look in LOOKS:
            asked = np.concatenate(picks[:look])
            found = looked_at(x, x[asked], y[asked], report, c)
            share = float(np.mean(y[asked] == rare) / np.mean(y == rare))
            for cure, value in found.items():
                rows.append(
                    {"dataset": data.name, "strategy": strategy, "split": number, "round": look, "cure": cure,
                     "rare": share, **value}
                )  # fmt: skip
    return rows


def main() -> None:
    """Play, measure, and write down what came out."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path("runs/unbalanced"))
    options.add_argument("--splits", type=int, default=12)
    given = options.parse_args()
    warnings.filterwarnings("ignore", category=UserWarning)
    rows, rarest = [], {}
    half = given.splits // 2
    for kind, sets, splits in (
        ("rare", SETS, given.splits),
        ("ordinary", ORDINARY, half),
        ("held-out", HELD_OUT, half),
    ):
        out = given.out / ("run" if kind == "rare" else kind)
        played = askwell.compare(
            sets, strategies=STRATEGIES, splits=splits, rounds=ROUNDS, batches=BATCH, out=out
        )
        for name in sets:
            data = encode_table(load(name), 64, None)
            rarest[data.name] = float(np.min(np.bincount(data.y)) / len(data.y))
            found = measured(played.records.filter(dataset=data.name), data, splits)
            rows += [{"kind": kind, **row} for row in found]
            print(f"{name}: {len(rows)} rows", flush=True)
    write_whole(given.out / "measured.json", json.dumps(rows).encode())
    write_whole(given.out / "shares.json", json.dumps(rarest).encode())


if __name__ == "__main__":
    main()
