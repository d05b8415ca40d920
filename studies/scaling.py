"""What changes with size: batch, features, pool, classes, wrong answers, near-copies.

    python studies/scaling.py --spec studies/scaling.toml --out runs/scaling [--only AXIS] && python docs/scaling.py

At each value of an axis all strategies play the same tasks (`scaling_tasks`), how well k-means groups agree with the
classes is measured, and for batches the policy gradient's signal and noise. It may be stopped at any time: the same
command goes on where it was. One program serves all tasks of a size, whatever they are made of, so this does not go by
`askwell.compare`. That would split the data itself, too, and near-copies would reach the report set.
"""

import argparse
import gc
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from scaling_tasks import Axis, Point, Scaling, Task, point_of, tasks

from askwell.comparison.play import chunk_size
from askwell.core import AskwellError, Pool, write_whole
from askwell.core.geometry import GROUPS
from askwell.core.kmeans import kmeans
from askwell.execution import Program, compilation_cache, compiled, side_by_side, workers
from askwell.games import BatchGame, rollout
from askwell.policies import make_head, make_strategy
from askwell.stats import agreement
from askwell.training import Siblings, TaskSource
from askwell.training.programs import area

Row = dict[str, Any]


class Study:
    """The rows that were measured so far, in one file that is always whole."""

    def __init__(self, out: Path, spec: Scaling):
        self.path, self.spec = out / "scaling.json", json.loads(spec.model_dump_json())
        self.rows: list[Row] = []
        if self.path.exists():
            found = json.loads(self.path.read_text())
            if found["spec"] != self.spec:
                raise AskwellError(f"{out} was made by another spec; choose another --out, or remove it.")
            self.rows = found["rows"]

    def has(self, **key: Any) -> bool:
        """Whether such a row was measured."""
        return any(key.items() <= row.items() for row in self.rows)

    def add(self, **row: Any) -> None:
        """Keep a row."""
        self.rows.append(row)
        write_whole(self.path, json.dumps({"spec": self.spec, "rows": self.rows}).encode())


def stacked(pools: list[Pool]) -> Pool:
    """Pools of one size with a leading axis."""
    return jax.tree.map(lambda *leaves: np.stack(leaves), *pools)


# The last few are kept: values that change no size need no new one. More would fill the process's memory maps.
KEPT = 24
programs: dict[Any, Any] = {}
lock = threading.Lock()


def program(strategy: str, point: Point, numbers: np.ndarray, pools: Pool) -> tuple[Any, float]:
    """The compiled episodes of a strategy at some size, and the seconds that took."""
    size = strategy, *point._replace(noise=0.0, copies=0.0), pools.x.shape
    if size in programs:
        return programs[size], 0.0
    game, player = BatchGame(batch=point.batch, rounds=point.rounds), make_strategy(strategy)

    def episode(number, pool):
        outcome = rollout(game, player, jax.random.fold_in(jax.random.key(0), number), pool)
        return area(game, outcome), outcome.report.accuracy[-1], jnp.all(outcome.legal)

    start = time.perf_counter()
    made = compiled(jax.jit(jax.vmap(episode)), numbers, pools, who=f"The strategy '{strategy}'")
    spent = time.perf_counter() - start
    with lock:
        programs[size] = made
        while len(programs) > KEPT:
            programs.pop(next(iter(programs)))
            gc.collect()
    return made, spent


def played(strategy: str, point: Point, given: list[Task], limit: float) -> Row:
    """A strategy on all tasks, or why it was not played: AULC and last accuracy of each, seconds an episode."""
    row: Row = {"units": [task.unit for task in given], "families": [task.family for task in given]}
    found, spent = [], 0.0
    width = chunk_size(stacked([given[0].pool]), make_strategy(strategy))
    try:
        for first in range(0, len(given), width):
            numbers = np.minimum(np.arange(first, first + width), len(given) - 1).astype(np.int32)
            pools = stacked([given[i].pool for i in numbers])
            episodes, compiling = program(strategy, point, numbers, pools)
            start = time.perf_counter()
            found.append(np.stack(episodes(numbers, pools), axis=1))
            spent += time.perf_counter() - start
            row["compile"] = row.get("compile", 0.0) + compiling
            row["episode"] = spent / (first + width)
            if row["episode"] > limit:
                return row | {"why": f"{row['episode']:.0f} s an episode"}
    except (AskwellError, RuntimeError, MemoryError) as error:  # JAX's errors are RuntimeErrors
        return row | {"why": " ".join(str(error).split())[:200]}
    aulc, final, legal = np.concatenate(found)[: len(given)].T
    if not legal.all():
        return row | {"why": "it took an action that the game does not allow"}
    if not np.isfinite(aulc).all():
        return row | {"why": "the accuracy is not finite"}
    return row | {"aulc": np.round(aulc, 5).tolist(), "final": np.round(final, 5).tolist()}


def grouped(given: list[Task], classes: int) -> Row:
    """How well k-means groups agree with the classes of a pool: as many as policies see, and as many as classes."""
    row: Row = {"units": [task.unit for task in given], "families": [task.family for task in given]}
    for name, k in (("policy", min(GROUPS, len(given[0].pool.y))), ("classes", classes)):
        groups = jax.jit(lambda x, k=k: kmeans(jax.random.key(0), x - jnp.mean(x, axis=0), k)[1])
        row[name] = [agreement(np.asarray(groups(task.pool.x)), task.pool.y) for task in given]
    return row


