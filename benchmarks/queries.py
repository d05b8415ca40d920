"""Seconds of one query: ours compiled against scikit-activeml 1.0.1, on the same input and the same single core.

    python benchmarks/queries.py [--growth [strategy …]]

Input: `d` features of a Gaussian mixture, 100 labels (500 for 100 classes), scikit-learn's probabilities from them.
Ours holds everything that a query needs, geometry included, and is compiled beforehand: compilation is shown apart.
Times are the process's own on its one core, so that other work on the machine counts little; medians of repeats.
Memory is what XLA reserves for a query, its input included. Coverage is measured at 1,024 landmarks in pools above
that size (`askwell.core.geometry`); rows "all points" do without landmarks, as the peer does. The peer's BADGE writes
a matrix of ``n × c · d`` down, which the machine cannot hold for the largest row: there it is measured on fewer
points and its time, linear in them, is scaled.

With ``--growth``: seconds as each of n, q, c, d is doubled three times from a base, the exponents fitted to them, and
the memory's exponent in n.
"""

import argparse
import os
import time
import warnings
from functools import cache
from statistics import median
from typing import NamedTuple

import jax
import numpy as np
from skactiveml import pool as peer
from skactiveml.classifier import SklearnClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from askwell.core import NOT_ASKED, AbstractStrategy, View, gathered, geometry
from askwell.execution.workers import compiled
from askwell.learners import Logistic
from askwell.strategies import STRATEGIES

PATIENCE = 5.0
"""Seconds after which a query is not repeated any more."""


class Size(NamedTuple):
    """Pool, batch, classes, features."""

    n: int = 10_000
    q: int = 10
    c: int = 4
    d: int = 32


class Input(NamedTuple):
    """What both get: features, probabilities, all labels, rows of those known, and who gave the probabilities."""

    x: np.ndarray
    proba: np.ndarray
    y: np.ndarray
    rows: np.ndarray
    model: SklearnClassifier


class Task(NamedTuple):
    """One row of the table."""

    name: str
    peer: type
    size: Size
    target: int
    peer_n: int | None = None
    every_point: bool = False


TASKS = (
    Task("maxherding", peer.MaxHerding, Size(), 100),
    Task("maxherding", peer.MaxHerding, Size(), 100, every_point=True),
    Task("probcover", peer.ProbCover, Size(), 50),
    Task("probcover", peer.ProbCover, Size(), 50, every_point=True),
    Task("typiclust", peer.TypiClust, Size(q=100), 5),
    Task("badge", peer.Badge, Size(q=100), 5),
    Task("coreset", peer.CoreSet, Size(q=100), 3),
    Task("badge", peer.Badge, Size(20_000, 100, 100, 768), 100, peer_n=1_250),
)
GROWTH = ("random", "margin", "coreset", "badge", "uherding", "margin-herding", "probcover", "typiclust")
BASE = Size(2_000, 10, 4, 32)


