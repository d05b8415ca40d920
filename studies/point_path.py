"""Where learned choosers of points ask on the plane, before, during and after training: for docs/formulations.md.

First `askwell train` studies/td3.toml and studies/point-gain.toml to runs/td3 and runs/point-gain. Their first updates
are repeated here, bit for bit, since a run keeps no head but the best.

    python studies/point_path.py --runs runs --out runs/point-path.json
"""

import argparse
import json
from pathlib import Path

import jax
import numpy as np

from askwell.core import Points
from askwell.core.files import write_whole
from askwell.execution import interrupts, side_by_side, workers
from askwell.policies import AbstractHead, card, load_policy
from askwell.training import TaskSource, TrainingSpec
from askwell.training.run import Run

RUNS = ("td3", "point-gain")
UPDATES = (0, 20)
BATCH, START, SEED = 10, 20, 4
SOURCE = TaskSource.model_validate(
    {"game": "point-queries", "datasets": ["banana"], "rounds": 8, "batch": BATCH, "start": START}
    | {"pool": 400, "features": 2, "classes": 2}
)


def heads(spec: TrainingSpec) -> list[tuple[int, AbstractHead]]:
    """The heads after some updates of a spec, with their numbers."""
    run, found = Run(spec), []
    with side_by_side(workers()) as pool, interrupts() as stop:
        for number in range(max(UPDATES) + 1):
            if number in UPDATES:
                found.append((number, jax.tree.map(lambda leaf: leaf[0], run.heads).open()))
            if number < max(UPDATES) and not run.update(number, pool, stop):
                raise KeyboardInterrupt
    return found


def main() -> None:
    """Ask once with each head, in the same state, and write down where."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=Path, default=Path("runs"))
    options.add_argument("--out", type=Path, default=Path("runs/point-path.json"))
    given = options.parse_args()
    game = SOURCE.make_game()
    pool = jax.tree.map(lambda leaf: jax.numpy.asarray(leaf[0]), SOURCE.tasks().draw((SEED,), 1))
    state = game.reset(jax.random.key(SEED), pool)
    view = game.view(state)
    corner = np.stack([np.asarray(pool.x).min(axis=0), np.asarray(pool.x).max(axis=0)])
    grid = np.stack(np.meshgrid(*np.linspace(*corner, 60).T), axis=-1).reshape(-1, 2)
    assert view.fitted is not None
    told = {
        "x": np.asarray(pool.x).tolist(),
        "y": np.asarray(pool.y).tolist(),
        "labelled": np.flatnonzero(np.asarray(view.asked)).tolist(),
        "corner": corner.tolist(),
        "belief": np.exp(np.asarray(view.fitted.log_proba(jax.numpy.asarray(grid, jax.numpy.float32))))[:, 1]
        .reshape(60, 60)
        .tolist(),
        "asked": [],
    }
    for name in RUNS:
        folder = given.runs / name
        found = heads(TrainingSpec.read(folder / "spec.toml"))
        found.append((card(folder / "policy.safetensors")["update"], load_policy(folder)))
        for update, head in found:
            points = head.decide(jax.random.key(SEED), view, Points(BATCH))
            bought = game.step(jax.random.key(SEED), state, points)[1].bought
            told["asked"].append(
                {
                    "run": name,
                    "update": update,
                    "points": np.asarray(points).tolist(),
                    "bought": bought.tolist(),
                }
            )
    write_whole(given.out, json.dumps(told).encode())


if __name__ == "__main__":
    main()
