"""How long a person waits: `python benchmarks/latency.py` (on a quiet machine).

Rounds: `session.ask(10)` after a `tell`, ten rounds of ten labels, on 10,000 rows of 50 numbers and on 4,000 texts, in
a process of its own. Beside it what a plain loop takes for the same round: scikit-learn's logistic regression, fitted
to the labels, and the ten smallest margins (as modAL does it); and the same query by scikit-activeml 1.0.1.
Commands: wall seconds of a whole process, with an empty cache of compiled programs ("fresh"), then again ("seen").
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl

ROUNDS, Q, CLASSES = 10, 10, 5
STRATEGIES = ("margin", "uherding", "margin-herding", "learned")


def pools(folder: Path) -> dict[str, np.ndarray]:
    """Write both pools; the labels of each by its name."""
    rng = np.random.default_rng(0)
    y = rng.integers(CLASSES, size=10_000)
    x = (rng.normal(size=(10_000, 50)) + 0.5 * rng.normal(size=(CLASSES, 50))[y]).astype(np.float32)
    numbers = pl.DataFrame({"id": [f"r{i}" for i in range(len(y))], **{f"f{i}": x[:, i] for i in range(50)}})
    numbers.write_csv(folder / "numbers.csv")
    topics = rng.integers(CLASSES, size=4_000)
    words = np.array([f"word{i}" for i in range(3_000)])
    texts = [" ".join(rng.choice(words[150 * t : 150 * t + 800], rng.integers(20, 60))) for t in topics]
    pl.DataFrame({"id": [f"r{i}" for i in range(4_000)], "text": texts}).write_csv(folder / "texts.csv")
    return {"numbers": y, "texts": topics}


def rounds(pool: Path, strategy: str, y: np.ndarray) -> tuple[float, list[float]]:
    """Seconds until a session is there, and of each `ask`."""
    import askwell

    start = time.perf_counter()
    session = askwell.Session(pool, strategy=strategy)
    opened = time.perf_counter() - start
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        ids = session.ask(Q)
        seconds.append(time.perf_counter() - start)
        session.tell(ids, [f"c{y[int(name[1:])]}" for name in ids])
    return opened, seconds


def peers(pool: Path, y: np.ndarray) -> dict[str, float]:
    """Median seconds of a round of the same by the peers, on the same encoded features."""
    from skactiveml.classifier import SklearnClassifier
    from skactiveml.pool import UncertaintySampling
    from sklearn.linear_model import LogisticRegression

    import askwell

    x = askwell.Session(pool).standing.x
    rows = np.random.default_rng(0).permutation(len(y))
    plain, peer = [], []
    for done in range(Q, ROUNDS * Q, Q):
        known = rows[:done]
        start = time.perf_counter()
        proba = LogisticRegression().fit(x[known], y[known]).predict_proba(x)
        top = np.sort(np.delete(proba, known, axis=0), axis=1)
        np.argsort(top[:, -1] - top[:, -2])[:Q]
        plain.append(time.perf_counter() - start)
        labels = np.full(len(y), np.nan)
        labels[known] = y[known]
        model = SklearnClassifier(LogisticRegression(), classes=np.arange(CLASSES), random_state=0)
        start = time.perf_counter()
        UncertaintySampling("margin_sampling", random_state=0).query(x, labels, model, batch_size=Q)
        peer.append(time.perf_counter() - start)
    return {"scikit-learn loop": median(plain), "scikit-activeml": median(peer)}


def process(arguments: list[str], cache: Path) -> float:
    """Wall seconds of a command, with its compiled programs in `cache`."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "askwell", *arguments],
        env={**os.environ, "JAX_COMPILATION_CACHE_DIR": str(cache)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - start


def main() -> None:
    """Print both tables."""
    if len(sys.argv) > 1:  # one session, in a process of its own
        pool, strategy = sys.argv[1:]
        y = pools(Path(pool).parent)[Path(pool).stem]
        opened, seconds = rounds(Path(pool), strategy, y)
        print(f"{opened:.2f} {' '.join(f'{s:.3f}' for s in seconds)}")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        labels = pools(folder)
        print("pool     strategy            open  round 1  round 2  rounds 3-10, median  most")
        for pool, y in labels.items():
            for strategy in STRATEGIES:
                command = [sys.executable, __file__, str(folder / f"{pool}.csv"), strategy]
                env = {**os.environ, "JAX_COMPILATION_CACHE_DIR": str(folder / f"cache-{pool}-{strategy}")}
                out = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
                opened, *s = map(float, out.split())
                times = f"{opened:5.2f} {s[0]:8.2f} {s[1]:8.2f} {median(s[2:]):15.3f} {max(s[2:]):10.3f}"
                print(f"{pool:<8} {strategy:<18} {times}")
            for peer, second in peers(folder / f"{pool}.csv", y).items():
                print(f"{pool:<8} {peer:<18} {second:>39.3f}")
        known = folder / "labels.csv"
        rows = [(f"r{i}", f"c{labels['numbers'][i]}") for i in range(0, 500, 25)]
        pl.DataFrame(rows, schema=["id", "label"], orient="row").write_csv(known)
        print("\ncommand                                       fresh   seen")
        commands = [
            ["ask", str(folder / f"{p}.csv"), "--strategy", s, "--batch", "10"]
            for p in labels
            for s in STRATEGIES
        ]
        commands = [[*command, "--labels", str(known)] for command in commands]
        commands.append(["compare", "digits", "--strategies", "random,margin", "--splits", "20"])
        for number, command in enumerate(commands):
            fresh, seen = (process(command, folder / f"commands-{number}") for _ in range(2))
            shown = " ".join(
                Path(word).stem if "/" in word else word
                for word in command
                if word not in ("--labels", str(known))
            )
            print(f"{shown:<60} {fresh:6.1f} {seen:6.1f}")


if __name__ == "__main__":
    main()
