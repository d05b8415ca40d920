"""How near do two Newton steps come to a refit, where do they break, and how much sooner are they there?

    python studies/influence.py --out runs/influence.json && python docs/influence.py

Eight real sets (meta-validation and held-out ones; nothing is chosen by them). A logistic regression is fitted to 10
to 100 labels of a random sample. Some more points are labelled, one at a time, and each label is added twice: by the
closed form (`LabelInfluence.added`), and by scikit-learn in double precision, which is the truth. Likewise each label
is taken away. Compared is how the log-odds of all other pool points move.
"""

import argparse
import json
import time
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from askwell.core import View, gathered, unfitted, write_whole
from askwell.core.geometry import extended
from askwell.core.influence import believed
from askwell.data import encode, load, split
from askwell.learners import Logistic, Mlp
from askwell.strategies import STRATEGIES

SETS = ("breast_cancer", "spambase", "contraceptive", "vehicle", "satimage", "segment", "penbased", "digits")
LABELS, STRENGTHS = (10, 20, 50, 100), (0.1, 1.0, 10.0, 100.0)
CANDIDATES, SPLITS, TIGHT = 12, 2, 4e-5
Rows = np.ndarray


def exact(x: np.ndarray, y: np.ndarray, c: int, strength: float) -> np.ndarray:
    """The weights of scikit-learn's fit, of all classes, intercept last; of classes without a label 0."""
    model = LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-10, max_iter=1000)
    model.fit(x.astype(float), y)
    found = np.concatenate([model.coef_, model.intercept_[:, None]], axis=1)
    weights = np.zeros((c, found.shape[1]))
    weights[model.classes_] = np.concatenate([-found, found]) / 2 if len(found) == 1 else found
    return weights