def play(study: Study, spec: Scaling, axis: Axis, say: Callable[[str], None]) -> None:
    """All values of an axis that were not played yet."""
    for value in axis.values:
        key = {"axis": axis.name, "value": value}
        left = [s for s in spec.strategies if not study.has(**key, strategy=s)]
        point = point_of(spec, axis, value)
        grouping = axis.varies not in ("batch", "noise") and not study.has(**key, groups=True)
        if not (left or grouping):
            continue
        given = tasks(spec, axis, value)
        if grouping:
            study.add(**key, groups=True, **grouped(given, point.classes))
        some = {name: thinned(given, spec.slow.get(name, 1.0)) for name in left}
        with side_by_side(workers()) as pool:
            jobs = {name: pool.submit(played, name, point, part, spec.limit) for name, part in some.items()}
            for name, job in jobs.items():
                row = job.result()
                study.add(**key, strategy=name, **row)
                said = row.get("why") or f"AULC {np.mean(row['aulc']):.3f}, {row['episode']:.3f} s an episode"
                say(f"{axis.name} {value}: {name}, {len(row['units'])} tasks: {said}")


def thinned(given: list[Task], share: float) -> list[Task]:
    """All real sets, and of the worlds the first ones, five at least."""
    count = max(5, round(share * sum(task.family == "worlds" for task in given)))
    return [task for i, task in enumerate(given) if i < count or task.family != "worlds"]


def gradients(batch: int, spec: Scaling) -> Row:
    """The gradient of each task at the policy that training starts from, reduced to what signal and noise need.

    ``products`` are all inner products of two tasks' gradients ``[t, t]``, ``shuffled`` those with rewards shuffled
    among siblings; ``reward`` is the siblings' mean reward in a round, ``spread`` their standard deviation.
    """
    given = spec.gradient
    source = TaskSource.make(
        batch=batch, rounds=given.rounds, start=given.start, pool=given.pool, features=spec.features,
        classes=spec.classes, synthetic={"noise": (0, 0), "duplicates": (0, 0)},
    )  # fmt: skip
    trainer, game = Siblings(candidates=given.candidates, entropy=0.0), source.make_game()
    policy: Any = make_head("pointwise", jax.random.key(0), {"rule": "herding"})
    scale = jnp.ones(given.rounds)

    def one(key, pool):
        right, other, metrics = trainer.gradient(policy, game, scale, key, pool)
        return ravel_pytree(right)[0], ravel_pytree(other)[0], jnp.sqrt(metrics.spread), metrics.returns

    run, drawn, found, seconds = Program(one), source.tasks().draw((0,), max(given.tasks)), [], 0.0
    for i in range(
        given.tasks[given.batches.index(batch)]
    ):  # one by one: the gradient of a large batch keeps gigabytes
        start = time.perf_counter()
        task = jax.tree.map(lambda leaf, i=i: leaf[i], drawn)
        found.append([np.asarray(part, float) for part in run(jax.random.key(i), task)])
        seconds = time.perf_counter() - start  # the last one's: nothing is compiled then
    right, other, spread, reward = (np.stack(part) for part in zip(*found, strict=True))
    return {
        "products": (right @ right.T).tolist(), "shuffled": (other @ other.T).tolist(),
        "spread": spread.mean(axis=1).tolist(), "reward": reward.mean(axis=1).tolist(), "seconds": seconds,
    }  # fmt: skip


def main() -> None:
    """Measure what is asked for, and write one file."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--spec", type=Path, default=Path("studies/scaling.toml"))
    options.add_argument("--out", type=Path, default=Path("runs/scaling"))
    options.add_argument("--only", help="an axis, or 'gradient'")
    chosen = options.parse_args()
    begun = time.perf_counter()
    try:
        spec = Scaling.read(chosen.spec)
        names = [*(axis.name for axis in spec.axes), "gradient"]
        if chosen.only not in (None, *names):
            raise AskwellError(f"There is no axis '{chosen.only}'; choose one of {', '.join(names)}.")
        study = Study(chosen.out, spec)
        for name in spec.strategies:
            make_strategy(name)  # an unknown one is refused before anything is played
    except AskwellError as error:
        raise SystemExit(str(error)) from None
    compilation_cache()

    def say(text: str) -> None:
        print(f"{(time.perf_counter() - begun) / 60:5.1f} min  {text}", flush=True)

    try:
        for axis in spec.axes:
            if chosen.only in (None, axis.name):
                play(study, spec, axis, say)
        for batch in spec.gradient.batches if chosen.only in (None, "gradient") else ():
            if not study.has(axis="gradient", value=batch):
                study.add(axis="gradient", value=batch, **gradients(batch, spec))
                say(f"gradient, batch {batch}")
    except KeyboardInterrupt:
        raise SystemExit("Stopped. What is finished is kept; the same command goes on there.") from None


if __name__ == "__main__":
    main()
