"""Which metric helps in a domain? Judged by playing on past classes, or past tasks, that it was not fitted to."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from askwell.core import ACCURACY, AskwellError, Pool, metric_of
from askwell.data import Table, fit_encoder
from askwell.encoders.candidates import CANDIDATES, NONE
from askwell.encoders.domain import HISTORY, Domain, fit_together
from askwell.encoders.metric import Metric
from askwell.encoders.network import Network
from askwell.execution import Program, compilation_cache
from askwell.games import BatchGame
from askwell.learners import make_learner
from askwell.policies import make_strategy
from askwell.training.programs import areas

ROUNDS, BATCH = 10, 10
"""Of a game with all classes. With some of them the batch is as much smaller, since few classes are told apart soon,
and then all metrics look alike."""

FEWEST_LABELS = 2
"""Labels of a batch, at least."""

DEALS, TASKS = 12, 2
"""How often past classes are dealt into those that a metric is fitted to and those that are played; tasks of each."""

POOL, REPORT = 300, 500
"""Rows of a task, at most."""

SURE = 2
"""Standard errors by which a metric must be better than none: with one, shuffled labels still taught something."""

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
        domain: what encodes further pools; None where no metric helps.
        name: of the metric that is kept, `NONE` where none helps.
        candidates: all that were tried, the best first.
        reason: why this one, in a sentence.
    """

    domain: Domain | None
    name: str
    candidates: tuple[Candidate, ...]
    reason: str


def learn_metric(
    history: Table,
    tasks: np.ndarray | None = None,
    *,
    features: int = 64,
    strategy: str = "uherding",
    metric: str = ACCURACY,
    seed: int = 0,
    family: Mapping[str, Metric | Network] = CANDIDATES,
    watch: Callable[[int, int], None] = lambda done, whole: None,
) -> Learned:
    """The metric in which a learner gets on best with classes, or tasks, that the metric has not seen.

    Half of the past classes are left out in turn: each candidate is fitted to the others, and `strategy` plays pools of
    those. A game has 10 rounds from nothing, of 10 labels if it had all classes, and of fewer in proportion, or where
    rows are few. With `tasks`, tasks are left out instead.
    No metric at all, with the rows encoded by themselves, is always a candidate, and is kept unless another is better
    by `SURE` standard errors.

    Args:
        history: rows with labels.
        tasks: ``int [N]``, which task each row belongs to; by default classes are left out.
        features: most features that are kept.
        strategy: what plays.
        metric: what counts, see `askwell.core.METRICS`.
        seed: decides the deals.
        family: metrics to choose from; what encodes further pools knows those of `CANDIDATES` alone.
        watch: called with steps done and in all: a step is a deal that is encoded, or a candidate that played.

    Raises:
        AskwellError: for a history with too few rows to play.
    """
    compilation_cache()
    y = np.unique(np.asarray(history.labels, str), return_inverse=True)[1].astype(np.int32)
    groups = y if tasks is None else tasks
    count, what = len(np.unique(groups)), "classes" if tasks is None else "tasks"
    least = FEWEST if tasks is None else FEWEST // 2
    about, player = metric_of(metric), make_strategy(strategy)
    if count < least:
        few = f"The history has {count} {what}; with fewer than {least} none can be left out."
        return Learned(None, NONE, (), few)
    deals = []
    for fit, played in _deals(y, groups, tasks is not None, seed):
        deals.append(_encoded(history, y, fit, played, features))
        watch(len(deals), DEALS + 1 + len(family))
    wide = max(deal.own.shape[1] for deal in deals) > features
    names = [NONE, *(name for name, one in family.items() if wide or not one.wide)]
    steps = DEALS + len(names)
    width = max(min(x.shape[1], features) for deal in deals for x in (deal.raw, deal.own))
    share = len(np.unique(deals[0].classes)) / deals[0].known
    batch = min(max(round(BATCH * share), FEWEST_LABELS), len(deals[0].tasks[0][0]) // (2 * ROUNDS))
    game = BatchGame(make_learner("logistic"), ROUNDS, batch)
    program = Program(lambda key, pools: areas(game, player, key, pools, about.column))
    scores: dict[str, np.ndarray] = {}
    for done, name in enumerate(names, 1 + DEALS):
        pools = [pool for deal in deals for pool in deal.pools(family.get(name), features, width)]
        stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *pools)
        played = np.asarray(program(jax.random.key(seed), stacked))
        scores[name] = played.reshape(len(deals), -1).mean(axis=1)
        watch(done, steps)
    found = [_candidate(name, scores, about.sign) for name in names]
    found.sort(key=lambda one: -one.gain)
    best = found[0]
    if best.name == NONE or best.gain <= SURE * best.se:
        helped = f"No metric was better than none by more than {SURE} standard errors"
        return Learned(None, NONE, tuple(found), f"{helped} on {what} that were left out.")
    reason = (
        f"On {what} that were left out, {metric} over the labels was {best.score:.3f}, "
        f"{best.gain:+.3f} against no metric (standard error {best.se:.3f})."
    )
    domain = Domain(best.name, kept(history, np.arange(len(y))), features, history.name)
    return Learned(domain, best.name, tuple(found), reason)


