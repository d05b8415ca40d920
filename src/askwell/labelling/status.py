"""Where a session stands."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from askwell.asking.assess import Assessment
from askwell.asking.estimate import Estimate
from askwell.asking.savings import Random, random_batches
from askwell.asking.stopping import Stop, advice
from askwell.core import NOT_ASKED
from askwell.labelling.log import HOW, Log
from askwell.labelling.standing import Standing

WORDS = {"exclude": "left out of the pool", "unsure": "that nobody can tell", "later": "put off"}


@dataclasses.dataclass(frozen=True)
class Status:
    """Where a session stands.

    Attributes:
        rows: in the pool.
        labels: how many have one.
        counts: labels of each class, the most frequent first.
        skipped: rows by kind of skip.
        left: rows that can still be asked.
        rounds: batches that were asked.
        unasked: labels that were told of rows that no batch had asked.
        assessment: how good the classifier is.
        reasons: why labelling may stop now; none where it is worth going on.
        random: what random batches would probably have reached instead; None where that cannot be told.
    """

    rows: int
    labels: int
    counts: Mapping[str, int]
    skipped: Mapping[str, int]
    left: int
    rounds: int
    unasked: int
    assessment: Assessment
    reasons: tuple[str, ...] = ()
    random: Random | None = None

    @property
    def accuracy(self) -> Estimate | None:
        """Of the classifier on the pool as it stands, with an interval; None where it cannot be told."""
        return self.assessment.accuracy

    @property
    def balanced_accuracy(self) -> Estimate | None:
        """The same as a mean over classes."""
        return self.assessment.balanced_accuracy

    @property
    def stop(self) -> bool:
        """Whether labelling may stop now."""
        return bool(self.reasons)

    @property
    def majority(self) -> tuple[str, float] | None:
        """The most frequent class among the labels, and its share; None without a label."""
        if not self.counts:
            return None
        name, count = next(iter(self.counts.items()))
        return name, count / self.labels

    def text(self) -> str:
        """The same in sentences."""
        said = [f"{self.labels} of {self.rows} rows have a label, {self.left} can still be asked."]
        if self.majority is None:
            said.append("No class is known yet: label the first batch.")
        elif len(self.counts) == 1:
            said.append(
                f"All labels are '{self.majority[0]}': there is nothing to learn before a second class comes."
            )
        else:
            shown = ", ".join(f"{name} {count}" for name, count in self.counts.items())
            name, share = self.majority
            said.append(
                f"Classes: {shown}; always saying '{name}' would be right for {share:.0%} of these labels."
            )
        if len(self.counts) > 1 and (judged := self.assessment.text()):
            said.append(judged)
        if self.random is not None:
            said.append(self.random.text())
        if self.skipped:
            kinds = ", ".join(f"{count} {WORDS[kind]}" for kind, count in self.skipped.items())
            said.append(f"Skipped: {kinds}.")
        if self.unasked:
            said.append(
                f"{self.unasked} of the labels {'were' if self.unasked > 1 else 'was'} not asked for."
            )
        if self.stop:
            said.append(advice(self.reasons))
        return "\n".join(filter(None, said))

    __str__ = text


def status_of(log: Log, standing: Standing, strategy: str, stop: Stop, found: Assessment) -> Status:
    """Where a session with that log stands; `found` is how good its classifier is, `strategy` chose the batches."""
    words = list(log.labels.values())
    random = None
    if found.accuracy is not None and log.chosen:
        random = random_batches(strategy, standing.learner.name, len(words), found.accuracy.value)
    counts = {name: words.count(name) for name in standing.classes(log) if name in set(words)}
    skips = list(log.skipped.values())
    return Status(
        rows=len(standing.x),
        labels=len(words),
        counts=dict(sorted(counts.items(), key=lambda pair: -pair[1])),
        skipped={how: skips.count(how) for how in HOW if how in skips},
        left=int(np.sum(standing.y(log) == NOT_ASKED)),
        rounds=log.rounds,
        unasked=log.unasked,
        assessment=found,
        reasons=stop.reasons(found, len(words)),
        random=random,
    )