def make(size: Size) -> Input:
    """The same for the same size."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, size.c, size.n)
    centres = rng.normal(size=(size.c, size.d)) * (2 / np.sqrt(size.d))
    x = (rng.normal(size=(size.n, size.d)) + 2 * centres[y]).astype(np.float32)
    rows = rng.permutation(size.n)[: 500 if size.c == 100 else 100]
    known = np.full(size.n, np.nan)
    known[rows] = y[rows]
    model = SklearnClassifier(LogisticRegression(max_iter=200), classes=np.arange(size.c), random_state=0)
    proba = model.fit(x, known).predict_proba(x)
    return Input(x, np.maximum(proba, 1e-12).astype(np.float32), y, rows, model)


def seconds(run, repeats: int) -> float:
    """Median of as many runs, fewer once they took `PATIENCE` together."""
    taken = []
    while len(taken) < repeats and sum(taken) < PATIENCE:
        start = time.process_time()
        run()
        taken.append(time.process_time() - start)
    return median(taken)


def ours(strategy: AbstractStrategy, data: Input, q: int, repeats: int = 7) -> tuple[float, float, float]:
    """Seconds of a query, seconds of its compilation, MiB."""
    n = len(data.x)
    rows = np.concatenate([data.rows, np.full(q, n)]).astype(np.int32)
    y = np.full(n, NOT_ASKED, np.int32)
    y[data.rows] = data.y[data.rows]

    def query(key, x, log_proba, y, rows):
        fitted = Logistic().fit(
            key, *gathered(x, y, rows), log_proba.shape[1]
        )  # left out where it is not read
        view = View.of(x, log_proba, y, rows, learner=Logistic(), fitted=fitted)
        return strategy.select(key, view, q)

    arguments = [jax.device_put(a) for a in (jax.random.key(0), data.x, np.log(data.proba), y, rows)]
    start = time.perf_counter()
    program = compiled(jax.jit(query), *arguments)
    compiling = time.perf_counter() - start
    run = lambda: jax.block_until_ready(program(*arguments))
    run()
    memory = program.memory_analysis()
    assert memory is not None
    held = memory.argument_size_in_bytes + memory.temp_size_in_bytes + memory.output_size_in_bytes
    return seconds(run, repeats), compiling, held / 2**20


def theirs(kind: type, data: Input, q: int, repeats: int = 5) -> float:
    """Seconds of a query of the peer."""
    y = np.full(len(data.x), np.nan)
    y[data.rows] = data.y[data.rows]
    made = {"n_classes": data.proba.shape[1]} if kind is peer.ProbCover else {}
    settings = {"clf": data.model, "fit_clf": False} if kind is peer.Badge else {}
    x = data.x.astype(float)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # A new object each time: ProbCover's next query would go on with the first one's radius.
        return seconds(lambda: kind(random_state=0, **made).query(x, y, batch_size=q, **settings), repeats)


def compare() -> None:
    """Print the table against the peer."""
    print("| strategy | n | q | c | d | ours, ms | MiB | compile, s | peer, ms | ratio | target |")
    print("| --- |" + " --- |" * 10)
    landmarks = geometry.LANDMARKS
    for task in TASKS:
        geometry.LANDMARKS = task.size.n if task.every_point else landmarks
        own, compiling, mib = ours(STRATEGIES[task.name](), make(task.size), task.size.q)
        n = task.peer_n or task.size.n
        other = theirs(task.peer, make(task.size._replace(n=n)), task.size.q) * (task.size.n / n)
        name = f"{task.name}, all points" if task.every_point else task.name
        scaled = "" if n == task.size.n else f" (scaled from n = {n:,})"
        print(
            f"| {name} | {task.size.n:,} | {task.size.q} | {task.size.c} | {task.size.d} | {1e3 * own:.1f} | {mib:.0f} "
            f"| {compiling:.1f} | {1e3 * other:.0f}{scaled} | {other / own:.0f}x | {task.target}x |",
            flush=True,
        )
    geometry.LANDMARKS = landmarks


def growth(names: list[str]) -> None:
    """Print seconds by size, and exponents: time grows like size to that power."""
    sizes = {axis: [getattr(BASE, axis) * 2**i for i in range(4)] for axis in BASE._fields}
    print(
        f"Milliseconds from n = {BASE.n:,}, q = {BASE.q}, c = {BASE.c}, d = {BASE.d}, one doubled at a time\n"
    )
    print(
        "| strategy | base | " + " | ".join(f"{axis} to {own[-1]:,}" for axis, own in sizes.items()), end=""
    )
    print(" | " + " | ".join(f"{axis}^" for axis in sizes) + " | memory n^ |")
    print("| --- |" + " --- |" * (2 * len(sizes) + 2))
    for name in names:
        one = cache(
            lambda size, name=name: ours(STRATEGIES[name](), make(size), size.q, 5)
        )  # the base only once
        made = {axis: [one(BASE._replace(**{axis: size})) for size in own] for axis, own in sizes.items()}
        power = lambda own, values: np.polyfit(np.log(own), np.log(values), 1)[0]
        last = [f"{1e3 * made[axis][-1][0]:.2f}" for axis in sizes]
        powers = [f"{power(own, [taken for taken, _, _ in made[axis]]):.1f}" for axis, own in sizes.items()]
        held = power(sizes["n"], [mib for _, _, mib in made["n"]])
        cells = [name, f"{1e3 * made['n'][0][0]:.2f}", *last, *powers, f"{held:.1f}"]
        print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--growth", nargs="*", metavar="strategy")
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # before JAX starts its threads
    compare() if options.growth is None else growth(options.growth or list(GROWTH))


if __name__ == "__main__":
    main()
