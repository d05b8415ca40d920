"""A run's directory, whatever kind of run it is and however far it has got."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from askwell.comparison import Result, Spec, Store, fingerprint
from askwell.comparison.store import DATA, grid
from askwell.core import CEILINGS, CELL, SCHEMA, AskwellError, metric_of, unknown
from askwell.core.spec import read_toml
from askwell.data import Dataset, load
from askwell.encoders import encode_table
from askwell.execution import compilation_cache
from askwell.execution.directory import SPEC
from askwell.games import GAMES
from askwell.plots.sources import Effects, Replay, Samples, Training
from askwell.plots.where_web import NUMBERED
from askwell.report import effects, replay, samples
from askwell.report.search import FOUND, SearchRun
from askwell.stats import episodes
from askwell.training.store import HISTORIES

UPDATES, CARD = "training.parquet", "policy.json"
EFFECTS = 5
"""Most splits on which the effect of each label is looked at."""

WHAT = {"training": "update", "decisions": "log of decisions", "validation": "validation"}
"""What the histories of a training are called."""


@dataclass(frozen=True)
class CompareRun:
    """What `askwell compare` left: its spec, the records of all finished cells, and sentences on what is missing."""

    root: Path
    spec: Spec
    datasets: dict[str, str]
    records: pl.DataFrame
    missing: tuple[str, ...]
    kind = "comparison"

    @property
    def judged(self) -> pl.DataFrame:
        """What strategies are judged by; see `askwell.Result.judged`."""
        return Result(self.spec, self.records).judged()

    def source(self, name: str, **settings: Any) -> Any:
        """What figures of a `SOURCE` are made from; a "replay" and a "reach" take what `replay` does."""
        if name == "records":
            return self._some()
        if name in ("replay", "reach"):
            return self.replay(**settings, reach=name == "reach")
        if name == "effects":
            return self.effects(**{k: v for k, v in settings.items() if k != "plane"})
        if name == "samples":
            return self.samples([settings.get("dataset") or next(iter(self.datasets))])
        raise AskwellError(f"That figure is of a training, and {self.root} is a comparison.")

    def dataset(self, name: str) -> Dataset:
        """A dataset of the run, encoded again.

        Raises:
            AskwellError: if it is not there any more, or not as it was.
        """
        if name not in self.datasets:
            raise AskwellError(unknown("dataset", name, self.datasets))
        source = dict(zip(self.datasets, self.spec.datasets, strict=False)).get(name, name)
        table = load(source, label=self.spec.label, id=self.spec.id)
        dataset = encode_table(table, self.spec.features, self.spec.encoder)
        if fingerprint(dataset) != self.datasets[name]:
            raise AskwellError(f"The data of {name} changed since {self.root} was begun.")
        return dataset

    def replay(
        self,
        dataset: str | None = None,
        split: int | None = None,
        strategies: Sequence[str] | None = None,
        plane: str = "pca",
        reach: bool = False,
    ) -> Replay:
        """Episodes of one split seen on a plane: the first dataset and split, four strategies by default.

        With `reach`, also what each label does to each point.

        Raises:
            AskwellError: for what is not in the run.
        """
        compilation_cache()
        cells, chosen = self._cells(dataset, split, strategies, one=True)
        return replay.replay(self.spec, self.dataset(str(cells["dataset"][0])), cells, chosen, plane, reach)

    def _cells(
        self, dataset: str | None, split: int | None, strategies: Sequence[str] | None, one: bool = False
    ) -> tuple[pl.DataFrame, list[str]]:
        """The records of a dataset, of `one` split or of all, and which strategies to look at."""
        records = self._some()
        if GAMES[self.spec.game].virtual:
            raise AskwellError(
                f"The answers in the game '{self.spec.game}' are about no row of the pool, so there is no row to show."
            )
        name = dataset or str(records["dataset"][0])
        if name not in self.datasets:
            raise AskwellError(unknown("dataset", name, self.datasets))
        batches = sorted(set(self.spec.batches))
        batch = max((b for b in batches if b <= NUMBERED), default=batches[0])
        learner = self.spec.learners[0]
        cells = records.filter(dataset=name, learner=learner, batch=batch)
        if (
            one and split is None and len(cells)
        ):  # a run that goes on has not played all strategies on every split
            played = cells.group_by("split").agg(pl.col("strategy").n_unique())
            split = played.sort("strategy", "split", descending=[True, False])["split"][0]
        cells = cells if split is None else cells.filter(split=split)
        if cells.is_empty():
            where = name if split is None else f"{name}, split {split}"
            raise AskwellError(f"{self.root} holds no finished episode of {where}, batch {batch}.")
        names = cells["strategy"].unique(maintain_order=True).to_list()
        for given in strategies or ():
            if given not in names:
                raise AskwellError(unknown("strategy", given, names))
        gain = pl.col("aulc").mean() * metric_of(self.spec.metric).sign
        good = dict(episodes(cells, self.spec.metric).group_by("strategy").agg(gain).rows())
        return cells, list(strategies or replay.choose(names, good))

    def effects(
        self,
        dataset: str | None = None,
        split: int | None = None,
        strategies: Sequence[str] | None = None,
    ) -> Effects:
        """What each label did, on up to `EFFECTS` splits of the first dataset, of four strategies by default.

        Raises:
            AskwellError: for what is not in the run.
        """
        compilation_cache()
        cells, chosen = self._cells(dataset, split, strategies)
        effects.check(cells)
        some = cells["split"].unique().sort()[:EFFECTS]
        found = self.dataset(str(cells["dataset"][0]))
        told = effects.effects(self.spec, found, cells.filter(pl.col("split").is_in(some.implode())), chosen)
        return Effects(told)

    def samples(self, names: Sequence[str]) -> Samples:
        """Many random episodes of each of the datasets, and the best strategy's lead over random in the run."""
        compilation_cache()
        learner, batch = self.spec.learners[0], self.spec.batches[0]
        curves = [samples.samples(self.spec, self.dataset(name), learner, batch) for name in names]
        return Samples(pl.concat(curves), _leads(self.records, learner, batch), self.spec.splits)

    def _some(self) -> pl.DataFrame:
        if self.records.is_empty():
            raise AskwellError(f"{self.root} has no finished cell yet; run the same `askwell compare` again.")
        return self.records


