"""The peer: rounds per second of the plain scikit-learn + scikit-activeml 1.0.1 loop.

Written as a competent user would from its documentation, and not slower than need be: the classifier is
fitted once a round and handed to the query with ``fit_clf=False``; a strategy that needs none gets none.
One round is a query of a batch, a refit from scratch and the accuracy on the report set.

    python benchmarks/peer.py [episodes] [passes]
"""

import sys
import time
import warnings
from functools import partial
from statistics import median

import joblib
import numpy as np
from skactiveml.classifier import SklearnClassifier
from skactiveml.pool import (
    Badge,
    Clue,
    CoreSet,
    DiscriminativeAL,
    DropQuery,
    Falcun,
    MaxHerding,
    ProbCover,
    RandomSampling,
    TypiClust,
    UncertaintySampling,
)
from skactiveml.utils import MISSING_LABEL
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

STRATEGIES = {
    "random": RandomSampling,
    "margin": partial(UncertaintySampling, "margin_sampling"),
    "entropy": partial(UncertaintySampling, "entropy"),
    "least-confidence": partial(UncertaintySampling, "least_confident"),
    "coreset": CoreSet,
    "typiclust": TypiClust,
    "badge": Badge,
    "clue": Clue,
    "falcun": Falcun,
    "dropquery": DropQuery,
    "discriminative": DiscriminativeAL,
    "probcover": ProbCover,
    "max-herding": MaxHerding,
}
MODEL = dict.fromkeys(("margin", "entropy", "least-confidence", "badge", "falcun", "dropquery"), "clf")
MODEL |= {"clue": "estimator"}
"""What those that need the classifier call it. `discriminative` fits one of its own."""

ROUNDS, BATCH = 10, 10


def problem(seed=0, n=1000, d=16, classes=5):
    """The benchmark's pool and report set, each of `n` points, as `peer_rounds` takes them."""
    x, y = make_classification(
        2 * n, d, n_informative=d // 2, n_classes=classes, class_sep=1.5, flip_y=0.05, random_state=seed
    )
    x = StandardScaler().fit(x[:n]).transform(x)
    return x[:n], y[:n], x[n:], y[n:], classes


def peer_rounds(strategy, x_pool, y_pool, x_report, y_report, classes, rounds=ROUNDS, batch=BATCH, seed=0):
    """Plays one episode; returns each round's accuracy ``[rounds]`` and the seconds of all of them."""
    query = STRATEGIES[strategy](random_state=seed)
    model = LogisticRegression(C=1, max_iter=1000)
    learner = SklearnClassifier(model, classes=np.arange(classes), random_state=seed)
    fitted = MODEL.get(strategy)
    extra = {fitted: learner, f"fit_{fitted}": False} if fitted else {}
    if strategy == "discriminative":
        extra = {"discriminator": SklearnClassifier(LogisticRegression(max_iter=1000), random_state=seed)}
    y = np.full(len(y_pool), MISSING_LABEL)
    accuracy = np.empty(rounds)
    with warnings.catch_warnings():
        # While fewer than two classes are labelled, it falls back to class counts and says so.
        warnings.filterwarnings("ignore", message="(The|Since the) 'base_estimator' could not be fitted")
        # Ten labels of 26 classes.
        warnings.filterwarnings("ignore", message="The number of unique classes is greater than 50%")
        start = time.perf_counter()
        if fitted:
            learner.fit(x_pool, y)
        for r in range(rounds):
            picks = query.query(x_pool, y, batch_size=batch, **extra)
            y[picks] = y_pool[picks]
            learner.fit(x_pool, y)
            accuracy[r] = learner.score(x_report, y_report)
        return accuracy, time.perf_counter() - start


def peer_throughput(strategy, episodes, workers=2):
    """Whole rounds per second of many episodes at once, one process and one BLAS thread per core.

    The problems are made and the workers started (imports, one round each) before the clock starts.
    """
    tasks = [(problem(seed), seed) for seed in range(episodes)]
    cores = joblib.parallel_config(backend="loky", n_jobs=workers, inner_max_num_threads=1)
    with cores, joblib.Parallel() as run:
        run(joblib.delayed(peer_rounds)(strategy, *task, rounds=2) for task, _ in tasks[:workers] * 2)
        start = time.perf_counter()
        run(joblib.delayed(peer_rounds)(strategy, *task, seed=seed) for task, seed in tasks)
        return episodes * ROUNDS / (time.perf_counter() - start)


def main(episodes=5, passes=3):
    """Prints whole rounds per second: the best of `passes` medians, as others may slow the machine."""
    print(f"{'strategy':<12} {'AULC':>6} {'default threads':>16} {'one thread':>11} {'2 workers':>10}")
    tasks = [problem(seed) for seed in range(episodes)]
    for strategy in STRATEGIES:
        peer_rounds(strategy, *tasks[0], rounds=2)
        aulc = np.mean([peer_rounds(strategy, *task)[0].mean() for task in tasks])
        rates = []
        for threads in (None, 1):
            with threadpool_limits(threads):
                seconds = [[peer_rounds(strategy, *task)[1] for task in tasks] for _ in range(passes)]
            rates.append(ROUNDS / min(map(median, seconds)))
        rates.append(max(peer_throughput(strategy, 8 * episodes) for _ in range(passes)))
        print(f"{strategy:<12} {aulc:6.3f} {rates[0]:16.1f} {rates[1]:11.1f} {rates[2]:10.1f}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
