"""Many training runs, each in a directory of its own: one after another, or on Ray."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyarrow.parquet import read_metadata

from askwell.core import AskwellError
from askwell.execution import make_executor
from askwell.execution.directory import SPEC
from askwell.training.run import train
from askwell.training.spec import TrainingSpec
from askwell.training.store import TrainingStore

LOOK = 2.0
"""Seconds between two looks at how far the runs have got."""

Progress = Callable[[int, int, str], None]
"""Called with updates done, updates in all, and how many runs are finished."""


def planned(paths: Sequence[Path], seeds: Sequence[int] | None, **changes: Any) -> dict[str, TrainingSpec]:
    """The specs of these files by the name of their run: ``spec-seed``, or ``spec`` where no `seeds` are given.

    `changes` replace fields of all of them.

    Raises:
        AskwellError: for a wrong spec, or two files of the same name.
    """
    names = [path.stem for path in paths]
    for name in names:
        if names.count(name) > 1:
            raise AskwellError(f"Two specs are called '{name}'; give each once, or rename one of the files.")
    if seeds is None:
        return {path.stem: TrainingSpec.read(path, **changes) for path in paths}
    return {
        f"{path.stem}-{seed}": TrainingSpec.read(path, **changes, seeds=(seed,))
        for path in paths
        for seed in seeds
    }


def train_each(
    specs: Mapping[str, TrainingSpec],
    out: Path | str,
    progress: Progress = lambda done, total, what: None,
    executor: str = "threads",
) -> dict[str, dict[str, Any]]:
    """Train each spec in the directory of its name in `out`; their cards by name.

    One after another, each on all cores; or each on one of Ray's with an `executor` of Ray, whose machines must all see
    `out`. The weights are the same. What was trained there already is not trained again, and what was stopped goes on.

    Raises:
        AskwellError: before anything is played, if one of the directories is another spec's, or `out` itself is a run;
            or as `train`, naming the run.
        KeyboardInterrupt: after Ctrl-C; the same call goes on.
    """
    out = Path(out).absolute()
    if (out / SPEC).exists():
        raise AskwellError(
            f"{out} is a run itself, and here each run gets a directory in it; choose another --out."
        )
    works = None if executor == "threads" else make_executor(executor)
    for name, spec in specs.items():
        TrainingStore(out / name).open(spec)
    homes = [out / name for name in specs]
    cards: dict[str, dict[str, Any]] = {}
    with _told(specs, out, cards, progress):
        played = map(_trained, homes) if works is None else (card for _, card in works.map(_trained, homes))
        for name, card in played:
            cards[name] = card
    return {name: cards[name] for name in specs}


def _trained(home: Path) -> tuple[str, dict[str, Any]]:
    """Train what a directory's spec says, in any process: its paths count from there."""
    try:
        return home.name, train(TrainingStore(home).spec(), home).card
    except AskwellError as error:
        raise AskwellError(f"{home.name}: {error}") from error


@contextmanager
def _told(
    specs: Mapping[str, TrainingSpec], out: Path, finished: Mapping[str, Any], progress: Progress
) -> Iterator[None]:
    """Tell how far the runs have got, by what they wrote: they may be on other machines."""
    over, total = threading.Event(), sum(spec.updates for spec in specs.values())

    def look() -> None:
        done = sum(_updates(out / name, len(spec.seeds)) for name, spec in specs.items())
        progress(done, total, f"{len(finished)} of {len(specs)} runs finished")

    def watch() -> None:
        while not over.wait(LOOK):
            look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
        look()
    finally:
        over.set()
        thread.join()


def _updates(home: Path, seeds: int) -> int:
    """Updates up to the last checkpoint: a row for each seed."""
    file = home / "training.parquet"
    return read_metadata(file).num_rows // seeds if file.exists() else 0
