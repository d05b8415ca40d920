"""Past classes, or tasks, left out in turn: what a metric is fitted to, and the tasks that are played."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import jax
import numpy as np

from askwell.core import AskwellError, Pool
from askwell.data import Table, fit_encoder
from askwell.encoders.domain import HISTORY, fit_together
from askwell.encoders.metric import Metric
from askwell.encoders.network import Network

DEALS, TASKS = 12, 2
"""How often past classes are dealt into those that a metric is fitted to and those that are played; tasks of each."""

POOL, REPORT = 300, 500
"""Rows of a task, at most."""


class Deal(NamedTuple):
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


def encoded(
    history: Table,
    y: np.ndarray,
    fit: np.ndarray,
    played: Sequence[tuple[np.ndarray, np.ndarray]],
    features: int,
) -> Deal:
    """What is fitted to the rows `fit`, and the tasks that are `played`, each as rows of its pool and its report."""
    rows = np.unique(np.concatenate([np.concatenate(task) for task in played]))
    tasks = [(np.searchsorted(rows, pool), np.searchsorted(rows, report)) for pool, report in played]
    past, shown = kept(history, fit), some_rows(history, rows)
    _, x = fit_together(past, shown, features, history.name)
    known = np.unique(past.labels.astype(str), return_inverse=True)[1]
    own, raw = x[len(known) :], fit_encoder(shown, features)[1]
    return Deal(x[: len(known)], known, own, raw, y[rows], tasks, int(y.max()) + 1)


def kept(history: Table, rows: np.ndarray) -> Table:
    """At most `HISTORY` of those rows: what is kept of a history."""
    return some_rows(history, np.sort(np.random.default_rng(0).permutation(rows)[:HISTORY]))


def some_rows(table: Table, rows: np.ndarray) -> Table:
    """Some rows of a table."""
    frame = table.features.iloc[rows].reset_index(drop=True)
    return dataclasses.replace(table, features=frame, labels=table.labels[rows], ids=table.ids[rows])


def deals(
    y: np.ndarray, groups: np.ndarray, single: bool, seed: int, least: int
) -> Iterator[tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]]:
    """Rows to fit to, and of each task the rows of pool and report.

    Args:
        y: ``int [N]``, the class of each row.
        groups: ``int [N]``, what is left out: its class or its task.
        single: one left-out group is a task; else all that are left out are one.
        seed: decides the deals.
        least: rows that a pool must have.

    Raises:
        AskwellError: for a history with too few rows to play.
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
    n = min(POOL, size * 6 // 10)
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
