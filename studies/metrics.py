"""Which metrics help, on past classes and on new ones? `python studies/metrics.py --domains penbased --deals 0`.

Each metric of the family, and some that are not in it, is judged on left-out past classes as `askwell train --history`
does. Then it is fitted to all past classes, and two strategies play the new ones. Columns are encoded by history and
pool together, and once more by the pool alone. Every figure is AULC less that without a metric.
"""

import argparse
import dataclasses
from pathlib import Path

import numpy as np
from history import FEATURES, Domain, deal, read

from askwell.data import fit_encoder
from askwell.encoders.candidates import CANDIDATES, KINDS
from askwell.encoders.domain import fit_together
from askwell.encoders.metric import Fit, Metric, between, plain, within
from askwell.encoders.network import Network
from askwell.execution import compilation_cache
from askwell.training.history import learn_metric
from askwell.training.past import kept, some_rows

STRATEGIES = ("uherding", "random")
SPREAD = "within-class whitening, shrunk by {}, and the past classes' spread, shrunk by 1"
MEAN = ("the features", "within-class whitening, shrunk by 0.1", SPREAD.format(0.03), SPREAD.format(0.3))


def mean_of(fits: list[Fit]) -> Fit:
    """The metric whose squared distances are the mean of others'."""

    def fit(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        maps = [Metric(one)(x, y).projection for one in fits]
        size, axes = np.linalg.eigh(sum((one @ one.T for one in maps), np.zeros((x.shape[1],) * 2)))
        return axes * np.sqrt(np.maximum(size, 0))

    return fit


TRIED: dict[str, Metric | Network] = {
    f"{name}{', twice as long' if length > 1 else ''}": one
    for length in (1.0, 2.0)
    for name, one in (
        ("the mean of four metrics", Metric(mean_of([KINDS[name] for name in MEAN]), length)),
        ("a network on the features", Network(Metric(plain), length)),
        ("a network on whitening, shrunk by 1", Network(Metric(within(1.0)), length)),
        ("a network on the past classes' spread", Network(Metric(between(0.3, 1.0)), length)),
    )
}
"""What is not in the family."""


def study(domain: Domain, seed: int, some: list[str]) -> None:
    """Print a row for each metric with one of `some` in its name, the best on past classes first."""
    family = {name: one for name, one in (CANDIDATES | TRIED).items() if any(part in name for part in some)}
    past, new = deal(domain.table, seed, domain.size)
    old, fresh = some_rows(domain.table, past), some_rows(domain.table, new)
    found = learn_metric(old, family=family, seed=seed)
    print(f"{domain.name}, deal {seed}: {found.name}. {found.reason}", flush=True)
    rows = kept(old, np.arange(len(past)))
    y = np.unique(rows.labels.astype(str), return_inverse=True)[1]
    both = fit_together(rows, fresh, FEATURES, domain.name)[1]
    encoder, raw = fit_encoder(fresh, FEATURES)
    sides = {"together": (both[: len(y)], both[len(y) :]), "alone": (encoder.transform(rows.features), raw)}
    base = domain.scores(raw, fresh, seed)
    print(
        f"{domain.name}, deal {seed}: past classes (standard error); {', '.join(STRATEGIES)}",
        *sides,
        sep="; ",
    )
    for one in found.candidates:
        if one.name in family:
            made = {side: family[one.name](x, y, FEATURES)(z) for side, (x, z) in sides.items()}
            played = {side: domain.scores(z, fresh, seed) for side, z in made.items()}
            gains = [
                f"{np.mean(of[name] - base[name]):+.4f}" for of in played.values() for name in STRATEGIES
            ]
            print(f"  {one.gain:+.4f} ({one.se:.4f}) {' '.join(gains)}  {one.name}", flush=True)


def shuffled(domain: Domain, seed: int) -> None:
    """Print what a history teaches whose labels say nothing."""
    past, _ = deal(domain.table, seed, domain.size)
    old = some_rows(domain.table, past)
    labels = np.random.default_rng([seed, 5]).permutation(old.labels)
    found = learn_metric(dataclasses.replace(old, labels=labels), seed=seed)
    print(f"{domain.name}, deal {seed}, labels shuffled: {found.name}. {found.reason}", flush=True)


def main() -> None:
    """Every domain and deal that is given."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--text", type=Path, help="folder of the texts")
    options.add_argument("--domains", default="penbased,segment")
    options.add_argument("--deals", default="0")
    options.add_argument(
        "--some", default="", help="metrics with one of these in their names, such as network,mean"
    )
    options.add_argument("--shuffled", action="store_true", help="only learn, from labels that say nothing")
    given = options.parse_args()
    compilation_cache()
    for name in given.domains.split(","):
        domain = Domain(name, read(name, given.text), STRATEGIES)
        for seed in given.deals.split(","):
            if given.shuffled:
                shuffled(domain, int(seed))
            else:
                study(domain, int(seed), given.some.split(","))


if __name__ == "__main__":
    main()
