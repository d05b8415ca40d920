"""What follows from a log: labels by row, what the learner believes, and how good it is."""

from collections.abc import Mapping

import numpy as np

from askwell.asking.answers import in_order
from askwell.asking.assess import FOREIGN, Assessment, Batch, assess
from askwell.asking.belief import fit_to, predict, take
from askwell.core import AbstractFitted, AbstractLearner, AskwellError
from askwell.labelling import told
from askwell.labelling.log import Log

MORE = 10
"""Labels whose gain is told before any batch was asked."""


class Standing:
    """What follows from a log, for one pool and one learner."""

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

    def belief(self, log: Log) -> tuple[np.ndarray, AbstractFitted | None]:
        """Log-probabilities ``[N, c or more]`` of every row, and the learner.

        Raises:
            AskwellError: without a label, or if the learner fails.
        """
        if self.proba is not None:
            return take(self.proba, slice(None)), None
        if not log.labels:
            raise AskwellError("There is no label yet, so nothing can be predicted; tell some first.")
        if self._belief is None or self._belief[0] != len(log.events):
            y = self.y(log)
            labelled = np.flatnonzero(y >= 0)
            fitted = fit_to(self.seed, self.learner, self.x[labelled], y[labelled], len(self.classes(log)))
            self._belief = len(log.events), predict(self.learner, fitted, self.x), fitted
        return self._belief[1:]

    def assess(self, log: Log, rounds: int) -> Assessment:
        """How good the classifier is, with the agreement of the last so many `rounds`.

        Raises:
            AskwellError: if the learner fails.
        """
        if self.proba is not None:
            return Assessment(unknown=FOREIGN)
        names = list(log.labels)
        rows = np.array([self.place[name] for name in names], int)
        batches = [
            Batch(
                np.array([n in batch.known for n in names], bool),
                np.array([n in batch.audit for n in names], bool),
            )
            for batch in log.batches
        ]
        return assess(
            self.seed,
            self.learner,
            self.x,
            rows,
            self.y(log)[rows],
            len(self.classes(log)),
            batches=batches,
            rounds=rounds,
            more=log.batches[-1].size if log.batches else MORE,
        )
