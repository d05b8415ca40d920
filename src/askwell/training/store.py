"""A training run on disk: spec, checkpoint, histories, and at the end the policy with its card."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
import polars as pl

from askwell.core import AskwellError
from askwell.execution import RunDirectory, versions
from askwell.policies import AbstractHead, files
from askwell.training.spec import TrainingSpec
from askwell.training.state import RunState, from_file, to_bytes

Rows = dict[str, list[dict[str, Any]]]
"""The rows of each history."""

CHECKPOINT, POLICY = "checkpoint.safetensors", f"policy{files.SUFFIX}"

_FIGURES = (
    "seconds",
    "reward",
    "spread",
    "entropy",
    "groups",
    "classes",
    "largest",
    "redundancy",
    "gradient",
    "shuffled",
    "agreement",
    "chance",
)
HISTORIES: dict[str, dict[str, Any]] = {
    "training": {"seed": pl.Int64, "update": pl.Int64, **dict.fromkeys(_FIGURES, pl.Float64), "warning": pl.String},
    "decisions": {
        "seed": pl.Int64, "update": pl.Int64, "round": pl.Int64, "kind": pl.String, "index": pl.Int64,
        "share": pl.Float64, "prior": pl.Float64,
    },
    "validation": {
        "seed": pl.Int64, "update": pl.Int64, "against": pl.String, "difference": pl.Float64, "low": pl.Float64,
        "high": pl.Float64,
    },
}  # fmt: skip
"""The histories' columns.

`training`, one row an update: seconds; `reward`, the mean accuracy of what was drawn; `spread`, the deviation of
the returns of batches from one state; entropy of a decision in nats; the figures of `askwell.training.Decisions`;
lengths of the gradient and of that of shuffled rewards; `agreement`, the cosine between the gradients of two halves
of the tasks, and `chance`, the same with shuffled rewards; null where the trainer does not tell one, and further
columns for what else it tells. `decisions`: shares of k-means groups and classes in the
batches that the policy draws on one fixed pool, and in the pool. `validation`: area under the learning curve less
that of `against` on the same tasks, with a 95 % interval over tasks.
"""


class TrainingStore(RunDirectory[TrainingSpec]):
    """A training run's directory."""

    def __init__(self, root: Path | str):
        super().__init__(root, TrainingSpec, "askwell train")

    def open(self, spec: TrainingSpec) -> None:
        """Begin a run, or take up the one that lies there.

        Raises:
            AskwellError: if the directory belongs to another spec, or is no training run's.
        """
        if self.begin(spec) is None:
            self.keep(spec)

    def checkpoint(self, state: RunState, rows: Rows, done: int) -> None:
        """Write the histories, then the checkpoint: rows beyond it are dropped when it is taken up."""
        for name in HISTORIES:
            buffer = io.BytesIO()
            _frame(name, list(rows[name])).write_parquet(buffer)
            self.write(f"{name}.parquet", buffer.getvalue())
        self.write(CHECKPOINT, to_bytes(state, done))

    def restore(self, state: RunState, updates: int) -> tuple[RunState, Rows, int]:
        """The state, the rows and the number of updates of the checkpoint, or those of a beginning.

        `state` is the first one of a run that has so many `updates` before it.
        """
        if not (self.root / CHECKPOINT).exists():
            return state, {name: [] for name in HISTORIES}, 0
        state, done = from_file(self.root / CHECKPOINT, state)
        rows: Rows = {}
        for name, frame in histories(self.root).items():
            end = done + (name == "validation" or done == updates)
            kept = frame.filter(pl.col("update") < end).to_dicts()
            rows[name] = [{key: value for key, value in row.items() if value is not None} for row in kept]
        return state, rows, done

    def finish(
        self, spec: TrainingSpec, state: RunState, rows: Rows, agreements: Callable[[], list[float]]
    ) -> tuple[AbstractHead, dict[str, Any], dict[str, pl.DataFrame]]:
        """Write the head that validated best, and its card."""
        best = int(np.argmax(state.score))
        policy = jax.tree.map(lambda leaf: leaf[best], state.best).open()
        frames = {name: _frame(name, rows[name]) for name in HISTORIES}
        own = frames["validation"].filter(seed=spec.seeds[best])
        gaps = own.group_by("update").agg(pl.col("difference").mean())
        reached = gaps.sort("difference", "update", descending=[True, False])["update"][
            0
        ]  # the first of equals
        card = {
            "head": spec.head,
            "agreement": agreements() if policy.groups else [],
            "settings": spec.policy,
            "inputs": list(policy.inputs),
            "spec": spec.model_dump(exclude_none=True, mode="json"),
            "seed": spec.seeds[best],
            "update": int(reached),
            "validation": own.filter(update=reached).drop("seed", "update").to_dicts(),
            "warnings": [row for row in frames["training"]["warning"].unique().sort() if row],
            "versions": versions(),
        }
        self.write(POLICY, files.to_bytes(policy, dict(spec.policy)))
        self.write_json(str(Path(POLICY).with_suffix(".json")), card)
        return policy, card, frames


def _frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    extra = {key for row in rows for key in row} - set(HISTORIES[name]) if name == "training" else set()
    return pl.DataFrame(rows, schema={**HISTORIES[name], **dict.fromkeys(sorted(extra), pl.Float64)})


def histories(root: Path | str) -> dict[str, pl.DataFrame]:
    """The histories of a training run, as far as it has got.

    Raises:
        AskwellError: if there are none.
    """
    try:
        return {name: pl.read_parquet(Path(root) / f"{name}.parquet") for name in HISTORIES}
    except (OSError, pl.exceptions.PolarsError) as error:
        raise AskwellError(
            f"{root} holds no histories of a training run; run `askwell train` first."
        ) from error
