"""Does it pay to remember episodes? `python studies/replay.py --out runs/replay`.

A policy that begins as no rule at all, what it learned undoing the rule, learns on pools of 50 points, five rounds of
four labels. `siblings` forgets each episode after one step; `siblings-replay` learns from it many times. Both play 8
tasks an update; `siblings` also four times as many, or five times as many updates, between two looks too. Shuffled
returns must teach nothing. Prints what each is behind uherding on fresh tasks as it learns (mean over seeds, and their
standard deviation), and how long an update took. What is in `--out` is not trained again.
"""

import argparse
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import polars as pl

from askwell.core import write_whole
from askwell.policies import Pointwise
from askwell.policies.features import FEATURES
from askwell.policies.files import to_bytes
from askwell.policies.pointwise import RULES
from askwell.training import TrainingSpec, train

RULE = "herding"
SEEDS, UPDATES, EVERY = (0, 1, 2, 3), 60, 5
POOL = {"pool": 50, "rounds": 5, "batch": 4, "synthetic": {"network": 0.35, "tree": 0.1}}
FEW, MORE = 8, 32
STEP = 0.005
RUNS: dict[str, tuple[str, int, dict[str, Any]]] = {
    "siblings": ("siblings", FEW, {}),
    "siblings, four times the step": ("siblings", FEW, {"step": 4 * STEP}),
    "siblings-replay": ("siblings-replay", FEW, {}),
    "siblings-replay, once": ("siblings-replay", FEW, {"buffer": FEW, "steps": 1, "minibatch": FEW}),
    "siblings-replay, no cap": ("siblings-replay", FEW, {"cap": 1e9}),
    "siblings-replay, shuffled": ("siblings-replay", FEW, {"shuffled": True}),
    "siblings, four times the play": ("siblings", MORE, {}),
    "siblings, five times the updates": ("siblings", FEW, {"longer": 5}),
}


def no_rule() -> Pointwise:
    """A policy that decides at random, once the first answers are there."""
    policy = Pointwise(jax.random.key(0), rule=RULE)
    base = -jnp.array([RULES[RULE].get(name, 0.0) for name in FEATURES])
    return eqx.tree_at(lambda p: p.base, policy, base)


def main() -> None:
    """Train what is not there yet, and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path("runs/replay"))
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    start = given.out / "start.safetensors"
    if not start.exists():
        write_whole(start, to_bytes(no_rule(), {"rule": RULE}))
    print(f"| | {' | '.join(str(at) for at in range(EVERY, UPDATES + 1, 2 * EVERY))} | seconds an update |")
    for name, (trainer, tasks, settings) in RUNS.items():
        algorithm = dict(settings)
        step, longer = algorithm.pop("step", STEP), algorithm.pop("longer", 1)
        spec = TrainingSpec(
            start=str(start), policy={"rule": RULE}, trainer=trainer, algorithm={"k": 8, **algorithm}, seeds=SEEDS,
            updates=longer * UPDATES, tasks=tasks, step=step, average=1.0, every=longer * EVERY, judged=256,
            against=("uherding",), sources=[POOL],
        )  # fmt: skip
        found = train(spec, given.out / name.replace(", ", "-").replace(" ", "-")).histories
        curve = (
            found["validation"]
            .group_by("update", maintain_order=True)
            .agg(pl.col("difference").mean(), pl.col("difference").std().alias("sd"))
        )
        cells = [f"{row['difference']:+.4f} ± {row['sd']:.4f}" for row in curve.iter_rows(named=True)]
        seconds = found["training"]["seconds"].median()
        print(f"| {name} | {' | '.join(cells[::2])} | {seconds:.2f} |", flush=True)


if __name__ == "__main__":
    main()
