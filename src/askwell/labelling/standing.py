"""What follows from a log: labels by row, what the learner believes, and how good it is."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from askwell.asking.answers import in_order
from askwell.asking.assess import FOREIGN, Assessment, assess
from askwell.asking.belief import fit_to, predict, take
from askwell.asking.choice import Choice, choose_rows
from askwell.core import NO_ANSWER, NOT_ASKED, AbstractFitted, AbstractLearner, AbstractStrategy, AskwellError
from askwell.labelling import told
from askwell.labelling.log import Log
from askwell.labelling.predictions import weights_of

MORE = 10
"""Labels whose gain is told before any batch was asked."""


class Snapshot(NamedTuple):
    """A log at one moment, by row of the pool; it stays as it is while the log goes on.

    Attributes:
        events: how many there were.
        classes: the classes, in the order of the columns of probabilities.
        y: ``int32 [N]``: an index into `classes`, ``NOT_ASKED``, or ``NO_ANSWER`` for rows that must not be asked.
        rows: ``int64 [b]``, the labelled rows in the order of telling.
        waiting: ``int64``, rows that were put off and must not be in the next batch.
        before: ``bool [b]`` of each of the last batches: which of `rows` were labelled before it.
        drawn: ``bool [b]``, which of `rows` some batch drew at random.
        more: how many labels the last batch had.
    """

    events: int
    classes: tuple[str, ...]
    y: np.ndarray
    rows: np.ndarray
    waiting: np.ndarray
    before: tuple[np.ndarray, ...]
    drawn: np.ndarray
    more: int


class Standing:
    """What follows from a log, for one pool and one learner. Safe to be used from several threads at once."""

    def __init__(
        self,
        learner: AbstractLearner,
        seed: int,
        x: np.ndarray,
        place: Mapping[str, int],
        proba: np.ndarray | None,
        declared: tuple[str, ...] | None,
    ):
        self.learner, self.seed, self.x, self.place = learner, seed, x, place
        self.proba, self.declared = proba, declared
        self._belief: tuple[int, np.ndarray, AbstractFitted] | None = None

    def classes(self, log: Log) -> tuple[str, ...]:
        """The classes, in the order of the columns of probabilities."""
        return self.declared or in_order(set(log.labels.values()))

    def y(self, log: Log) -> np.ndarray:
        """Labels by row, see `told.labels_of`."""
        return told.labels_of(log, self.place, self.classes(log))

    def weights(self, log: Log, metric: str) -> np.ndarray | None:
        """See `weights_of`; None for a model of the user's own, which decides as it does."""
        y = self.y(log)
        return None if self.proba is not None else weights_of(metric, y[y >= 0], len(self.classes(log)))

    def snapshot(self, log: Log, rounds: int = 0, apart: int = 1) -> Snapshot:
        """The log as it stands; `before` goes back so many `rounds`, between which at least `apart` labels came."""
        classes, names = self.classes(log), list(log.labels)
        before: list[np.ndarray] = []
        last = len(names) + apart
        for batch in reversed(log.batches):
            if len(before) > rounds or not batch.labels:
                break
            if batch.labels <= last - apart:
                known, last = log.labelled_before(batch), batch.labels
                before.append(np.array([name in known for name in names], bool))
        audit = {name for batch in log.batches for name in batch.audit}
        return Snapshot(
            len(log.events),
            classes,
            self.y(log),
            np.array([self.place[name] for name in names], int),
            np.array([self.place[name] for name in log.passed_over()], int),
            tuple(reversed(before)),
            np.array([name in audit for name in names], bool),
            log.batches[-1].size if log.batches else MORE,
        )

    def choose(self, strategy: AbstractStrategy, found: Snapshot, q: int) -> Choice:
        """The next batch: `q` rows, or fewer if fewer are left.

        Raises:
            AskwellError: if no row is left, or the strategy or the learner fails.
        """
        y = found.y.copy()
        if np.sum(y == NOT_ASKED) > np.sum(y[found.waiting] == NOT_ASKED):  # else their time has come
            y[found.waiting] = NO_ANSWER
        left = int(np.sum(y == NOT_ASKED))
        if not left:
            raise AskwellError(f"All {len(y)} rows have a label or were skipped, so there is nothing to ask.")
        return choose_rows(
            strategy,
            self.learner,
            self.x,
            y,
            np.flatnonzero(y >= 0),
            classes=len(found.classes),
            batch=min(q, left),
            seed=self.seed + len(found.rows),
            given=self.proba,
        )

    def belief(self, found: Snapshot) -> tuple[np.ndarray, AbstractFitted | None]:
        """Log-probabilities ``[N, c or more]`` of every row, and the learner.

        Raises:
            AskwellError: without a label, or if the learner fails.
        """
        if self.proba is not None:
            return take(self.proba, slice(None)), None
        if not len(found.rows):
            raise AskwellError("There is no label yet, so nothing can be predicted; tell some first.")
        kept = self._belief
        if kept is None or kept[0] != found.events:
            rows = np.sort(found.rows)
            fitted = fit_to(self.seed, self.learner, self.x[rows], found.y[rows], len(found.classes))
            kept = self._belief = found.events, predict(self.learner, fitted, self.x), fitted
        return kept[1:]

    def assess(self, found: Snapshot, rounds: int) -> Assessment:
        """How good the classifier is, with the agreement of the last so many `rounds`.

        Raises:
            AskwellError: if the learner fails.
        """
        if self.proba is not None:
            return Assessment(unknown=FOREIGN)
        return assess(
            self.seed,
            self.learner,
            self.x,
            found.rows,
            found.y[found.rows],
            len(found.classes),
            before=found.before,
            drawn=found.drawn,
            rounds=rounds,
            more=found.more,
        )
