"""What foretells best which label gains: a linear model, boosted trees, the trained network, or single features.

    askwell train studies/regression.toml --out runs/regression
    python studies/gain.py --run runs/regression --out runs/gain.json

In states of games that are played at random, 16 points each are tried by exact refits, as the trainer does. Linear
model and trees learn from 3,168 states of the run's synthetic tasks; all are judged on 672 fresh ones and on 576 states
of the six meta-validation sets. "rank" is the mean rank correlation, within a state, of gains and what was foretold of
them; "won" is the gain of the point that was foretold to be the best, as a share of the best one's, both less the mean.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV

from askwell.core import write_whole
from askwell.policies import Gain, load_policy
from askwell.training import Regression, TaskSource, TrainingSpec

SETS = ("penbased", "segment", "spambase", "mushroom", "vehicle", "contraceptive")
STARTS, ROUNDS = (4, 20, 50), 8
SINGLE = {"margin alone": "margin", "coverage gain alone": "coarse", "uherding's gain alone": "weighted"}


def tried(sources: list[TaskSource], head: Gain, tasks: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """What was seen and gained, ``[s, k, f]`` and ``[s, k]``, in the states of so many tasks of each source."""
    trainer, parts, programs = Regression(buffer=1), [], {}
    for place, source in enumerate(sources):
        game = source.make_game()
        state = trainer.init(jax.random.key(0), head, [(game, source.like())])
        # An untrained head goes on with any point, so all states are those of random play.
        own = jax.jit(lambda key, pools, s=state, g=game: trainer.collect(key, s, 0, g, pools))
        collect = programs.setdefault((source.start, source.features), own)
        drawn = source.tasks().draw((seed, place), tasks)
        for chunk in range(0, tasks, 4):
            some = jax.tree.map(lambda leaf, at=chunk: jnp.asarray(leaf[at : at + 4]), drawn)
            parts.append(collect(jax.random.key(seed * 1000 + place * 100 + chunk), some))
    x, gain = (np.concatenate([np.asarray(part[i], float) for part in parts]) for i in (0, 1))
    return x, gain - gain.mean(axis=1, keepdims=True)


def judged(gain: np.ndarray, foretold: np.ndarray) -> dict[str, float]:
    """How well gains were foretold; states in which all points gain the same say nothing."""
    some = np.ptp(gain, axis=1) > 0
    gain, foretold = gain[some], foretold[some]
    ranks = [rankdata(each, axis=1) - (each.shape[1] + 1) / 2 for each in (gain, foretold)]
    length = np.sqrt((ranks[0] ** 2).sum(axis=1) * (ranks[1] ** 2).sum(axis=1))
    rank = (ranks[0] * ranks[1]).sum(axis=1) / np.maximum(length, 1e-9)
    chosen = np.take_along_axis(gain, foretold.argmax(axis=1)[:, None], axis=1)
    return {
        "rank": float(rank.mean()),
        "error": float(rank.std() / len(rank) ** 0.5),
        "won": float(chosen.mean() / gain.max(axis=1).mean()),
        "states": len(gain),
    }


def main() -> None:
    """Measure, and write the table down."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--run", type=Path, default=Path("runs/regression"))
    options.add_argument("--out", type=Path, default=Path("runs/gain.json"))
    given = options.parse_args()
    spec, head = TrainingSpec.read(given.run / "spec.toml"), load_policy(str(given.run))
    assert isinstance(head, Gain)
    fresh: Any = Gain(jax.random.key(0))
    names = list(head.inputs)
    synthetic = list(spec.sources)
    real = [
        TaskSource.make(
            datasets=(name,), rounds=ROUNDS, batch=1, start=start, pool=256, features=64, classes=10
        )
        for start in STARTS
        for name in SETS
    ]
    x, gain = tried(synthetic, fresh, 132, 1)
    flat, target = x.reshape(-1, len(names)), (gain / (gain.std(axis=1, keepdims=True) + 1e-6)).ravel()
    linear = RidgeCV(np.logspace(0, 6, 13)).fit(flat, target)
    trees = HistGradientBoostingRegressor(max_iter=300, learning_rate=0.05, random_state=0).fit(flat, target)
    models = {
        "linear model": linear.predict,
        "boosted trees": trees.predict,
        "the network": lambda flat: np.asarray(head.foretold(jnp.asarray(flat, jnp.float32))),
    }
    models |= {name: lambda flat, f=feature: flat[:, names.index(f)] for name, feature in SINGLE.items()}
    rows = []
    for kind, sources, tasks in (("synthetic", synthetic, 28), ("real", real, 4)):
        x, gain = tried(sources, fresh, tasks, 2)
        for name, model in models.items():
            rows.append(
                {
                    "tasks": kind,
                    "foretold by": name,
                    **judged(gain, model(x.reshape(-1, x.shape[2])).reshape(gain.shape)),
                }
            )
            print(rows[-1], flush=True)
    write_whole(given.out, json.dumps(rows, indent=1).encode())


if __name__ == "__main__":
    main()
