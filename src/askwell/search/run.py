"""`search`: trials one after another until the time is up; resumable, interruptible."""

import hashlib
import itertools
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

from askwell.comparison import check
from askwell.core import AskwellError, metric_of
from askwell.execution import RunDirectory, make_executor
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
    executor: str = "threads",
    most: int | None = None,
) -> Found:
    """Try settings for so many hours, then judge the best against the training spec as it is.

    The first trial is that spec itself. All are judged on the same validation tasks; see `halving` for which ones go
    on. A search that lies in `out` already goes on for so many hours more. Trials are played one after another, each
    on all cores; or each on one of Ray's with an `executor` of Ray, whose machines must all see `out`. It ends earlier
    after `most` trials, if given.

    Raises:
        AskwellError: one sentence on a wrong spec, an `out` of another search, or too little time for one trial.
        KeyboardInterrupt: after Ctrl-C; the same call goes on with the trial that was running.
    """
    start = time.time()
    if not hours > 0:
        raise AskwellError(f"hours is {hours}; give a time above 0, such as 0.5.")
    base = spec.base()
    check(spec.last(base))
    works = None if executor == "threads" else make_executor(executor)
    directory = RunDirectory(out, SearchSpec, "askwell search", early=(JOURNAL, f"{JOURNAL}.lock"))
    if directory.begin(spec) is None:
        directory.keep(spec)
    study = _study(spec, directory.root)
    known = study.get_trials(deepcopy=False)
    if not known:
        study.enqueue_trial(default(spec.settings, base.model_dump()))
    left = [trial.number for trial in known if trial.state == TrialState.RUNNING]
    deadline = start + hours * 3600 * (1 - LAST)
    trials = Trials(spec, base, directory.root.absolute(), deadline)
    jobs = itertools.islice(itertools.chain(left, itertools.repeat(None)), most)
    jobs = itertools.takewhile(lambda job: time.time() < deadline, jobs)
    if works is not None and (not known or 0 in left):
        watch(trials(next(jobs, None)), time.time() - start)  # the spec itself, before what is compared to it
    told = map(trials, jobs) if works is None else (said for _, said in works.map(trials, jobs))
    for said in told:
        watch(said, time.time() - start)
    watch("Now the winner is judged on fresh splits.", time.time() - start)
    spent = study.user_attrs.get("seconds", 0.0) + time.time() - start
    found = last_word(spec, base, study.get_trials(deepcopy=False), directory.root, spent, trials.home)
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


class Trials:
    """Plays trials, in any process: the storage is a file."""

    def __init__(self, spec: SearchSpec, base: TrainingSpec, root: Path, deadline: float):
        self.spec, self.base, self.root, self.deadline = spec, base, root, deadline

    def __call__(self, left: int | None) -> str:
        """Train with some settings as long as it goes on and there is time; what became of it, in words.

        `left` is the number of a trial that an earlier search left running; None asks for a new one.
        """
        study = _study(self.spec, self.root)
        if left is None:
            trial = study.ask(space(self.spec.settings))
            self._remember(study, trial)
        else:
            trial = Trial(study, study.get_trials(deepcopy=False)[left]._trial_id)
        try:
            made = TrainingSpec.make(**self._fields(trial.params))
            decide = lambda update, areas: self._judged(study, trial, update, areas)
            train(made, self.home(trial.params), lambda row: self._look(), decide)
        except optuna.TrialPruned:
            state, said = TrialState.PRUNED, "was stopped"
        except _TimeIsUp:  # it stays as running, and goes on where the search does
            return f"Trial {trial.number} was not finished: the time is up."
        except AskwellError as error:
            if not trial.number:
                raise
            state, said = TrialState.FAIL, f"failed: {error}"
        else:
            state, said = TrialState.COMPLETE, "was trained to its end"
        reached, values = _reached(study, trial)
        study.tell(trial, values[reached] if state == TrialState.COMPLETE and reached else None, state)
        if reached is None:
            return f"Trial {trial.number} {said}."
        than = "" if not trial.number else f" ({values[reached]:+.4f} against the spec as it is)"
        told = json.dumps(chosen(self.spec.settings, trial.params))
        return f"Trial {trial.number} {said}, after update {reached}{than}: {told}"

    def home(self, params: Mapping[str, Any]) -> Path:
        """The directory of a training, the same for the same settings."""
        told = json.dumps(self._fields(params), sort_keys=True, default=list)
        return self.root / TRIALS / hashlib.sha256(told.encode()).hexdigest()[:16]

    def _fields(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return applied(self.base.model_dump(), chosen(self.spec.settings, params))

    def _judged(self, study: optuna.Study, trial: Trial, update: int, areas: list[np.ndarray]) -> None:
        sign = metric_of(self.base.metric).sign
        _report(study, trial, update, sign * np.concatenate([each.mean(axis=0) for each in areas]))
        if update < self.base.updates and trial.number and trial.should_prune():
            raise optuna.TrialPruned

    def _look(self) -> None:
        if time.time() > self.deadline:
            raise _TimeIsUp

    def _remember(self, study: optuna.Study, trial: Trial) -> None:
        """The same settings may have been tried, and stopped: that is where they go on."""
        twins = [
            t
            for t in study.get_trials(deepcopy=False)
            if t.params == trial.params and t.number < trial.number
        ]
        for update in sorted({update for twin in twins for update in twin.intermediate_values}):
            own = next(found for twin in twins if (found := areas_of(twin, update)) is not None)
            _report(study, trial, update, own)


def _report(study: optuna.Study, trial: Trial, update: int, own: np.ndarray) -> None:
    """Keep a trial's areas, and tell how much better it is than the first."""
    trial.set_user_attr(attribute(update), own.tolist())
    first = areas_of(study.get_trials(deepcopy=False)[0], update)
    trial.report(0.0 if first is None else difference(own, first)[0], update)


def _reached(study: optuna.Study, trial: Trial) -> tuple[int | None, dict[int, float]]:
    """The last update that a trial was judged at, and what was told of each."""
    now = study.get_trials(deepcopy=False)[trial.number]
    return now.last_step, now.intermediate_values
