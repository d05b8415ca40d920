"""Which metric helps in a domain? Judged by playing on past classes, or past tasks, that it was not fitted to."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from askwell.core import ACCURACY, AskwellError, Pool, metric_of
from askwell.encoders.metric import CANDIDATES, NONE, Fit
from askwell.execution import Program, compilation_cache
from askwell.games import BatchGame
from askwell.learners import make_learner
from askwell.policies import make_strategy
from askwell.training.programs import areas

ROUNDS, BATCH = 10, 10
"""Of a game that is played; of a small history the batch is smaller."""

FEWEST_LABELS = 2
"""Labels of a batch, at least."""

DEALS, TASKS = 8, 4
"""How often past classes are dealt into those that a metric is fitted to and those that are played; tasks of each."""

POOL, REPORT = 300, 500
"""Rows of a task, at most."""

SURE = 2
"""Standard errors by which a metric must be better than none: it is the best of several, which luck favours."""

FEWEST = 4
"""Past classes, or twice as many past tasks as are needed to leave any out: below that nothing can be chosen."""


class Candidate(NamedTuple):
    """A metric that was tried.

    Attributes:
        name: of it.
        score: mean over the left-out tasks, of the metric that the user wants, over the labels.
        gain: how much better than no metric that is; positive is better, whatever the metric.
        se: the standard error of the gain over deals of the classes.
    """

    name: str
    score: float
    gain: float
    se: float


class Learned(NamedTuple):
    """What a history teaches.

    Attributes:
        name: of the metric that is kept, `NONE` where none helps.
        projection: ``[d, k]``; None where none helps.
        candidates: all that were tried, the best first.
        reason: why this one, in a sentence.
    """

    name: str
    projection: np.ndarray | None
    candidates: tuple[Candidate, ...]
    reason: str


def learn_metric(
    x: np.ndarray,
    y: np.ndarray,
    tasks: np.ndarray | None = None,
    *,
    strategy: str = "uherding",
    metric: str = ACCURACY,
    seed: int = 0,
    watch: Callable[[int, int], None] = lambda done, whole: None,
) -> Learned:
    """The metric in which a learner gets on best with classes, or tasks, that the metric has not seen.

    Past classes are dealt into halves: each candidate is fitted to one half, and `strategy` plays pools of the other
    (10 rounds of 10 labels from nothing, or of fewer where there are few rows). With `tasks`, tasks are dealt instead.
    No metric at all is always a candidate, and is kept unless another is better by `SURE` standard errors.

    Args:
        x: ``float32 [N, d]``, the encoded history.
        y: ``int [N]``, its classes.
        tasks: ``int [N]``, which task each row belongs to; by default classes are left out.
        strategy: what plays.
        metric: what counts, see `askwell.core.METRICS`.
        seed: decides the deals.
        watch: called with candidates done and in all.

    Raises:
        AskwellError: for a history with too few rows to play.
    """
    compilation_cache()
    groups = y if tasks is None else tasks
    count, what = len(np.unique(groups)), "classes" if tasks is None else "tasks"
    least = FEWEST if tasks is None else FEWEST // 2
    if count < least:
        return Learned(
            NONE, None, (), f"The history has {count} {what}; with fewer than {least} none can be left out."
        )
    deals = list(_deals(x, y, groups, tasks is not None, seed))
    game = BatchGame(make_learner("logistic"), ROUNDS, min(BATCH, len(deals[0].tasks[0][0]) // (2 * ROUNDS)))
    about, player = metric_of(metric), make_strategy(strategy)
    program = Program(lambda key, pools: areas(game, player, key, pools, about.column))
    names = [NONE, *CANDIDATES]
    scores: dict[str, np.ndarray] = {}
    for done, name in enumerate(names):
        pools = [pool for deal in deals for pool in deal.pools(CANDIDATES.get(name), x)]
        scores[name] = _play(program, pools, seed).reshape(len(deals), -1).mean(axis=1)
        watch(done + 1, len(names))
    found = [_candidate(name, scores, about.sign) for name in names]
    found.sort(key=lambda one: -one.gain)
    best = found[0]
    if best.name == NONE or best.gain <= SURE * best.se:
        helped = f"No metric was better than none by more than {SURE} standard errors"
        return Learned(NONE, None, tuple(found), f"{helped} on {what} that were left out.")
    projection = CANDIDATES[best.name](x, y)
    reason = (
        f"On {what} that were left out, {metric} over the labels was {best.score:.3f}, "
        f"{best.gain:+.3f} against no metric (standard error {best.se:.3f})."
    )
    return Learned(best.name, projection, tuple(found), reason)


def _candidate(name: str, scores: dict[str, np.ndarray], sign: int) -> Candidate:
    gains = sign * (scores[name] - scores[NONE])
    se = float(np.std(gains, ddof=1) / np.sqrt(len(gains)))
    return Candidate(name, float(scores[name].mean()), float(gains.mean()), se)


class _Deal(NamedTuple):
    """Rows to fit to, and the tasks that are played: rows of pool and of report, and what their classes are."""

    fit: np.ndarray
    fit_y: np.ndarray
    tasks: Sequence[tuple[np.ndarray, np.ndarray]]
    y: np.ndarray
    classes: int

    def pools(self, fit: Fit | None, x: np.ndarray) -> Iterator[Pool]:
        """The tasks in the metric."""
        seen = x if fit is None else (x @ fit(x[self.fit], self.fit_y)).astype(np.float32)
        for pool, report in self.tasks:
            shown = report[:1]  # no reward is asked for
            xs, ys = ([jnp.asarray(of[rows]) for rows in (pool, shown, report)] for of in (seen, self.y))
            yield Pool(xs[0], ys[0], xs[1], ys[1], xs[2], ys[2], self.classes)


def _deals(x: np.ndarray, y: np.ndarray, groups: np.ndarray, single: bool, seed: int) -> Iterator[_Deal]:
    """`single`: one left-out group is a task; else all that are left out are one."""
    rng, names = np.random.default_rng(seed), np.unique(groups)
    out = _halves(rng, names)
    sets = [
        [np.flatnonzero(groups == name) for name in some]
        if single
        else [np.flatnonzero(np.isin(groups, some))]
        for some in out
    ]
    size = min(len(rows) for some in sets for rows in some)
    n, least = min(POOL, size * 6 // 10), 2 * ROUNDS * FEWEST_LABELS
    if n < least:
        raise AskwellError(
            f"The history is too small: a left-out {'task' if single else 'half of its classes'} has {size} rows, and "
            f"{least * 10 // 6} are needed to play; give more of what was labelled."
        )
    index = np.unique(y, return_inverse=True)[1].astype(np.int32)
    for some, choices in zip(out, sets, strict=True):
        fit = np.flatnonzero(~np.isin(groups, some))
        tasks = []
        for at in range(TASKS):
            rows = rng.permutation(choices[at % len(choices)])
            tasks.append((rows[:n], rows[n : n + min(REPORT, size - n)]))
        yield _Deal(fit, y[fit], tasks, index, int(index.max()) + 1)


def _halves(rng: np.random.Generator, names: np.ndarray) -> list[np.ndarray]:
    """Groups to leave out, deal by deal: each group about as often as any other."""
    found: list[np.ndarray] = []
    while len(found) < DEALS:
        order = rng.permutation(names)
        half = len(names) // 2
        found += [order[:half], order[half:]]
    return found[:DEALS]


def _play(program: Program, pools: list[Pool], seed: int) -> np.ndarray:
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *pools)
    return np.asarray(program(jax.random.key(seed), stacked))
