"""How good is the classifier now?"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from askwell.asking import expected
from askwell.asking.belief import fit_to, predict
from askwell.asking.crossfit import out_of_fold
from askwell.asking.estimate import Estimate, audited, shipped
from askwell.asking.expected import Expected
from askwell.asking.indicators import Indicators, indicate, probe_rows
from askwell.core import AbstractLearner

MOST = 2048
"""Labels that are predicted from others: of more, so many."""

UNKNOWN = "How good the classifier is cannot be told yet: that takes two classes, and one of them twice."
FOREIGN = "How good the classifier is cannot be told: only you can fit it without some of the labels."


class Assessment(NamedTuple):
    """How good the classifier is.

    Attributes:
        accuracy, balanced_accuracy: estimates; None where they cannot be told.
        audit: the estimate of the accuracy from the rows that were drawn at random; None without an audit.
        unknown: why nothing can be told, in a sentence.
        indicators: what the estimates are made from.
        agreement: the share of the pool that each of the last batches left with the same prediction, the newest last.
        gain: what the next labels will probably bring.
    """

    accuracy: Estimate | None = None
    balanced_accuracy: Estimate | None = None
    audit: Estimate | None = None
    unknown: str | None = None
    indicators: Indicators | None = None
    agreement: tuple[float, ...] = ()
    gain: Expected | None = None

    def text(self) -> str | None:
        """The estimates in a sentence, or why there are none."""
        if self.accuracy is None or self.balanced_accuracy is None:
            return self.unknown
        drawn = " by the audit" if self.audit is not None else ""
        said = (
            f"Accuracy now: {self.accuracy}{drawn}; balanced accuracy: {self.balanced_accuracy}; nine such intervals "
            "in ten hold the truth."
        )
        if self.gain is not None:
            said += f" {self.gain.more} more labels will probably bring {self.gain.expected:+.3f}, hardly more than "
            said += f"{self.gain.most:+.3f}."
        return said


def assess(
    seed: int,
    learner: AbstractLearner,
    x: np.ndarray,
    rows: np.ndarray,
    y: np.ndarray,
    classes: int,
    *,
    before: Sequence[np.ndarray] = (),
    drawn: np.ndarray | None = None,
    rounds: int = 3,
    more: int = 10,
) -> Assessment:
    """How good the classifier is.

    Args:
        seed: of the learner.
        learner: is fitted.
        x: ``float32 [N, d]``, the encoded pool.
        rows: ``int [b]``, the labelled rows.
        y: ``int [b]``, their labels.
        classes: how many there are, at least.
        before: ``bool [b]`` of each batch, in the order of asking: which of the rows were labelled before it.
        drawn: ``bool [b]``, the rows that were drawn at random; by default none.
        rounds: the agreement of so many batches is told.
        more: the gain of so many further labels is told.

    Raises:
        AskwellError: if the learner fails.
    """
    if len(set(y.tolist())) in (0, 1, len(y)):
        return Assessment(unknown=UNKNOWN)
    probe = x[probe_rows(len(x), seed)]

    def believed(known: np.ndarray) -> np.ndarray:
        """Log-probabilities of the probe by the learner that was fitted to some of the labels."""
        some = rows[known]
        order = np.argsort(some)  # as in a batch: the pool's order
        return predict(learner, fit_to(seed, learner, x[some[order]], y[known][order], classes), probe)

    now = believed(np.ones(len(y), bool))
    # Batches that were answered since, each once; before two classes there was no classifier.
    earlier = {known.tobytes(): known for known in before if len(set(y[known].tolist())) > 1}
    told = [
        np.argmax(believed(known), axis=1) for known in list(earlier.values())[-rounds:] if not known.all()
    ]
    after = itertools.pairwise([*told, np.argmax(now, axis=1)])
    drawn = np.zeros(len(y), bool) if drawn is None else drawn
    # Of very many labels some suffice, those that were drawn among them.
    order = np.random.default_rng(seed).permutation(len(y))
    some = np.sort(order[np.argsort(~drawn[order], kind="stable")][:MOST])
    held_out = out_of_fold(seed, learner, x[rows[some]], y[some], classes)
    found = indicate(probe, now, x[rows[some]], y[some], held_out, told[-1] if told else None)
    found = found._replace(labels=len(y), classes=len(set(y.tolist())))
    right = np.argmax(held_out, axis=1) == y[some]
    audit = audited(right[drawn[some]].tolist()) if drawn.any() else None
    made = shipped()
    accuracy = audit or made["accuracy"](found)
    return Assessment(
        accuracy,
        made["balanced_accuracy"](found),
        audit,
        None,
        found,
        tuple(float(np.mean(a == b)) for a, b in after),
        expected.shipped()(found, made["accuracy"](found).value, more)
        if more <= expected.REACH * len(y)
        else None,
    )
