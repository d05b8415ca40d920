"""`compare`: strategies against each other on data, in one call."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from askwell.comparison.result import Result
from askwell.comparison.run import Progress, run
from askwell.comparison.spec import Spec
from askwell.comparison.store import Store
from askwell.core import AbstractLearner, AbstractPlayer, AskwellError
from askwell.data import Dataset, encode, load

Source = str | Path | Dataset
_T = TypeVar("_T")


def compare(
    data: Source | Sequence[Source] | None = None,
    *,
    strategies: str | Sequence[str] | Mapping[str, AbstractPlayer] | None = None,
    learners: str | Sequence[str] | Mapping[str, AbstractLearner] | None = None,
    out: str | Path | None = None,
    spec: str | Path | Spec | None = None,
    progress: Progress = lambda done, total, what: None,
    **settings: Any,
) -> Result:
    """Play active learning with several strategies on the same splits and seeds, and compare them.

    Args:
        data: names (``"digits"``), paths of your own files, or encoded `askwell.data.Dataset` objects.
        strategies: registered names, or instances by names of your own:
            ``{"mine": Mine(), "margin": Margin()}``.
        learners: likewise, ``{"forest": SklearnLearner(RandomForestClassifier(50))}``.
        out: a directory for the records; a run that was stopped goes on there.
        spec: a spec or a TOML file with one; `data`, `strategies` and `settings` replace its fields.
        progress: called with cells done, cells in all, and what was just finished.
        **settings: further fields of `askwell.Spec`: ``label="target"``, ``splits=20``, ``batches=10``, …

    Raises:
        AskwellError: one sentence on what is wrong with the input, before anything is played.
    """
    sources = [data] if isinstance(data, Source) else list(data or ())
    if sources:
        settings["datasets"] = tuple(_name(source) for source in sources)
    own = _own("strategy", strategies, AbstractPlayer)
    own_learners = _own("learner", learners, AbstractLearner)
    for field, given in (("strategies", strategies), ("learners", learners)):
        if given is not None:
            settings[field] = (given,) if isinstance(given, str) else tuple(given)
    if isinstance(spec, Spec):
        spec = Spec.make(**{**spec.model_dump(), **settings})
    else:
        spec = Spec.make(**settings) if spec is None else Spec.read(spec, **settings)
    notes: list[str] = []
    datasets = [_dataset(source, spec, notes) for source in (sources or spec.datasets)]
    names = [dataset.name for dataset in datasets]
    for name in names:
        if names.count(name) > 1:
            raise AskwellError(
                f"Two datasets are called '{name}'; give each once, or rename one of the files."
            )
    ran = run(spec, datasets, Store(out) if out is not None else None, own, own_learners, progress)
    return Result(spec, ran.records, ran.compile_seconds, ran.run_seconds, tuple(notes))


def _own(kind: str, given: Any, contract: type[_T]) -> dict[str, _T]:
    own = dict(given) if isinstance(given, Mapping) else {}
    for name, value in own.items():
        if not isinstance(value, contract):
            raise AskwellError(f"The {kind} '{name}' is {value!r}; give an instance of {contract.__name__}.")
    return own


def _name(source: Source) -> str:
    return source.name if isinstance(source, Dataset) else str(source)


def _dataset(source: Source, spec: Spec, notes: list[str]) -> Dataset:
    if isinstance(source, Dataset):
        return source
    table = load(str(source), label=spec.label, id=spec.id)
    notes.extend(f"{table.name}: {note}" for note in table.notes)
    if table.dropped:
        notes.append(f"{table.name}: left out {', '.join(table.dropped)} (nearly every value is another).")
    return encode(table, features=spec.features)


def reopen(out: str | Path) -> Result:
    """The result of a run from its directory, as far as it has got.

    Raises:
        AskwellError: if the directory holds no run, or no finished cell.
    """
    store = Store(out)
    return Result(store.spec(), store.records())
