"""Does the network `in-context` foretell where the boundary of all labels runs?

    python studies/boundary.py --out runs/boundary.json && python docs/boundary.py

Real sets are played with `random` and `margin-herding`. After 10, 20, 50 and 100 labels the classifier (logistic
regression) and the network are asked about the report split, and both are compared with a logistic regression that
was fitted to every label of the pool: the fully informed boundary.
"""

import argparse
import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import askwell
from askwell.core import write_whole
from askwell.data import encode, load, split
from askwell.learners import InContext, Logistic
from askwell.report.replay import bought

SETS = (
    *("penbased", "segment", "spambase", "mushroom", "vehicle", "contraceptive"),
    *("digits", "breast_cancer", "letter", "satimage", "texture"),
)
STRATEGIES, LABELS, SPLITS = ("random", "margin-herding"), (10, 20, 50, 100), 8


def asked(name: str, splits: int) -> list[dict]:
    """A row for each split, strategy, number of labels and learner."""
    data = encode(load(name))
    records = askwell.compare(name, strategies=list(STRATEGIES), splits=splits, batches=10, rounds=10).records
    drawn, key, c, rows = (
        split(data, seed=0, splits=splits, budget=100),
        jax.random.key(0),
        len(data.classes),
        [],
    )
    learners = {"logistic": Logistic(), "in-context": InContext()}

    @jax.jit
    def told(pool, own, weight):
        full = Logistic().fit(key, pool.x, pool.y, jnp.ones(len(pool.y)), c).log_proba(pool.report_x)
        found = {}
        for name, learner in learners.items():
            said = learner.fit(key, pool.x[own], pool.y[own], weight, c).log_proba(pool.report_x)
            found[name] = {
                "agrees": jnp.mean(jnp.argmax(said, 1) == jnp.argmax(full, 1)),
                "divergence": -jnp.mean(jnp.sum(jnp.exp(full) * (said - full), axis=1)),
                "accuracy": jnp.mean(jnp.argmax(said, 1) == pool.report_y),
                "informed": jnp.mean(jnp.argmax(full, 1) == pool.report_y),
            }
        return found

    for (strategy, number), episode in records.group_by("strategy", "split", maintain_order=True):
        pool = jax.tree.map(lambda leaf, i=number: jnp.asarray(leaf[i]), drawn.pools)
        own = np.concatenate(bought(data, drawn.rows[number], number, episode.sort("round")))
        for labels in LABELS:
            weight = jnp.asarray(np.arange(len(own)) < labels, jnp.float32)
            for learner, found in told(pool, jnp.asarray(own), weight).items():
                about = {
                    "set": name,
                    "split": number,
                    "strategy": strategy,
                    "labels": labels,
                    "learner": learner,
                }
                rows.append(about | {key: float(value) for key, value in found.items()})
    return rows


def main() -> None:
    """Measure, and write one file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("runs/boundary.json"))
    parser.add_argument("--splits", type=int, default=SPLITS)
    given = parser.parse_args()
    rows = []
    for name in SETS:
        rows += asked(name, given.splits)
        print(name, "done", flush=True)
    write_whole(given.out, json.dumps(rows).encode())


if __name__ == "__main__":
    main()
