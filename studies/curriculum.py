"""Does it help to go from easy tasks to hard ones? `python studies/curriculum.py`, some 20 minutes on two cores.

Trains the same policy twice with the same number of updates and tasks: in three stages, each of which goes on from the
last one (few classes, three rounds; more classes, six rounds; many classes, noise, ten rounds), and on all three kinds
of task at random. Then plays both, and the rule that both start from, on fresh tasks of the last kind and on the
meta-validation sets. What is in `--out` is not trained again.
"""

import argparse
from pathlib import Path
from typing import Any

import askwell
from askwell.data.catalogue import META_VALIDATION, catalogue
from askwell.training import TrainingSpec, against, fresh, train

UPDATES, TASKS, FRESH, SPLITS = 100, 32, 512, 12
EASY = {
    "rounds": 3,
    "pool": 200,
    "features": 8,
    "classes": 3,
    "synthetic": {"noise": [0.0, 0.0], "modes": [1, 2]},
}
MIDDLE = {
    "rounds": 6,
    "pool": 256,
    "features": 16,
    "classes": 8,
    "synthetic": {"network": 0.35, "noise": [0.0, 0.1]},
}
HARD = {
    "rounds": 10,
    "pool": 600,
    "features": 24,
    "classes": 12,
    "synthetic": {"network": 0.35, "tree": 0.1, "modes": [1, 6], "noise": [0.0, 0.2]},
}
COMMON: dict[str, Any] = {
    "head": "pointwise",
    "policy": {"rule": "herding"},
    "trainer": "siblings",
    "algorithm": {"k": 8, "candidates": 96, "entropy": 0.01},
    "tasks": TASKS,
    "every": UPDATES,
    "judged": 64,
    "against": ["uherding"],
    "validation": [{**HARD, "selection": 1, "report": 1024}],
}


def main() -> None:
    """Train, play and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("runs/curriculum"))
    out = parser.parse_args().out
    start = ""
    for stage, source in enumerate((EASY, MIDDLE, HARD), 1):
        spec = TrainingSpec.make(**COMMON, updates=UPDATES, sources=[source], start=start)
        train(spec, out / f"stage-{stage}")
        start = str(out / f"stage-{stage}")
        print(f"stage {stage} done", flush=True)
    train(TrainingSpec.make(**COMMON, updates=3 * UPDATES, sources=[EASY, MIDDLE, HARD]), out / "mixed")
    staged, mixed = f"policy:{out / 'stage-3'}", f"policy:{out / 'mixed'}"
    rule = _rule(out)
    others = [mixed, rule, "uherding"]
    print("\n# Fresh tasks of the last kind: stages less others\n")
    print(against(fresh(staged, others, FRESH, seed=18), staged))
    sets = [entry.name for entry in catalogue() if entry.role == META_VALIDATION and entry.installed]
    result = askwell.compare(
        sets, strategies=[staged, *others], baseline=staged, splits=SPLITS, out=out / "compared"
    )
    print("\n# Meta-validation sets: others less stages\n")
    for verdict in result.verdicts():
        print(verdict.sentence())


def _rule(out: Path) -> str:
    """The policy before any training."""
    spec = TrainingSpec.make(**{**COMMON, "step": 1e-9}, updates=1, sources=[HARD])
    train(spec, out / "rule")
    return f"policy:{out / 'rule'}"


if __name__ == "__main__":
    main()
