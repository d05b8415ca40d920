"""`search`: trials one after another until the time is up; resumable, interruptible."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import Trial, TrialState

from askwell.core import AskwellError, metric_of
from askwell.execution import RunDirectory
from askwell.search.found import FOUND, Found, last_word
from askwell.search.halving import PairedHalving, areas_of, attribute, difference
from askwell.search.space import applied, chosen, default, space
from askwell.search.spec import SearchSpec
from askwell.training import TrainingSpec, train

JOURNAL, TRIALS, NAME = "optuna.journal", "trials", "askwell"
LAST = 0.25
"""Share of the time that is kept for judging the winner."""

Watch = Callable[[str, float], None]
"""Called with a sentence on what happened, and the seconds spent so far."""


class _TimeIsUp(Exception):
    pass


def search(
    spec: SearchSpec,
    hours: float,
    out: Path | str,
    watch: Watch = lambda said, spent: None,
) -> Found:
    """Try settings for so many hours, then judge the best against the training spec as it is.

    The first trial is that spec itself. All are judged on the same validation tasks; see `halving` for which ones go
    on. A search that lies in `out` already goes on for so many hours more.

    Raises:
        AskwellError: one sentence on a wrong spec, an `out` of another search, or too little time for one trial.
        KeyboardInterrupt: after Ctrl-C; the same call goes on with the trial that was running.
    """
    start = time.monotonic()
    if not hours > 0:
        raise AskwellError(f"hours is {hours}; give a time above 0, such as 0.5.")
    base = spec.base()
    directory = RunDirectory(out, SearchSpec, "askwell search", early=(JOURNAL, f"{JOURNAL}.lock"))
    if directory.begin(spec) is None:
        directory.keep(spec)
    study = _study(spec, directory.root)
    _take_up(study, default(spec.settings, base.model_dump()))
    deadline = start + hours * 3600 * (1 - LAST)
    while time.monotonic() < deadline:
        trial = study.ask(space(spec.settings))
        said = _play(study, trial, spec, base, directory.root, deadline)
        watch(f"Trial {trial.number} {said}", time.monotonic() - start)
    watch("Now the winner is judged on fresh splits.", time.monotonic() - start)
    trials, fields = study.get_trials(deepcopy=False), base.model_dump()
    spent = study.user_attrs.get("seconds", 0.0) + time.monotonic() - start
    found = last_word(
        spec, base, trials, directory.root, spent, lambda t: _home(directory.root, fields, spec, t)
    )
    study.set_user_attr("seconds", spent)
    directory.write_json(FOUND, found.plain())
    return found


def _study(spec: SearchSpec, root: Path) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        storage = JournalStorage(JournalFileBackend(str(root / JOURNAL)))
        study = optuna.create_study(
            study_name=NAME,
            direction="maximize",
            storage=storage,
            pruner=PairedHalving(spec.go_on),
            load_if_exists=True,
        )
        seed = spec.seed + len(study.get_trials(deepcopy=False))  # a search that goes on draws other settings
        study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=spec.first)
        return study
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise AskwellError(
            f"{root / JOURNAL} cannot be read as Optuna's storage ({error}); choose another --out."
        ) from error


def _take_up(study: optuna.Study, own: Mapping[str, Any]) -> None:
    """The spec itself comes first; what was running when an earlier search ended is played again."""
    trials = study.get_trials(deepcopy=False)
    if not trials:
        study.enqueue_trial(dict(own))
    for trial in trials:
        if trial.state == TrialState.RUNNING:
            study.tell(trial.number, state=TrialState.FAIL)
            study.enqueue_trial(trial.params)


def _play(
    study: optuna.Study, trial: Trial, spec: SearchSpec, base: TrainingSpec, root: Path, deadline: float
) -> str:
    """Train with a trial's settings as long as it goes on and there is time; what became of it, in words."""
    fields, sign = base.model_dump(), metric_of(base.metric).sign

    def judged(update: int, own: np.ndarray) -> None:
        trial.set_user_attr(attribute(update), own.tolist())
        usual = areas_of(study.get_trials(deepcopy=False)[0], update)
        trial.report(0.0 if usual is None else difference(own, usual)[0], update)

    def decide(update: int, areas: list[np.ndarray]) -> None:
        judged(update, sign * np.concatenate([each.mean(axis=0) for each in areas]))
        if update < base.updates and trial.number and trial.should_prune():
            raise optuna.TrialPruned

    def look(row: dict[str, Any]) -> None:
        if time.monotonic() > deadline:
            raise _TimeIsUp

    # The same settings may have been tried, and stopped or left off: that is where they go on.
    before = study.get_trials(deepcopy=False)
    twins = [other for other in before if other.params == trial.params and other.number < trial.number]
    for update in sorted({update for twin in twins for update in twin.intermediate_values}):
        judged(update, next(found for twin in twins if (found := areas_of(twin, update)) is not None))
    try:
        made = TrainingSpec.make(**applied(fields, chosen(spec.settings, trial.params)))
        train(made, _home(root, fields, spec, trial.params), look, decide)
    except optuna.TrialPruned:
        state, said = TrialState.PRUNED, "was stopped"
    except _TimeIsUp:  # it stays as running, and goes on where the search does
        return "was not finished: the time is up."
    except AskwellError as error:
        if not trial.number:
            raise
        state, said = TrialState.FAIL, f"failed: {error}"
    else:
        state, said = TrialState.COMPLETE, "was trained to its end"
    now = study.get_trials(deepcopy=False)[trial.number]
    reached = now.last_step
    value = now.intermediate_values[reached] if reached is not None else None
    study.tell(trial, value if state == TrialState.COMPLETE else None, state)
    if value is None or reached is None:
        return f"{said}."
    than = "" if not trial.number else f" ({value:+.4f} against the spec as it is)"
    return f"{said}, after update {reached}{than}: {json.dumps(chosen(spec.settings, trial.params))}"


def _home(root: Path, fields: Mapping[str, Any], spec: SearchSpec, params: Mapping[str, Any]) -> Path:
    """The directory of a training, the same for the same settings."""
    told = json.dumps(applied(fields, chosen(spec.settings, params)), sort_keys=True, default=list)
    return root / TRIALS / hashlib.sha256(told.encode()).hexdigest()[:16]
