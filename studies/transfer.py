"""Do the rewards of batches on training tasks say anything about real ones? `python studies/transfer.py SPEC.toml`.

Sibling batches of an untrained policy are played in each source of the spec and on its validation sets. What they
returned is regressed on their scores (the natural gradient's direction) in the training sources alone; the table
tells how well that direction foretells returns on each validation set, as a correlation, for each choice of `context`.
It is how the default context of the head `linear` was chosen.
"""

import argparse
import concurrent.futures
import time
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from askwell.execution import compilation_cache
from askwell.execution.workers import side_by_side, workers
from askwell.policies import Linear
from askwell.policies.features import CONTEXT, FEATURES
from askwell.training import Siblings, programs
from askwell.training.optimiser import Optimiser, ridged
from askwell.training.spec import CHUNK, TrainingSpec
from askwell.training.tasks import TaskSource

CHOICES = [
    (),
    ("slot",),
    ("slot", "round"),
    ("slot", "classes", "labels"),
    ("slot", "agreement", "fit"),
    CONTEXT,
]
PILOT = 4


def moments(
    spec: TrainingSpec, source: TaskSource, chunks: int, pool: concurrent.futures.Executor, seed: int
):
    """Mean gradient ``[p]`` and Fisher matrix ``[p, p]`` an episode."""
    game, tasks = source.make_game(), source.tasks()
    trainer = Siblings(**spec.algorithm, optimiser=Optimiser("natural"))
    head = Linear(jax.random.key(0), CONTEXT)
    state = jax.tree.map(
        lambda leaf: leaf[None], trainer.init(jax.random.key(0), head, [(game, source.like())])
    )
    play = programs.collector(trainer, game, 0)

    def run(chunk: int, scale: jax.Array):
        pools = jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], tasks.draw((seed, chunk), CHUNK))
        key = jax.random.fold_in(jax.random.key(seed), chunk)[None]
        right, _, metrics, _ = jax.block_until_ready(play(key, replace(state, scale=(scale,)), pools))
        return right, metrics

    one = jnp.ones((1, source.rounds))
    pilot = list(pool.map(lambda chunk: run(chunk, one), range(PILOT)))
    scale = jnp.sqrt(sum(metrics.spread for _, metrics in pilot) / PILOT)
    played = list(pool.map(lambda chunk: run(chunk, scale), range(PILOT, PILOT + chunks)))
    flat = [jnp.concatenate([right.base[0], right.shift[0].ravel()]) for right, _ in played]
    return (
        np.asarray(sum(flat), float) / (chunks * CHUNK),
        np.asarray(sum(metrics.fisher[0] for _, metrics in played), float) / chunks,
    )


def main() -> None:
    """Play, regress, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("spec")
    options.add_argument(
        "--chunks", type=int, default=400, help=f"of {CHUNK} tasks each, over all training sources"
    )
    given = options.parse_args()
    compilation_cache()
    spec, start = TrainingSpec.read(given.spec), time.perf_counter()
    total = sum(source.share for source in spec.sources)
    sets = {
        name: source.model_copy(
            update={"datasets": (name,), "selection": 1000, "report": 1, "pool": min(source.pool, 600)}
        )
        for source in spec.validation
        for name in source.datasets
    }
    with side_by_side(workers()) as pool:
        known = [
            (
                source.share / total,
                moments(spec, source, max(1, round(given.chunks * source.share / total)), pool, 1),
            )
            for source in spec.sources
        ]
        real = {
            name: moments(spec, source, max(1, given.chunks // 8), pool, 2) for name, source in sets.items()
        }
    slope, fisher = (sum(share * found[part] for share, found in known) for part in (0, 1))
    print(f"Correlation of foretold and true returns ({time.perf_counter() - start:.0f} s):\n")
    print("| weights shift with | " + " | ".join(real) + " | mean |\n|" + " --- |" * (len(real) + 2))
    f, siblings = len(FEATURES), Siblings(**spec.algorithm).k
    for choice in CHOICES:
        at = np.concatenate(
            [np.arange(f), *(f * (1 + CONTEXT.index(name)) + np.arange(f) for name in choice)]
        )
        own = fisher[np.ix_(at, at)]
        direction = np.linalg.solve(np.asarray(ridged(jnp.asarray(own)), float), slope[at])
        found = []
        for name, (there, matrix) in real.items():
            rounds = sets[name].rounds - 1  # the cold round has no scores
            covariance, variance = (
                direction @ there[at] / rounds,
                direction @ matrix[np.ix_(at, at)] @ direction / rounds,
            )
            found.append(float(covariance / np.sqrt(variance) * np.sqrt(1 - 1 / siblings)))
        text = " | ".join(f"{value:+.3f}" for value in (*found, np.mean(found)))
        print(f"| {', '.join(choice) if len(choice) < 9 else 'all'} | {text} |")


if __name__ == "__main__":
    main()
