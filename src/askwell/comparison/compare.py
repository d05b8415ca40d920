"""`compare`: strategies against each other on data, in one call."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from askwell.comparison.result import Result
from askwell.comparison.run import Progress, run
from askwell.comparison.spec import Spec
from askwell.comparison.store import Store
from askwell.core import AskwellError
from askwell.data import Dataset, Table, load, rows_of, split
from askwell.encoders import encode_table, unused
from askwell.learners import as_learner
from askwell.policies import as_strategy

Source = Any
"""A name, a path, a `Dataset`, a frame with a label column, or ``(X, y)``."""

_T = TypeVar("_T")


def compare(
    data: Source | Sequence[Source] | Mapping[str, Source] | None = None,
    *,
    strategies: Any = None,
    learners: Any = None,
    out: str | Path | None = None,
    spec: str | Path | Spec | None = None,
    progress: Progress = lambda done, total, what: None,
    executor: str = "threads",
    **settings: Any,
) -> Result:
    """Play active learning with several strategies on the same splits and seeds, and compare them.

    Args:
        data: names (``"digits"``), paths of your own files, encoded `askwell.data.Dataset` objects, frames (pandas,
            Polars) with a label column, or ``(X, y)``: one, some, or by names of your own, ``{"mine": (X, y)}``.
        strategies: names, strategies, or functions ``query(X, labels, q)``: one, some, or by names of your own.
        learners: likewise names, learners, or scikit-learn classifiers: ``{"forest": RandomForestClassifier(50)}``.
        out: a directory for the records; a run that was stopped goes on there.
        spec: a spec or a TOML file with one; `data`, `strategies` and `settings` replace its fields.
        progress: called with cells done, cells in all, and what was just finished.
        executor: where it is played: "threads" of this process, "ray" for Ray's workers, or ``ray://HOST:PORT`` for a
            Ray cluster elsewhere. The records are the same.
        **settings: further fields of `askwell.Spec`: ``label="target"``, ``splits=20``, ``batches=10``, …

    Raises:
        AskwellError: one sentence on what is wrong with the input, before anything is played.
    """
    sources = _sources(data)
    if sources:
        settings["datasets"] = tuple(name for name, _ in sources)
    own, own_learners = _own(strategies, as_strategy), _own(learners, as_learner)
    for field, given, made in (("strategies", strategies, own), ("learners", learners, own_learners)):
        if given is not None:
            settings[field] = tuple(made)
    if isinstance(spec, Spec):
        spec = Spec.make(**{**spec.model_dump(), **settings})
    else:
        spec = Spec.make(**settings) if spec is None else Spec.read(spec, **settings)
    notes = list(unused(spec.encoder))
    named = sources or [(name, name) for name in spec.datasets]
    datasets = [_dataset(name, source, spec, notes) for name, source in named]
    names = [dataset.name for dataset in datasets]
    for name in names:
        if names.count(name) > 1:
            raise AskwellError(
                f"Two datasets are called '{name}'; give each once, or rename one of the files."
            )
    store = Store(out) if out is not None else None
    ran = run(spec, datasets, store, _made(own), _made(own_learners), progress, executor)
    return Result(spec, ran.records, ran.compile_seconds, ran.run_seconds, tuple(notes))


def check(spec: Spec) -> None:
    """Whether a comparison's datasets are there, and large enough for its budget.

    Raises:
        AskwellError: if one is not.
    """
    for name in spec.datasets:
        data = _dataset(name, name, spec, [])
        for batch in spec.batches:
            split(data, seed=spec.seed, splits=1, pool=spec.pool, budget=spec.budget(batch))


def _own(given: Any, make: Callable[[Any, str], _T]) -> dict[str, _T | None]:
    """By name what was given; None for what is but a name, which the run makes itself."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        named = {name: (one, name) for name, one in given.items()}
    else:
        listed = given if isinstance(given, list | tuple) else [given]
        named = {_called(one): (one, "") for one in listed}
        if len(named) < len(listed):
            raise AskwellError(
                "Two of what was given have the same name; give them as {'one name': …, 'another': …}."
            )
    return {
        name: None if isinstance(one, str) and one == name else make(one, title)
        for name, (one, title) in named.items()
    }


def _made(own: dict[str, _T | None]) -> dict[str, _T]:
    return {name: one for name, one in own.items() if one is not None}


def _called(one: Any) -> str:
    """What a strategy or a learner without a name of its own is called."""
    return one if isinstance(one, str) else getattr(one, "name", getattr(one, "__name__", type(one).__name__))


def _sources(data: Any) -> list[tuple[str, Source]]:
    if data is None:
        return []
    if isinstance(data, Mapping):
        return list(data.items())
    pair = isinstance(data, tuple) and len(data) == 2 and not isinstance(data[0], str | Path | Dataset)
    listed = data if isinstance(data, list | tuple) and not pair else [data]
    if sum(not isinstance(one, str | Path | Dataset) for one in listed) > 1:
        raise AskwellError(
            "Several datasets have no name; give them as {'one name': (X, y), 'another': frame}."
        )
    return [(_titled(one), one) for one in listed]


def _titled(source: Source) -> str:
    if isinstance(source, str | Path):
        return str(source)
    return source.name if isinstance(source, Dataset) else "data"


def _dataset(name: str, source: Source, spec: Spec, notes: list[str]) -> Dataset:
    if isinstance(source, Dataset):
        return source
    if isinstance(source, str | Path):
        table = load(str(source), label=spec.label, id=spec.id)
    else:
        X, y = source if isinstance(source, tuple) else (source, None)
        table = rows_of(name, X, y, label=spec.label, id=spec.id, labelled=True)
    assert isinstance(table, Table)
    notes.extend(f"{table.name}: {note}" for note in table.notes)
    if table.dropped:
        notes.append(f"{table.name}: left out {', '.join(table.dropped)} (nearly every value is another).")
    return encode_table(table, spec.features, spec.encoder)


def reopen(out: str | Path) -> Result:
    """The result of a run from its directory, as far as it has got.

    Raises:
        AskwellError: if the directory holds no run, or no finished cell.
    """
    store = Store(out)
    return Result(store.spec(), store.records())