def _candidate(name: str, scores: dict[str, np.ndarray], sign: int) -> Candidate:
    gains = sign * (scores[name] - scores[NONE])
    se = float(np.std(gains, ddof=1) / np.sqrt(len(gains)))
    return Candidate(name, float(scores[name].mean()), float(gains.mean()), se)


class _Deal(NamedTuple):
    """What a metric is fitted to, and the rows that are played, encoded in two ways.

    Attributes:
        x, y: rows to fit a metric to, and their classes.
        own: the rows that are played, by the same encoder.
        raw: the same by an encoder of their own.
        classes: of the rows that are played.
        tasks: places of pool and report among them, task by task.
        known: how many classes the history has.
    """

    x: np.ndarray
    y: np.ndarray
    own: np.ndarray
    raw: np.ndarray
    classes: np.ndarray
    tasks: Sequence[tuple[np.ndarray, np.ndarray]]
    known: int

    def pools(self, metric: Metric | Network | None, features: int, width: int) -> Iterator[Pool]:
        """The tasks in the metric of so many features, in `width` columns; those that it lacks play no part."""
        seen = self.raw if metric is None else metric(self.x, self.y, features)(self.own)
        seen = np.pad(seen, ((0, 0), (0, width - seen.shape[1]))).astype(np.float32)
        for pool, report in self.tasks:
            shown = report[:1]  # no reward is asked for
            xs, ys = (
                [jax.device_put(of[rows]) for rows in (pool, shown, report)] for of in (seen, self.classes)
            )
            yield Pool(xs[0], ys[0], xs[1], ys[1], xs[2], ys[2], self.known)


def _encoded(
    history: Table,
    y: np.ndarray,
    fit: np.ndarray,
    played: Sequence[tuple[np.ndarray, np.ndarray]],
    features: int,
) -> _Deal:
    rows = np.unique(np.concatenate([np.concatenate(task) for task in played]))
    tasks = [(np.searchsorted(rows, pool), np.searchsorted(rows, report)) for pool, report in played]
    past, shown = kept(history, fit), some_rows(history, rows)
    _, x = fit_together(past, shown, features, history.name)
    known = np.unique(past.labels.astype(str), return_inverse=True)[1]
    own, raw = x[len(known) :], fit_encoder(shown, features)[1]
    return _Deal(x[: len(known)], known, own, raw, y[rows], tasks, int(y.max()) + 1)


def kept(history: Table, rows: np.ndarray) -> Table:
    """At most `HISTORY` of those rows: what is kept of a history."""
    return some_rows(history, np.sort(np.random.default_rng(0).permutation(rows)[:HISTORY]))


def some_rows(table: Table, rows: np.ndarray) -> Table:
    """Some rows of a table."""
    frame = table.features.iloc[rows].reset_index(drop=True)
    return dataclasses.replace(table, features=frame, labels=table.labels[rows], ids=table.ids[rows])


def _deals(
    y: np.ndarray, groups: np.ndarray, single: bool, seed: int
) -> Iterator[tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]]:
    """Rows to fit to, and of each task the rows of pool and report.

    `single`: one left-out group is a task; else all that are left out are one.
    """
    rng, names = np.random.default_rng(seed), np.unique(groups)
    out = _left_out(rng, names)
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
            f"The history is too small: {'a task' if single else 'what is left out of it'} has {size} rows, and "
            f"{least * 10 // 6} are needed to play; give more of what was labelled."
        )
    for some, choices in zip(out, sets, strict=True):
        tasks = []
        for at in range(TASKS):
            rows = rng.permutation(choices[at % len(choices)])
            tasks.append((rows[:n], rows[n : n + min(REPORT, size - n)]))
        yield np.flatnonzero(~np.isin(groups, some)), tasks


def _left_out(rng: np.random.Generator, names: np.ndarray) -> list[np.ndarray]:
    """Half of the groups, rounded down, deal by deal: each group about as often as any other."""
    found: list[np.ndarray] = []
    while len(found) < DEALS:
        order = rng.permutation(names)
        half = len(names) // 2
        found += [order[:half], order[half : 2 * half]]
    return found[:DEALS]
