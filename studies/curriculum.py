"""Tasks from easy to hard, against as much play on all of them at random, and on the hardest alone.

    python studies/curriculum.py --spec studies/curriculum.toml --out runs/curriculum && python docs/curriculum.py

The sources of the spec are the stages. Training starts from a head without its rule, which asks at random once it has
labels: only so is there much to learn. Both trainers, all arms and seeds play the same number of labels an update. It
may be stopped at any time: the same command goes on with the next training.
"""

import argparse
import json
import time
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from askwell.core import AskwellError, Packed, write_whole
from askwell.execution import compilation_cache, side_by_side, workers
from askwell.policies import AbstractHead, Linear, make_head
from askwell.policies.features import FEATURES
from askwell.policies.pointwise import RULES
from askwell.training import TrainingSpec, programs

TRAINERS = ("siblings", "reinforce")
RANDOM, HARD = "at random", "hard alone"
ARMS = ("easy to hard", RANDOM, HARD)
SEED = 2**30
"""Of tasks to judge on; training draws with seeds of three numbers."""


def looked(update: int, stage: int) -> bool:
    """Whether the weights are judged after that update: early ones, and the end of each stage."""
    return update in (1, stage // 2) or update % stage == 0


def places(arm: str, spec: TrainingSpec, seed: int, update: int) -> list[int]:
    """The stage of each chunk of an update. Every stage's share is the number of tasks that it plays alone."""
    shares, stages = np.array([source.share for source in spec.sources]), len(spec.sources)
    if arm == RANDOM:
        rng = np.random.default_rng([seed, update, stages])
        return rng.choice(stages, spec.tasks // spec.chunk, p=shares / shares.sum()).tolist()
    stage = stages - 1 if arm == HARD else update // spec.updates
    return [stage] * (int(shares[stage]) // spec.chunk)


def ruleless(head: AbstractHead) -> Linear:
    """The head with the weights that take its rule away: every point is wanted alike."""
    assert isinstance(head, Linear)
    rule = jnp.array([RULES[head.rule].get(name, 0.0) for name in FEATURES])
    return eqx.tree_at(lambda h: h.base, head, -rule)


class Judge:
    """Areas under the learning curve on tasks of the last stage and on the meta-validation sets, the same for all."""

    def __init__(self, spec: TrainingSpec):
        (sets,), hardest = spec.validation, spec.sources[-1]
        game, sizes = hardest.make_game(), {"selection": sets.selection, "report": sets.report}
        self._play = programs.judge(game, "accuracy")
        fresh = hardest.model_copy(update=sizes)
        sources = [fresh, *(sets.model_copy(update={"datasets": (name,)}) for name in sets.datasets)]
        counts = [spec.judged * 4, *(spec.judged for _ in sets.datasets)]
        self._pools = {}
        for place, (source, count) in enumerate(zip(sources, counts, strict=True)):
            pools = jax.tree.map(jnp.asarray, source.tasks().draw((SEED, place), count))
            of = lambda i, pools=pools: jax.tree.map(lambda leaf: leaf[i : i + spec.chunk], pools)
            name = source.datasets[0] if source.datasets else "hardest stage"
            self._pools[name] = [of(i) for i in range(0, count, spec.chunk)]

    def __call__(self, head: AbstractHead, pool: Executor) -> dict[str, list[float]]:
        """The areas by set, one a task."""
        one = jax.tree.map(lambda leaf: leaf[None], Packed.of(head))
        play = lambda job: np.asarray(self._play(one, jax.random.key(job[0]), job[1]))[0]
        return {
            name: np.concatenate(list(pool.map(play, enumerate(parts)))).round(5).tolist()
            for name, parts in self._pools.items()
        }


class Course:
    """Trainings by one trainer: all programs are compiled once, whatever the arm and the seed."""

    def __init__(self, spec: TrainingSpec, trainer: str):
        self.spec = spec.model_copy(update={"trainer": trainer})
        self._trainer, self._sources = self.spec.make_trainer(), [s.tasks() for s in spec.sources]
        self._games = [source.make_game() for source in spec.sources]
        self._collect = [programs.collector(self._trainer, game, i) for i, game in enumerate(self._games)]

    def train(self, arm: str, seed: int, head: AbstractHead, judge: Judge, pool: Executor) -> list[dict]:
        """One training, and what it was worth at each look.

        In each stage the optimiser starts anew from the weights of the last, as a run with `start` does, in all arms.
        """
        spec, key = self.spec, jax.random.key(seed)
        games = [(game, source.like()) for game, source in zip(self._games, spec.sources, strict=True)]
        rounds, found, state = 0, [], None
        for update in range(spec.updates * len(spec.sources)):
            if update % spec.updates == 0:
                state = jax.tree.map(lambda leaf: leaf[None], self._trainer.init(key, head, games))
            where, own = places(arm, spec, seed, update), jax.random.fold_in(key, update)

            def play(chunk: int, where=where, own=own, state=state, update=update):
                pools = self._sources[where[chunk]].draw((seed, update, chunk), spec.chunk)
                pools = jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], pools)
                return self._collect[where[chunk]](jax.random.fold_in(own, chunk)[None], state, pools)

            collected = list(pool.map(play, range(len(where))))
            learn = lambda key, state, seen, where=where: self._trainer.learn(key, state, where, seen)
            state, _ = jax.vmap(learn)(jax.random.fold_in(own, len(where))[None], state, collected)
            rounds += sum(spec.sources[place].rounds * spec.chunk for place in where)
            head = self._trainer.head(jax.tree.map(lambda leaf: leaf[0], state))
            if looked(update + 1, spec.updates):
                found.append({"update": update + 1, "rounds": rounds, "aulc": judge(head, pool)})
        return found


class Study:
    """What was trained so far, in one file that is always whole."""

    def __init__(self, out: Path, spec: TrainingSpec):
        self.path, self.spec = out / "curriculum.json", json.loads(spec.model_dump_json())
        self.found: dict[str, Any] = {"spec": self.spec, "untrained": {}, "trained": []}
        if self.path.exists():
            self.found = json.loads(self.path.read_text())
            if self.found["spec"] | {"seeds": 0} != self.spec | {"seeds": 0}:
                raise AskwellError(f"{out} was made by another spec; choose another --out, or remove it.")
            self.found["spec"] = self.spec  # further seeds may be asked for

    def has(self, **key: Any) -> bool:
        """Whether that training is done."""
        return any(key.items() <= row.items() for row in self.found["trained"])

    def keep(self) -> None:
        """Write the file."""
        write_whole(self.path, json.dumps(self.found).encode())


def run(study: Study, spec: TrainingSpec, say: Callable[[str], None]) -> None:
    """All trainings that are not done yet, seed by seed, so that what is there can always be compared."""
    judge, courses = Judge(spec), {name: Course(spec, name) for name in TRAINERS}
    head = make_head(spec.head, jax.random.key(0), spec.policy)
    with side_by_side(workers()) as pool:
        for name, one in (("the rule", head), ("no rule", ruleless(head))):
            if name not in study.found["untrained"]:
                study.found["untrained"][name] = judge(one, pool)
        for seed in spec.seeds:
            for trainer, course in courses.items():
                for arm in ARMS:
                    key = {"trainer": trainer, "arm": arm, "seed": seed}
                    if study.has(**key):
                        continue
                    start = time.perf_counter()
                    found = course.train(arm, seed, ruleless(head), judge, pool)
                    seconds = time.perf_counter() - start
                    study.found["trained"].append({**key, "seconds": seconds, "looks": found})
                    study.keep()
                    last = {name: np.mean(areas) for name, areas in found[-1]["aulc"].items()}
                    said = ", ".join(f"{name} {area:.3f}" for name, area in last.items())
                    say(f"{trainer}, {arm}, seed {seed}: {said}")


def main() -> None:
    """Train what is missing, and write one file."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--spec", type=Path, default=Path("studies/curriculum.toml"))
    options.add_argument("--out", type=Path, default=Path("runs/curriculum"))
    chosen, begun = options.parse_args(), time.perf_counter()
    compilation_cache()
    say = lambda text: print(f"{(time.perf_counter() - begun) / 60:5.1f} min  {text}", flush=True)
    try:
        spec = TrainingSpec.read(chosen.spec)
        run(Study(chosen.out, spec), spec, say)
    except AskwellError as error:
        raise SystemExit(str(error)) from None
    except KeyboardInterrupt:
        raise SystemExit("Stopped. What is finished is kept; the same command goes on there.") from None


if __name__ == "__main__":
    main()
