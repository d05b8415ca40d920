"""What several people answered, and the one label of a row that follows."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from askwell.labelling.database import Row
from askwell.labelling.log import Event

GIVEN = "given"
"""Who gave the labels that were there before the first person came."""


class Answer(NamedTuple):
    """What one person said of one row.

    Attributes:
        id: the row.
        annotator: who said it.
        label: a class; None where the row was skipped.
        how: the kind of skip, one of `askwell.labelling.log.HOW`; empty for a label.
        seconds: how long it took; 0 where that is not known.
        at: when, in seconds since 1970.
    """

    id: str
    annotator: str
    label: str | None
    how: str = ""
    seconds: float = 0.0
    at: float = 0.0


def votes_of(events: Iterable[Row], overlap: int = 1) -> "Votes":
    """What the events of a labelling's file come to."""
    votes = Votes(overlap)
    for row in events:
        if row.does == "untell":
            votes.take_back(row.id, row.annotator)
        elif row.does != "ask":
            votes.put(Answer(row.id, row.annotator, row.label, row.how, row.seconds, row.at))
    return votes


class Votes:
    """The last answer of each person to each row, and what they come to.

    With an `overlap` of 1 the newest answer to a row counts. With more, the label that most people gave counts, and of
    equally many the one that was given first; what was given before the first person came counts only until then. A
    skip counts where nobody gave a label.

    Attributes:
        rows: id to annotator to answer, in the order of answering.
        overlap: how many people are asked for each row.
    """

    def __init__(self, overlap: int = 1):
        self.overlap = overlap
        self.rows: dict[str, dict[str, Answer]] = {}

    def put(self, answer: Answer) -> None:
        """Take in an answer; one that the same person gave earlier no longer counts."""
        answers = self.rows.setdefault(answer.id, {})
        answers.pop(answer.annotator, None)
        answers[answer.annotator] = answer

    def take_back(self, id: str, annotator: str) -> None:
        """Forget an answer, which must be there."""
        del self.rows[id][annotator]

    def of(self, id: str, annotator: str) -> Answer | None:
        """What that person said of that row; None where nothing counts."""
        return self.rows.get(id, {}).get(annotator)

    def all(self) -> list[Answer]:
        """All answers, row by row."""
        return [one for answers in self.rows.values() for one in answers.values()]

    def resolved(self, id: str) -> Answer | None:
        """The answer that counts for a row; None where there is none."""
        answers = list(self.rows.get(id, {}).values())
        answers = [one for one in answers if one.annotator != GIVEN] or answers
        labelled = [one for one in answers if one.label is not None]
        if not answers:
            return None
        if not labelled or self.overlap == 1:
            return answers[-1]
        count = Counter(one.label for one in labelled)
        return max(labelled, key=lambda one: count[one.label])  # of equals the first

    def change(self, id: str, labels: Mapping[str, str], skipped: Mapping[str, str]) -> Event | None:
        """What must be added to a log with those `labels` and skips, so that the counting answer stands in it."""
        found = self.resolved(id)
        if found is None:
            return Event("untell", (id,)) if id in labels or id in skipped else None
        if found.label is not None:
            return None if labels.get(id) == found.label else Event("tell", (id,), (found.label,))
        return None if skipped.get(id) == found.how else Event("skip", (id,), how=found.how)

    def disputed(self) -> list[str]:
        """Rows that two people gave different labels."""
        return [id for id in self.rows if len(set(self._labels(id).values())) > 1]

    def agreement(self) -> float | None:
        """Krippendorff's alpha for nominal data (Krippendorff 2011) over rows with two labels or more.

        1 is perfect agreement, 0 what chance would bring; None where no two people labelled the same row, or all gave
        one and the same class.
        """
        found = [labels for id in self.rows if len(labels := self._labels(id)) > 1]
        classes = sorted({label for labels in found for label in labels.values()})
        if len(classes) < 2:
            return None
        import krippendorff  # slow to import

        counts = np.zeros((len(found), len(classes)))
        for row, labels in zip(counts, found, strict=True):
            for label in labels.values():
                row[classes.index(label)] += 1
        return float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))

    def _labels(self, id: str) -> dict[str, str]:
        """Who gave the row which label, without what was given before."""
        answers: Iterable[Answer] = self.rows[id].values()
        return {
            one.annotator: one.label for one in answers if one.label is not None and one.annotator != GIVEN
        }

    def seconds(self) -> Sequence[float]:
        """How long the answers took, of those where it is known."""
        return [one.seconds for one in self.all() if one.seconds > 0]
