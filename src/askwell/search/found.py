"""What a search found: the winner on fresh splits, what each setting matters, and what more time would bring."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState
from scipy.stats import norm

from askwell.comparison import compare
from askwell.core import AskwellError, counted, metric_of
from askwell.search.halving import areas_of, difference
from askwell.search.space import chosen
from askwell.search.spec import SearchSpec
from askwell.training import TrainingSpec

FOUND = "found.json"
WINNER, BASELINE = "the winner", "the spec as it is"
SHUFFLES, ENOUGH = 20, 8
"""Shuffled searches that an importance is held against, and trials below which none is told."""

MORE = 10
"""How many times as long a search is foretold."""


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        verdict: of the winner against the spec as it is, on fresh splits, in words.
        difference, low, high: the mean difference in AULC there with its 95 % interval; None without a winner.
        winner: the number of the winner, and its settings; None without one.
        more: what more time would probably bring, in words.
        trials: a row a trial and validation: ``trial``, ``update``, ``difference``, how much better than the spec as
            it is on the same tasks, its standard ``error``, ``state``.
        settings: of each trial.
        importance: a row a setting: ``setting``, ``importance`` (shares that sum to 1), ``noise``, what 95 % of
            searches with shuffled values stay below.
        hours: spent so far.
        metric: what is judged by.
    """

    verdict: str
    difference: float | None
    low: float | None
    high: float | None
    winner: int | None
    more: str
    trials: list[dict[str, Any]]
    settings: list[dict[str, Any]]
    importance: list[dict[str, Any]]
    hours: float
    metric: str

    def plain(self) -> dict[str, Any]:
        """For a file."""
        return dataclasses.asdict(self)


def last_word(
    spec: SearchSpec,
    base: TrainingSpec,
    trials: Sequence[FrozenTrial],
    root: Path,
    seconds: float,
    home: Callable[[Mapping[str, Any]], Path],
) -> Found:
    """Judge the best finished trial against the first one, on splits that no trial has seen.

    Raises:
        AskwellError: if not even the first trial was finished.
    """
    if not trials or trials[0].state != TrialState.COMPLETE:
        raise AskwellError(
            "The time was not enough for one trial, the training spec as it is; give more hours, or a spec of fewer "
            "updates. What was trained is kept."
        )
    rows = [row for trial in trials for row in _rows(trial, trials[0])]
    finished = [t for t in trials[1:] if t.state == TrialState.COMPLETE]
    best = max(finished, key=lambda t: t.value or 0.0, default=None)
    verdict, gap = "no trial but the spec itself was trained to its end, so nothing is judged", None
    if best is not None:
        players = {WINNER: f"policy:{home(best.params)}", BASELINE: f"policy:{home(trials[0].params)}"}
        result = compare(
            strategies=players,
            baseline=BASELINE,
            spec=spec.last(base),
            out=root / "last" / f"trial-{best.number}",
        )
        (gap,) = result.verdicts()
        verdict = gap.said
    return Found(
        verdict,
        gap and gap.difference,
        gap and gap.low,
        gap and gap.high,
        best and best.number,
        more_time(rows, base, seconds),
        rows,
        [chosen(spec.settings, trial.params) for trial in trials],
        importance(trials, base.every, spec.seed),
        seconds / 3600,
        base.metric,
    )


def _rows(trial: FrozenTrial, first: FrozenTrial) -> list[dict[str, Any]]:
    rows = []
    for update in sorted(trial.intermediate_values):
        own, baseline = areas_of(trial, update), areas_of(first, update)
        if own is not None and baseline is not None:
            mean, error = difference(own, baseline)
            told = {"difference": mean, "error": error, "state": trial.state.name.lower()}
            rows.append({"trial": trial.number, "update": update, **told})
    return rows


def more_time(rows: Sequence[Mapping[str, Any]], base: TrainingSpec, seconds: float) -> str:
    """What a longer search would probably bring: the best of more draws from how trials differ, noise taken away."""
    last = {row["trial"]: row for row in rows if row["trial"]}
    if len(last) < ENOUGH:
        return f"With {len(last)} trials besides the spec itself nothing can be said about more time."
    gaps, errors = (np.array([row[name] for row in last.values()]) for name in ("difference", "error"))
    true = np.sqrt(max(0.0, gaps.var(ddof=1) - np.mean(errors**2)))
    best = lambda many: gaps.mean() + true * norm.ppf((many - 0.375) / (many + 0.25))  # Blom 1958
    now, later, delta = best(len(gaps)), best(MORE * len(gaps)), metric_of(base.metric).delta
    if later < delta:
        said = f"so {MORE} times as many would probably find nothing that is better by {delta:g} or more"
    else:
        said = f"so the best of {MORE} times as many would probably be better than the spec as it is by {later:.4f}"
    took = counted(round(seconds / 60), "minute")
    return (
        f"{len(gaps)} trials in {took} were {gaps.mean():+.4f} from the spec as it is at their last validation, in the "
        f"mean; the standard deviation between them, noise taken away, is {true:.4f}. Their best should truly be at "
        f"{now:+.4f}, {said}."
    )


def importance(trials: Sequence[FrozenTrial], update: int, seed: int) -> list[dict[str, Any]]:
    """How much of what differs at the first validation each setting explains (fANOVA, Hutter et al. 2014).

    Trees explain noise as well. So the values are shuffled among the trials `SHUFFLES` times, and what a setting
    explains then in 95 % of cases is told beside it.
    """
    kept = [trial for trial in trials if update in trial.intermediate_values and trial.params]
    if len(kept) < ENOUGH or not any(len({str(t.params[s]) for t in kept}) > 1 for s in kept[0].params):
        return []
    values = np.array([trial.intermediate_values[update] for trial in kept])
    rng = np.random.default_rng(seed)
    shares = [
        _explained(kept, given, seed)
        for given in (values, *(rng.permutation(values) for _ in range(SHUFFLES)))
    ]
    return [
        {
            "setting": name,
            "importance": share,
            "noise": float(np.quantile([one[name] for one in shares[1:]], 0.95)),
        }
        for name, share in shares[0].items()
    ]


def _explained(trials: Sequence[FrozenTrial], values: np.ndarray, seed: int) -> dict[str, float]:
    study = optuna.create_study(direction="maximize")
    for trial, value in zip(trials, values, strict=True):
        study.add_trial(
            optuna.create_trial(params=trial.params, distributions=trial.distributions, value=float(value))
        )
    evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=32, seed=seed)
    return optuna.importance.get_param_importances(study, evaluator=evaluator)
