"""Two of Ray's nodes play the held-out sets, and one of them is killed half-way: are the records those of threads?

    python benchmarks/node_lost.py [splits] [strategy,strategy,…]
    python benchmarks/node_lost.py RUN

The second form plays all splits and strategies; threads keep what they play in the directory RUN, as `askwell compare
--spec studies/heldout.toml --out RUN` does, and what is there is not played again. Both nodes run on this machine, a
core each. The command ends with an error if a record differs or is missing.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import ray
from ray.cluster_utils import Cluster

from askwell import compare

SPEC = Path(__file__).parents[1] / "studies/heldout.toml"


def main(splits: str = "4", strategies: str = "random,margin,uherding") -> None:
    """Play both, and compare."""
    settings: dict[str, Any] = {"spec": SPEC}
    if splits.isdigit():
        settings |= {"splits": int(splits), "strategies": strategies.split(","), "baseline": "random"}
        here = compare(**settings).records.drop("seconds")
    else:
        here = compare(**settings, out=splits).records.drop("seconds")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    second = [cluster.add_node(num_cpus=1)]
    os.environ["RAY_ADDRESS"] = cluster.address

    def watch(done: int, total: int, what: str) -> None:
        if second and done > total / 2:
            cluster.remove_node(second.pop(), allow_graceful=False)
            print(f"The second node is killed after {done} of {total} cells.", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        there = compare(**settings, out=Path(folder) / "run", executor="ray", progress=watch)
        files = len(list(Path(folder).rglob("*.parquet")))
    cells = here.select("dataset", "strategy", "split").n_unique()
    other = there.records.drop("seconds")
    same = other.equals(here)
    print(f"{cells} cells, {files} files; the records are {'' if same else 'NOT '}the same.")
    by_cell = lambda records: records.partition_by("dataset", "strategy", "split", as_dict=True)
    theirs = by_cell(other)
    for (dataset, strategy, split), own in by_cell(here).items():
        if not own.equals(theirs[dataset, strategy, split]):
            print(f"They differ for {strategy} on {dataset}, split {split}.")
    ray.shutdown()
    cluster.shutdown()
    sys.exit(not (same and files == cells))


if __name__ == "__main__":
    main(*sys.argv[1:])
