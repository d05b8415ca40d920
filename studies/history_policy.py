"""Does it pay to train a policy on the past, too? `python studies/history_policy.py --out runs/history-policy`.

Domains of numbers are dealt into past and new classes as in `studies/history.py`. On the past classes a metric is
learned, and in it the shipped policy goes on learning, on random subsets of those classes; with `--start ""` the rule
does that it once began with. Then it plays pools of the new classes, beside the shipped policy and fixed strategies,
all in that metric. What is in `--out` is not played again, and a metric that was learned there is not learned again;
`docs/history.py --policy` makes the table of it.
"""

import argparse
import json
from pathlib import Path

import jax
import polars as pl
from history import BATCH, FEATURES, METRIC, POOL, ROUNDS, deal, size_of

import askwell
from askwell import stats
from askwell.data import load
from askwell.encoders.domain import CARD
from askwell.policies import Pointwise, load_policy, make_strategy
from askwell.training import TrainingSpec, train
from askwell.training.domain import learn_domain

DOMAINS = ("letter", "movement_libras", "texture", "vowel", "optdigits", "mnist")
STRATEGIES = ("uherding", "margin-herding", "learned", "random")
LABEL, SPLITS = "class", 16
RULE = "herding"
UPDATES, TASKS, STEP = 60, 32, 0.002


def play(name: str, seed: int, home: Path, start: str) -> pl.DataFrame:
    """A row for each strategy and split of a deal; the policy that is trained is `start`'s, or begins as a rule."""
    table = load(name)
    past, new = deal(table, seed, size_of(table))
    home.mkdir(parents=True, exist_ok=True)
    for kind, rows in (("past", past), ("new", new)):
        frame = pl.from_pandas(table.features.iloc[rows]).with_columns(
            pl.Series(LABEL, table.labels[rows].astype(str))
        )
        frame.write_parquet(home / f"{kind}.parquet")
    domain = home / "domain"
    if not (domain / CARD).exists():
        learn_domain(home / "past.parquet", domain, label=LABEL, strategies=("uherding",), seed=seed)
    card = json.loads((domain / CARD).read_text())
    budget = ROUNDS * BATCH
    room = {
        "pool": max(budget, min(POOL, len(past) // 2)),
        "features": FEATURES,
        "classes": len(card["classes"]),
    }
    source = {
        "datasets": [str(home / "past.parquet")],
        "label": LABEL,
        "subsets": True,
        "selection": 256,
        **room,
    }
    if card["encoder"] is not None:
        source["encoder"] = str(domain)
    spec = TrainingSpec(
        start=start, policy={"rule": RULE}, updates=UPDATES, tasks=TASKS, step=STEP, every=UPDATES // 3,
        judged=64, against=("learned", "uherding"), sources=[source], seeds=(seed,),
    )  # fmt: skip
    policy = home / f"policy-{start or RULE}"
    train(spec, policy)
    own = {f"trained, from {start or RULE}": load_policy(policy)}
    if not start:
        own["the rule, untrained"] = Pointwise(jax.random.key(0), rule=RULE)
    played = askwell.compare(
        home / "new.parquet", label=LABEL, encoder=source.get("encoder"), pool=POOL, rounds=ROUNDS, batches=BATCH,
        strategies={name: make_strategy(name) for name in STRATEGIES} | own, baseline="uherding", splits=SPLITS,
        seed=seed,
    )  # fmt: skip
    areas = stats.episodes(played.records).select("strategy", "split", "aulc")
    about = {"domain": name, "deal": seed, "chosen": card["encoder"] or "none", "gain": 0.0, "se": 0.0}
    columns = [pl.lit(value).alias(key) for key, value in (about | {"encoding": METRIC}).items()]
    return areas.with_columns(*columns)


def main() -> None:
    """Play what is not there yet, one deal of every domain after the other."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path("runs/history-policy"))
    options.add_argument("--domains", default=",".join(DOMAINS))
    options.add_argument("--first", type=int, default=3, help="the first deal")
    options.add_argument("--deals", type=int, default=3, help="how many")
    options.add_argument(
        "--start", default="learned", help="what goes on learning; empty: the rule it began with"
    )
    given = options.parse_args()
    for seed in range(given.first, given.first + given.deals):
        for name in given.domains.split(","):
            path = given.out / f"{name}-{seed}-{given.start or RULE}.parquet"
            if path.exists():
                continue
            played = play(name, seed, given.out / "work" / f"{name}-{seed}", given.start)
            played.write_parquet(path)
            means = played.group_by("strategy", maintain_order=True).agg(pl.col("aulc").mean())
            print(f"{name}, deal {seed}: {played['chosen'][0]};", means.rows(), flush=True)


if __name__ == "__main__":
    main()