def moved(step: np.ndarray, at: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """How the log-odds of seen classes change at some points, ``[m, c]``."""
    change = at @ np.asarray(step, float)[seen].T
    return change - change.mean(axis=1, keepdims=True)


def compared(true: np.ndarray, told: np.ndarray) -> float:
    """The size of the error as a share of the size of the change."""
    return float(np.linalg.norm(told - true) / max(np.linalg.norm(true), 1e-12))


def fidelity(name: str, number: int, strength: float) -> list[dict[str, Any]]:
    """Errors for one split of a set, by number of labels: of labels added, and of labels taken away."""
    data = encode(load(name))
    found = split(data, seed=7, splits=1, first=number, budget=max(LABELS))
    x, y, c = found.pools.x[0], found.pools.y[0], len(data.classes)
    order = np.random.default_rng([number, 7]).permutation(len(y))
    rest, wide, learner, rows = order[max(LABELS) :], extended(jnp.asarray(x)), Logistic(strength, TIGHT), []
    for labels in LABELS:
        own = order[:labels]
        seen = np.isin(np.arange(c), y[own])
        if seen.sum() < 2:
            continue
        evidence = jnp.asarray(x[own]), jnp.asarray(y[own]), jnp.ones(labels)
        now = learner.influence(learner.fit(jax.random.key(0), *evidence, c), *evidence)
        before, at = exact(x[own], y[own], c, strength), np.asarray(wide[rest], float)
        proba = np.asarray(believed(now.weights, now.seen, wide))
        added = eqx.filter_jit(now.added)
        likely, surprising, sizes = [], [], []
        for row in rest[:CANDIDATES]:
            if not seen[y[row]]:
                continue
            true = exact(np.append(x[own], x[[row]], 0), np.append(y[own], y[row]), c, strength) - before
            true, told = moved(true, at, seen), moved(added(x[row], y[row]), at, seen)
            (likely if proba[row, y[row]] > 0.2 else surprising).append(compared(true, told))
            sizes.append((np.linalg.norm(true), np.linalg.norm(told)))
        away, taken, both = eqx.filter_jit(now.removed), [], []
        for place in range(min(labels, CANDIDATES)):
            less = np.delete(own, place)
            if not np.array_equal(np.isin(np.arange(c), y[less]), seen):
                continue
            true = moved(exact(x[less], y[less], c, strength) - before, at, seen)
            told = moved(away(place), at, seen)
            taken.append(compared(true, told))
            both.append((np.linalg.norm(true), np.linalg.norm(told)))
        rows.append(
            {
                "set": name,
                "split": number,
                "classes": int(seen.sum()),
                "C": strength,
                "labels": labels,
                "added": likely + surprising,
                "likely": likely,
                "surprising": surprising,
                "removed": taken,
                "rank": spearmanr(*zip(*(sizes + both), strict=True)).statistic,
            }
        )
    return rows


def by_strength(name: str) -> list[dict[str, Any]]:
    """What `fidelity` tells of a set, for each strength of regularisation."""
    splits = {strength: range(SPLITS if strength == 1 else 1) for strength in STRENGTHS}
    rows = [row for strength, some in splits.items() for i in some for row in fidelity(name, i, strength)]
    jax.clear_caches()  # each program holds hundreds of memory maps, of which a process may have some 65,000
    return rows


def network(name: str, number: int) -> list[dict[str, Any]]:
    """The mlp: rank and linear correlation of a damped step and a training without the label, on the log-loss."""
    data = encode(load(name))
    found = split(data, seed=7, splits=1, first=number, budget=max(LABELS))
    x, y, c = found.pools.x[0], found.pools.y[0], len(data.classes)
    order, learner, key = (
        np.random.default_rng([number, 7]).permutation(len(y)),
        Mlp(),
        jax.random.key(number),
    )
    at, truth, rows = jnp.asarray(x[order[200:700]]), jnp.asarray(y[order[200:700]]), []

    def log_loss(fitted: Any) -> jax.Array:
        return -jnp.mean(jnp.take_along_axis(fitted.log_proba(at), truth[:, None], axis=1))

    for labels in LABELS[1:]:
        own = order[:labels]
        evidence = jnp.asarray(x[own]), jnp.asarray(y[own]), jnp.ones(labels)
        places = jnp.arange(min(labels, CANDIDATES))

        @jax.jit
        def both(evidence=evidence, places=places):
            fitted = learner.fit(key, *evidence, c)
            less = learner.without(fitted, *evidence)

            def one(place):
                weight = evidence[2].at[place].set(0.0)
                return log_loss(learner.fit(key, *evidence[:2], weight, c)), log_loss(less(place))

            return log_loss(fitted), jax.lax.map(one, places)

        now, (true, told) = jax.tree.map(np.asarray, both())
        rows.append(
            {
                "set": name,
                "labels": labels,
                "rank": float(spearmanr(true - now, told - now).statistic),
                "linear": float(np.corrcoef(true - now, told - now)[0, 1]),
            }
        )
    return rows


def hindsight(name: str, number: int) -> list[dict[str, Any]]:
    """100 random labels, one in five wrong: which share of the wrong ones is among the 20 least valuable?

    The value is what a refit without it says (of log-loss, of accuracy), or data-Shapley by Monte Carlo (Ghorbani
    and Zou 2019): the mean gain over random orders in which the labels are added.
    """
    data = encode(load(name))
    found = split(data, seed=11, splits=1, first=number, budget=max(LABELS))
    x, y, c = found.pools.x[0], found.pools.y[0], len(data.classes)
    rng, learner, key = np.random.default_rng([number, 11]), Logistic(1.0, TIGHT), jax.random.key(number)
    own = rng.permutation(len(y))[:100]
    wrong = rng.random(100) < 0.2
    told = jnp.asarray(np.where(wrong, (y[own] + rng.integers(1, c, 100)) % c, y[own]))
    points, at, truth = jnp.asarray(x[own]), found.pools.report_x[0], found.pools.report_y[0]

    def judged(fitted: Any) -> jax.Array:
        log_proba = fitted.log_proba(at)
        loss = -jnp.mean(jnp.take_along_axis(log_proba, truth[:, None], axis=1))
        return jnp.stack([loss, jnp.mean(jnp.argmax(log_proba, axis=1) != truth)])

    @jax.jit
    def left_out() -> jax.Array:
        fitted = learner.fit(key, points, told, jnp.ones(100), c)
        less = lambda i: judged(learner.refit(fitted, key, points, told, jnp.ones(100).at[i].set(0.0), c))
        return jax.lax.map(less, jnp.arange(100)) - judged(fitted)

    @jax.jit
    def shapley(keys: jax.Array) -> jax.Array:
        nothing = unfitted(learner, points, told, jnp.zeros(100), c)

        def one(order_key: jax.Array) -> jax.Array:
            def add(now: tuple, i: jax.Array) -> tuple:
                weight, fitted, before = now
                weight = weight.at[i].set(1.0)
                fitted = learner.refit(fitted, key, points, told, weight, c)
                after = judged(fitted)
                return (weight, fitted, after), before - after

            order = jax.random.permutation(order_key, 100)
            _, gains = jax.lax.scan(add, (jnp.zeros(100), nothing, judged(nothing)), order)
            return jnp.zeros((100, 2)).at[order].set(gains)

        return jnp.mean(jax.lax.map(one, keys, batch_size=8), axis=0)

    values = {"refit without it": left_out()}
    values |= {f"Shapley, {n} orders": shapley(jax.random.split(key, n)) for n in (8, 64)}
    rows = []
    for how, value in values.items():
        for kind, of in zip(("log-loss", "accuracy"), np.asarray(value).T, strict=True):
            least = np.argsort(of, kind="stable")[:20]
            rows.append(
                {
                    "set": name,
                    "value": how,
                    "of": kind,
                    "share": float(np.isin(np.flatnonzero(wrong), least).mean()),
                }
            )
    return rows


def seconds(run: Any, *given: Any) -> float:
    """The least of five runs, after one that compiles."""
    jax.block_until_ready(run(*given))
    best = np.inf
    for _ in range(5):
        start = time.perf_counter()
        jax.block_until_ready(run(*given))
        best = min(best, time.perf_counter() - start)
    return best


def pool(n: int, d: int, c: int, labels: int) -> tuple[View, Logistic]:
    """A pool of Gaussian classes with so many labels, and what is known of it."""
    rng = np.random.default_rng(0)
    y = rng.integers(c, size=n)
    x = (rng.normal(size=(n, d)) + 0.7 * rng.normal(size=(c, d))[y]).astype(np.float32)
    learner, rows = Logistic(), jnp.arange(labels)
    known = jnp.asarray(np.where(np.arange(n) < labels, y, -1))
    fitted = learner.fit(jax.random.key(0), *gathered(jnp.asarray(x), known, rows), c)
    log_proba = fitted.log_proba(jnp.asarray(x))
    return View.of(jnp.asarray(x), log_proba, known, rows, learner=learner, fitted=fitted), learner


def speed() -> dict[str, float]:
    """Closed form against refits: 1,000 candidates with every class, d = 16, 5 classes, 50 labels."""
    view, learner = pool(1050, 16, 5, 50)
    x, y, weight = view.evidence
    rows, c = jnp.arange(50, 1050), 5

    def closed(x_of: jax.Array, steps: int) -> jax.Array:
        now = learner.influence(view.fitted, x, y, weight)
        return jax.vmap(lambda one: jax.vmap(lambda k: now.added(one, k, steps))(jnp.arange(c)))(x_of)

    @jax.jit
    def refitted(x_of: jax.Array) -> jax.Array:
        def one(point: jax.Array, label: jax.Array) -> jax.Array:
            more = jnp.append(x, point[None], 0), jnp.append(y, label), jnp.append(weight, 1.0)
            return learner.refit(view.fitted, jax.random.key(0), *more, c).weights

        return jax.lax.map(lambda p: jax.vmap(lambda k: one(p, k))(jnp.arange(c)), x_of, batch_size=32)

    def by_scikit_learn() -> float:
        start = time.perf_counter()
        for row in range(50, 90):
            for label in range(c):
                exact(np.append(x, view.x[row : row + 1], 0), np.append(y, label), c, 1.0)
        return (time.perf_counter() - start) * 1000 / 40

    once, own = (seconds(jax.jit(partial(closed, steps=steps)), view.x[rows]) for steps in (1, 2))
    ours, theirs = seconds(refitted, view.x[rows]), by_scikit_learn()
    chosen = {}
    for name in ("influence", "expected-error"):
        select = jax.jit(lambda key, view, name=name: STRATEGIES[name]().select(key, view, 10))
        chosen[name] = seconds(select, jax.random.key(0), view)
    return {"closed": own, "once": once, "refits": ours, "scikit-learn": theirs, **chosen}


def large() -> dict[str, float]:
    """A batch of 10 from 100,000 points, d = 64, 10 classes, 100 labels; seconds after compiling, and memory."""
    import resource

    view, _ = pool(100_000, 64, 10, 100)
    select = jax.jit(lambda key, view: STRATEGIES["influence"]().select(key, view, 10))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    took = seconds(select, jax.random.key(0), view)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": took, "GiB": (after - before) / 2**20}


def main() -> None:
    """Measure, and write one file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("runs/influence.json"))
    parser.add_argument(
        "--only", choices=("fidelity", "network", "hindsight", "speed", "large"), help="measure one part anew"
    )
    given = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")
    threadpool_limits(1)  # small matrices: threads only wait for each other
    told = json.loads(given.out.read_text()) if given.out.exists() else {}
    parts = {
        "fidelity": lambda: [row for name in SETS for row in by_strength(name)],
        "network": lambda: [row for s in SETS for i in range(SPLITS) for row in network(s, i)],
        "hindsight": lambda: [row for s in SETS for i in range(SPLITS) for row in hindsight(s, i)],
        "speed": speed,
        "large": large,
    }
    for name, measure in parts.items():
        if given.only in (None, name):
            told[name] = measure()
            write_whole(given.out, json.dumps(told).encode())
            print(name, "done", flush=True)


if __name__ == "__main__":
    main()
