"""Where a session stands."""

import dataclasses
from collections.abc import Mapping

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
    """

    rows: int
    labels: int
    counts: Mapping[str, int]
    skipped: Mapping[str, int]
    left: int
    rounds: int
    unasked: int

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
        if self.skipped:
            kinds = ", ".join(f"{count} {WORDS[kind]}" for kind, count in self.skipped.items())
            said.append(f"Skipped: {kinds}.")
        if self.unasked:
            said.append(
                f"{self.unasked} of the labels {'were' if self.unasked > 1 else 'was'} not asked for."
            )
        return "\n".join(said)

    __str__ = text