@dataclass(frozen=True)
class TrainingRun:
    """What `askwell train` left, as far as it has got."""

    root: Path
    spec: dict[str, Any]
    training: Training
    card: dict[str, Any]
    missing: tuple[str, ...]
    kind = "training"

    def source(self, name: str, **settings: Any) -> Training:
        """What figures of a `SOURCE` are made from."""
        if name != "training":
            raise AskwellError(f"That figure is of a comparison, and {self.root} is a training.")
        return self.training


Run = CompareRun | TrainingRun | SearchRun


def open_run(root: Path | str, metric: str | None = None) -> Run:
    """The run in a directory; a comparison's strategies are judged by `metric` instead of the spec's, if given.

    Raises:
        AskwellError: if there is none, or no such metric, or a metric is given for what is no comparison.
    """
    root = Path(root)
    if not (root / SPEC).is_file() and not (root / UPDATES).is_file():
        why = f"it has no {SPEC}" if root.is_dir() else "there is no such directory"
        raise AskwellError(
            f"{root} is no Askwell run ({why}); give what `askwell compare`, `train` or `search` made with --out."
        )
    spec = read_toml(root / SPEC) if (root / SPEC).is_file() else {}
    if {"train", "settings"} <= set(spec):
        if metric is not None:
            raise AskwellError(
                f"{root} is a search, which is judged by its training spec's metric; leave out --metric."
            )
        found = _json(root / FOUND)
        missing = () if found else ("The search has not ended; the same `askwell search` goes on.",)
        return SearchRun(root, spec, found, missing)
    if (root / UPDATES).is_file() or {"trainer", "sources"} & set(spec):
        if metric is not None:
            raise AskwellError(
                f"{root} is a training, which is judged by accuracy; leave out --metric, or give a comparison."
            )
        return _training(root, spec)
    return _compare(root, metric)


def _compare(root: Path, metric: str | None) -> CompareRun:
    store = Store(root)
    spec = store.spec()
    if metric is not None:
        spec = spec.model_copy(update={"metric": metric_of(metric).name})
    missing = []
    try:
        records = store.records()
    except AskwellError as error:
        records = pl.DataFrame(schema=SCHEMA)
        missing.append(str(error))
    data = _json(root / DATA)
    cells = {tuple(cell) for cell in records.select(CELL).unique().rows()}
    expected = grid(spec, data)
    left = [cell for cell in expected if tuple(cell) not in cells]
    if left and cells:
        where = ", ".join(dict.fromkeys(f"{cell.strategy} on {cell.dataset}" for cell in left[:200]))
        missing.append(
            f"{len(left)} of {len(expected)} cells are not finished: {where}. The same `askwell compare` goes on."
        )
    return CompareRun(root, spec, data, records, tuple(missing))


def _training(root: Path, spec: dict[str, Any]) -> TrainingRun:
    missing, tables = [], []
    for history, columns in HISTORIES.items():
        name, table = f"{history}.parquet", pl.DataFrame(schema=columns)
        if not (root / name).is_file():
            missing.append(f"No {WHAT[history]} yet (no {name}).")
        else:
            try:
                # A column that an older version did not write is unknown, not wrong.
                table = pl.concat([table, pl.read_parquet(root / name)], how="diagonal_relaxed")
                table = table.select(pl.col(column).cast(kind) for column, kind in columns.items())
            except (pl.exceptions.PolarsError, OSError) as error:
                missing.append(f"{name} cannot be read ({str(error).splitlines()[0]}).")
        tables.append(table)
    if not (root / "policy.safetensors").is_file():
        missing.append("The training has not ended: no policy.safetensors yet.")
    return TrainingRun(root, spec, Training(*tables), _json(root / CARD), tuple(missing))


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _leads(records: pl.DataFrame, learner: str, batch: int) -> dict[str, tuple[str, float]]:
    cells = episodes(records.filter(learner=learner, batch=batch))
    means = cells.group_by("dataset", "strategy").agg(pl.col("aulc").mean())
    leads = {}
    for (dataset,), part in means.sort("aulc", "strategy").group_by("dataset"):
        honest = part.filter(~pl.col("strategy").is_in(CEILINGS))
        base = part.filter(pl.col("strategy") == "random")["aulc"]
        if len(base) and len(honest) > 1:
            name, best = honest.select("strategy", "aulc").row(-1)
            leads[str(dataset)] = (name, best - base[0])
    return leads
