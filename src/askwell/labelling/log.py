"""What was asked, told, skipped and taken back, in order; the state of a session follows from it."""

import dataclasses
from typing import NamedTuple

EXCLUDE, UNSURE, LATER = "exclude", "unsure", "later"
HOW = (EXCLUDE, UNSURE, LATER)
"""What a skip may mean for the pool, see `askwell.Session.skip`."""

BEFORE = "before"
"""How labels were told that were there when the session began: they need not have been asked."""

DOES = ("ask", "tell", "skip", "untell")


@dataclasses.dataclass(frozen=True)
class Event:
    """One line of the log.

    Attributes:
        does: one of "ask", "tell", "skip", "untell".
        ids: the rows.
        labels: of "tell" their labels.
        how: of "skip" one of `HOW`; of "tell" perhaps `BEFORE`.
        audit: of "ask" those of its rows that were drawn at random.
    """

    does: str
    ids: tuple[str, ...]
    labels: tuple[str, ...] = ()
    how: str = ""
    audit: tuple[str, ...] = ()


class Batch(NamedTuple):
    """A batch that was asked.

    Attributes:
        size: how many rows it had.
        audit: those of them that were drawn at random.
        before: how many events there were before it.
        labels: how many labels there were.
    """

    size: int
    audit: tuple[str, ...]
    before: int
    labels: int


class Log:
    """The events, and what they come to.

    Attributes:
        events: in order.
        labels: id to label, of what is labelled now, in the order of telling.
        skipped: id to kind of skip.
        batches: those that were asked.
        unasked: how many of the labels no batch had asked for.
    """

    def __init__(self, events: list[Event] | None = None):
        self.events: list[Event] = []
        self.labels: dict[str, str] = {}
        self.skipped: dict[str, str] = {}
        self.batches: list[Batch] = []
        self._asked: set[str] = set()
        self._given: set[str] = set()
        self._back: dict[str, int] = {}  # the number of rounds after which a row that was put off comes back
        for event in events or []:
            self.add(event)

    def add(self, event: Event) -> None:
        """Take in one more event, which must be valid."""
        self.events.append(event)
        if event.does == "ask":
            self.batches.append(Batch(len(event.ids), event.audit, len(self.events) - 1, len(self.labels)))
            self._asked |= set(event.ids)
        elif event.does == "tell":
            for name, word in zip(event.ids, event.labels, strict=True):
                self.labels[name] = word
                self.skipped.pop(name, None)
            if event.how == BEFORE:
                self._given |= set(event.ids)
        else:
            for name in event.ids:
                self.labels.pop(name, None)
                self.skipped.pop(name, None)
                if event.does == "skip":
                    self.skipped[name] = event.how
                    self._back[name] = self.rounds + 1

    @property
    def rounds(self) -> int:
        """How many batches were asked."""
        return len(self.batches)

    @property
    def unasked(self) -> int:
        """How many of the labels no batch had asked for."""
        return len(set(self.labels) - self._asked - self._given)

    @property
    def chosen(self) -> bool:
        """Whether every label is of a row that some batch asked for."""
        return self._asked.issuperset(self.labels)

    @property
    def open_batch(self) -> tuple[str, ...]:
        """The last batch, if nothing has happened since; else nothing."""
        last = self.events[-1] if self.events else None
        return last.ids if last is not None and last.does == "ask" else ()

    @property
    def names(self) -> set[str]:
        """Every row that occurs."""
        return {name for event in self.events for name in event.ids}

    def labelled_before(self, batch: Batch) -> frozenset[str]:
        """Rows that had a label when a batch was asked."""
        return frozenset(Log(self.events[: batch.before]).labels)

    def passed_over(self) -> list[str]:
        """Rows that were put off and must not be in the next batch."""
        return [name for name, how in self.skipped.items() if how == LATER and self.rounds < self._back[name]]
