"""Is it worth going on?"""

import dataclasses
from collections.abc import Sequence

from askwell.asking.assess import Assessment
from askwell.core import AskwellError


@dataclasses.dataclass(frozen=True)
class Stop:
    """When labelling may stop: as soon as one of these holds. None switches one off.

    Attributes:
        agreement: the last `rounds` batches each left at least this share of the pool's predictions as they were
            (Bloodgood and Vijay-Shanker 2009). At an agreement T, F1 changes by at most ``4 (1 − T) / T`` from one
            classifier to the next; nothing follows for the accuracy.
        rounds: see `agreement`.
        gain: the next labels, as many as the last batch had, will probably bring no more accuracy than that.
        width: the interval of the audited accuracy is at most so wide.
        labels: so many labels are there.
    """

    agreement: float | None = 0.98
    rounds: int = 3
    gain: float | None = None
    width: float | None = None
    labels: int | None = None

    def __post_init__(self):
        """Refuse what can never hold."""
        for name in ("agreement", "gain", "width"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= 1:
                raise AskwellError(f"stop: {name} is {value}; give a share above 0, at most 1, or None.")
        for name in ("rounds", "labels"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise AskwellError(f"stop: {name} is {value}; give at least 1.")

    def reasons(self, found: Assessment, labels: int) -> tuple[str, ...]:
        """Why to stop now, a sentence each; none where it is worth going on."""
        said = []
        last = found.agreement[-self.rounds :]
        if self.agreement is not None and len(last) == self.rounds and min(last) >= self.agreement:
            which = "the last batch" if self.rounds == 1 else f"each of the last {self.rounds} batches"
            said.append(f"{which} changed at most {1 - min(last):.1%} of the predictions")
        if self.gain is not None and found.gain is not None and found.gain.expected <= self.gain:
            said.append(
                f"{found.gain.more} more labels will probably bring no more than {self.gain:+.3f} accuracy"
            )
        if self.width is not None and found.audit is not None:
            wide = found.audit.high - found.audit.low
            if wide <= self.width:
                said.append(f"the audit tells the accuracy to within {wide:.2f}")
        if self.labels is not None and labels >= self.labels:
            said.append(f"there are {labels} labels, and the budget is {self.labels}")
        return tuple(said)


DEFAULT = Stop()


def advice(reasons: Sequence[str]) -> str:
    """The reasons to stop in a sentence."""
    return f"You may stop: {'; '.join(reasons)}."
