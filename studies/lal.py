"""Learning active learning from data, on the paper's own 2-D tasks (Konyushkova, Sznitman and Fua 2017).

    python studies/lal.py --out runs/lal.json

The classifier is a random forest of 50 trees, refitted after each single label. A second random forest foretells by
how much the error on unseen points falls when a candidate is labelled. It reads eight numbers: mean and deviation of
the trees' votes for the candidate; share of the second class among the labels, out-of-bag accuracy, deviation of the
features' importances, mean deviation of the votes over the pool, mean depth of the trees, number of labels. It learns
from pairs of clouds: normal distributions in the plane with random means, covariances and class shares. "independent"
learns from random labelled sets of 2 to 50 points; "iterative" goes on with sets that "independent" chose.

Both are then played, from one label of each class to 50, beside random and uncertainty sampling, on fresh pairs of
clouds and on three boards of the XOR kind that they never saw: 2 × 2 fields, 2 × 2 turned by 45 degrees, 4 × 4. All
rules of a run have the same pool, start and seeds. Means over the numbers of labels, with intervals over runs.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from askwell.core import write_whole

MOST, TREES, POOL, UNSEEN = 50, 50, 200, 1000
CLOUDS, SIZES, CANDIDATES = 120, 4, 8
RUNS = 20
Rule = Callable[[np.random.Generator, Any, "Task", list[int]], int]


class Task(NamedTuple):
    """A pool and unseen points in the plane, of the classes 0 and 1."""

    x: np.ndarray
    y: np.ndarray
    unseen_x: np.ndarray
    unseen_y: np.ndarray


def clouds(rng: np.random.Generator) -> Task:
    """Two normal distributions; one class has a share of 10 to 90 %."""
    share = 0.1 + 0.8 * rng.random()
    means, roots = rng.random((2, 2)), rng.random((2, 2, 2)) - 0.5

    def draw(count: int) -> tuple[np.ndarray, np.ndarray]:
        y = (np.arange(count) < share * count).astype(int)
        return means[y] + np.einsum("nij,nj->ni", roots[y], rng.normal(size=(count, 2))), y

    return Task(*draw(POOL), *draw(UNSEEN))


def board(fields: int, turned: bool) -> Callable[[np.random.Generator], Task]:
    """Points spread evenly over a square of so many fields a side, whose colours are the classes."""

    def make(rng: np.random.Generator) -> Task:
        def draw(count: int) -> tuple[np.ndarray, np.ndarray]:
            x = 2 * rng.random((count, 2)) - 1
            place = x @ np.array([[1, 1], [-1, 1]]) / 2**0.5 if turned else x
            return x, np.floor(place * fields / 2).astype(int).sum(axis=1) % 2

        return Task(*draw(POOL), *draw(UNSEEN))

    return make


TASKS = {
    "two clouds": clouds,
    "board of 2 x 2": board(2, False),
    "board of 2 x 2, turned": board(2, True),
    "board of 4 x 4": board(4, False),
}


def start(rng: np.random.Generator, task: Task) -> list[int]:
    """One random point of each class."""
    return [int(rng.choice(np.flatnonzero(task.y == one))) for one in (0, 1)]


def forest(task: Task, rows: list[int], seed: int) -> RandomForestClassifier:
    """The classifier, fitted to the labels of those rows."""
    return RandomForestClassifier(TREES, oob_score=True, random_state=seed).fit(task.x[rows], task.y[rows])


def wrong(model: RandomForestClassifier, task: Task) -> float:
    """The error on unseen points."""
    return float(np.mean(model.predict(task.unseen_x) != task.unseen_y))


def seen(model: Any, task: Task, rows: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """The rows without a label, and the eight numbers of each ``[m, 8]``."""
    left = np.setdiff1d(np.arange(len(task.y)), rows)
    votes = np.array([tree.predict_proba(task.x[left])[:, 0] for tree in model.estimators_])
    mean, deviation = votes.mean(axis=0), votes.std(axis=0)
    depth = np.mean([tree.get_depth() for tree in model.estimators_])
    state = (
        task.y[rows].mean(),
        model.oob_score_,
        model.feature_importances_.std(),
        deviation.mean(),
        depth,
        len(rows),
    )
    return left, np.column_stack([mean, deviation, np.tile(np.array(state), (len(left), 1))])


def lal(regressor: RandomForestRegressor) -> Rule:
    """The row that is foretold to bring most."""

    def pick(rng: np.random.Generator, model: Any, task: Task, rows: list[int]) -> int:
        left, x = seen(model, task, rows)
        return int(left[np.argmax(regressor.predict(x))])

    return pick


def uncertainty(rng: np.random.Generator, model: Any, task: Task, rows: list[int]) -> int:
    """The row that the votes are least decided on."""
    left = np.setdiff1d(np.arange(len(task.y)), rows)
    return int(left[np.argmin(np.abs(np.asarray(model.predict_proba(task.x[left]))[:, 0] - 0.5))])


def anything(rng: np.random.Generator, model: Any, task: Task, rows: list[int]) -> int:
    """A random row."""
    return int(rng.choice(np.setdiff1d(np.arange(len(task.y)), rows)))


def learn(rule: Rule, seed: int, say: Callable[[str], None]) -> tuple[RandomForestRegressor, float]:
    """A regressor of what labels bring in states that `rule` leads to, and its out-of-bag R²."""
    found: list[tuple[np.ndarray, float]] = []
    for number in range(CLOUDS):
        rng = np.random.default_rng([seed, number])
        task = clouds(rng)
        rows, stops = start(rng, task), sorted(rng.choice(np.arange(2, MOST), SIZES, replace=False))
        for size in stops:
            while len(rows) < size:
                model = forest(task, rows, len(rows)) if rule is not anything else None
                rows.append(rule(rng, model, task, rows))
            model = forest(task, rows, seed)
            before, (left, x) = wrong(model, task), seen(model, task, rows)
            for place in rng.choice(len(left), CANDIDATES, replace=False):
                after = wrong(forest(task, [*rows, int(left[place])], seed), task)
                found.append((x[place], before - after))
        if number % 20 == 19:
            say(f"{number + 1} of {CLOUDS} pairs of clouds")
    x, y = np.stack([one for one, _ in found]), np.array([gain for _, gain in found])
    regressor = RandomForestRegressor(500, max_depth=10, max_features=3, oob_score=True, random_state=seed)
    return regressor.fit(x, y), float(regressor.oob_score_)


def play(rule: Rule, task: Task, seed: list[int]) -> np.ndarray:
    """Accuracy on unseen points with 2, 3, … labels."""
    rng = np.random.default_rng(seed)
    rows, accuracy = start(rng, task), []
    while True:
        model = forest(task, rows, len(rows))
        accuracy.append(1 - wrong(model, task))
        if len(rows) == MOST:
            return np.array(accuracy)
        rows.append(rule(rng, model, task, rows))


def main() -> None:
    """Learn both strategies, play all, and write everything down."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--out", type=Path, default=Path("runs/lal.json"))
    given, begun = options.parse_args(), time.perf_counter()

    def say(text: str) -> None:
        print(f"{(time.perf_counter() - begun) / 60:5.1f} min  {text}", flush=True)

    independent, first = learn(anything, 1, say)
    say(f"independent: out-of-bag R² {first:.3f}")
    iterative, second = learn(lal(independent), 2, say)
    say(f"iterative: out-of-bag R² {second:.3f}")
    rules: dict[str, Rule] = {
        "random": anything,
        "uncertainty": uncertainty,
        "independent": lal(independent),
        "iterative": lal(iterative),
    }
    curves: dict[str, Any] = {}
    for place, (name, make) in enumerate(TASKS.items()):
        curves[name] = {rule: [] for rule in rules}
        for run in range(RUNS):
            task = make(np.random.default_rng([3, place, run]))
            for rule, pick in rules.items():
                curves[name][rule].append(play(pick, task, [4, place, run]).round(4).tolist())
        means = {rule: float(np.mean(own)) for rule, own in curves[name].items()}
        say(f"{name}: " + ", ".join(f"{rule} {value:.3f}" for rule, value in means.items()))
        told = {"r2": {"independent": first, "iterative": second}, "curves": curves}
        given.out.parent.mkdir(parents=True, exist_ok=True)
        write_whole(given.out, json.dumps(told).encode())


if __name__ == "__main__":
    main()
