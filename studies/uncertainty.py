"""What does uncertainty sampling do? Its batches, round by round, beside those of other strategies.

    python studies/uncertainty.py --out runs/uncertainty.json && python docs/uncertainty.py

Five real sets are played, ten rounds of ten from a cold start. Every batch is looked at as it was bought: how near its
points lie to each other, on which side of the boundary they are, how far from where the boundary runs in the end, and
how far their labels moved it.
"""

import argparse
import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from scipy.spatial.distance import cdist

import askwell
from askwell.core import write_whole
from askwell.data import encode, load, split
from askwell.learners import Logistic
from askwell.report.replay import bought

SETS = ("spambase", "segment", "digits", "breast_cancer", "satimage")
STRATEGIES = (
    "random",
    "margin",
    "entropy",
    "least-confidence",
    "margin-herding",
    "uherding",
    "badge",
    "learned",
)
ROUNDS, BATCH, SPLITS = 10, 10, 10


def margins(proba: np.ndarray) -> np.ndarray:
    """The two highest probabilities' difference."""
    top = np.sort(proba, axis=1)
    return top[:, -1] - top[:, -2]


def looked_at(name: str) -> list[dict]:
    """A row for each split, strategy and batch."""
    data = encode(load(name))
    records = askwell.compare(
        name, strategies=list(STRATEGIES), splits=SPLITS, batches=BATCH, rounds=ROUNDS
    ).records
    drawn, key, c, rows = (
        split(data, seed=0, splits=SPLITS, budget=ROUNDS * BATCH),
        jax.random.key(0),
        len(data.classes),
        [],
    )
    learner = Logistic()
    told = jax.jit(
        lambda x, own, y, weight: jnp.exp(learner.fit(key, x[own], y[own], weight, c).log_proba(x))
    )
    for number in range(SPLITS):
        x, y = np.asarray(drawn.pools.x[number]), np.asarray(drawn.pools.y[number])
        distance = cdist(x, x)
        np.fill_diagonal(distance, np.inf)
        near = np.median(distance.min(axis=1))
        full = np.asarray(told(x, jnp.arange(len(y)), y, jnp.ones(len(y))))
        final, best = margins(full), full.argmax(axis=1)
        for strategy in STRATEGIES:
            episode = records.filter(strategy=strategy, split=number).sort("round")
            picks = bought(data, drawn.rows[number], number, episode)
            own = np.concatenate(picks)
            before = np.full((len(y), c), 1 / c)
            for turn, batch in enumerate(picks):
                weight = jnp.asarray(np.arange(len(own)) < (turn + 1) * BATCH, jnp.float32)
                after = np.asarray(told(x, jnp.asarray(own), y, weight))
                within = distance[np.ix_(batch, batch)].min(axis=1)
                said = before.argmax(axis=1)
                turned = after.argmax(axis=1) != said
                rows.append(
                    {
                        "set": name,
                        "split": number,
                        "strategy": strategy,
                        "round": turn + 1,
                        "copies": float(np.mean(within < near)),
                        "one side": float(np.bincount(said[batch], minlength=c).max() / BATCH)
                        if turn
                        else np.nan,
                        "final margin": float(final[batch].mean()),
                        "turned": float(turned.mean()) if turn else np.nan,
                        "turned right": float(np.mean(after.argmax(axis=1)[turned] == best[turned]))
                        if turn and turned.any()
                        else np.nan,
                        "agrees": float(np.mean(after.argmax(axis=1) == best)),
                        "accuracy": float(episode["accuracy"][turn]),
                    }
                )
                before = after
    return rows


def main() -> None:
    """Measure, and write one file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("runs/uncertainty.json"))
    given = parser.parse_args()
    rows = []
    for name in SETS:
        rows += looked_at(name)
        print(name, "done", flush=True)
    write_whole(given.out, json.dumps(rows).encode())


if __name__ == "__main__":
    main()
