"""A labelling that several people work on at once: every answer goes to the disk, and a session follows from them."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterable
from itertools import groupby

from askwell.asking.answers import in_order
from askwell.core import AskwellError, unknown
from askwell.data.columns import text
from askwell.labelling.database import Database, Row
from askwell.labelling.leases import Leases
from askwell.labelling.log import HOW, LATER, Event
from askwell.labelling.session import Session
from askwell.labelling.told import known
from askwell.labelling.votes import GIVEN, Answer, Votes

LEASE = 600.0
"""Seconds for which rows are kept for somebody who is not heard of."""

LONGEST = 200
"""Characters of a class name or an annotator's."""

AUDIT = "audit"
"""How rows were asked that were drawn at random."""


class Project:
    """Answers of several people, kept in a database. Every method may be called from any thread.

    Attributes:
        session: its log holds the answers that count.
        votes: all answers.
        leases: who is at which row.
        answers: how often an answer was given, changed or taken back: the number that tells what is out of date.
        changed: its lock guards all that may change, and it is notified when something did.
    """

    def __init__(
        self,
        session: Session,
        database: Database,
        *,
        overlap: int = 1,
        lease: float = LEASE,
        clock: Callable[[], float] = time.time,
    ):
        """Take up what the database holds; `overlap` people are asked for each row.

        Raises:
            AskwellError: if it holds the labels of another pool, or `overlap` is below 1.
        """
        if overlap < 1:
            raise AskwellError(f"--overlap is {overlap}; give at least 1.")
        self.session, self.database, self.clock = session, database, clock
        self.votes, self.leases = Votes(overlap), Leases(lease)
        self.changed = threading.Condition()
        self.answers = self._batches = 0
        for id, label in session.log.labels.items():
            self.votes.put(Answer(id, GIVEN, label))
        content = hashlib.sha256("\n".join(session.ids).encode()).hexdigest()[:16]
        database.begin({"rows": str(len(session.ids)), "ids": content})
        for (asked, number), rows in groupby(database.events(), lambda row: (row.does == "ask", row.batch)):
            if asked:
                self._asked(list(rows), number or 0)
                continue
            for row in rows:
                if row.does == "untell":
                    self._forget(row.id, row.annotator)
                    self.leases.hold(row.annotator, [row.id], row.at)
                else:
                    self._count(Answer(row.id, row.annotator, row.label, row.how, row.seconds, row.at))
                    self.leases.hear(row.annotator, row.at)
                    self.leases.release(row.annotator, row.id)

    def put(self, id: str, annotator: str, label: str | None, how: str = "", seconds: float = 0.0) -> None:
        """Take in an answer, a label or a kind of skip. It is on the disk when this returns.

        The same answer given again changes nothing. A row need not have been asked.

        Raises:
            AskwellError: for an unknown row, class or kind of skip, and if the answer cannot be written.
        """
        self.put_all([Answer(id, annotator, label, how, seconds)])

    def put_all(self, answers: Iterable[Answer]) -> int:
        """Take in several answers, all of them or none; gives how many were new. Their time is now.

        Raises:
            AskwellError: as `put`.
        """
        with self.changed:
            now = self.clock()
            new = {(one.id, one.annotator): one for one in (self._checked(one, now) for one in answers)}
            log, told = self.session.log, {*self.session.log.labels.values()}
            in_order(told | {one.label for one in new.values() if one.label is not None})
            fresh = []
            for one in new.values():
                old = self.votes.of(one.id, one.annotator)
                same = old is not None and (old.label, old.how) == (one.label, one.how)
                if not same or (one.how == LATER and one.id not in log.passed_over()):
                    fresh.append(one)
            if fresh:
                self.database.add(
                    Row(now, one.annotator, "skip" if one.label is None else "tell", *one[:1], *one[2:5])
                    for one in fresh
                )
            for one in fresh:
                self._count(one)
            for one in new.values():
                self.leases.hear(one.annotator, now)
                self.leases.release(one.annotator, one.id)
            self.changed.notify_all()
            return len(fresh)

    def take_back(self, id: str, annotator: str) -> None:
        """Forget an answer; the same person is asked the row again. Where there is no answer, nothing changes.

        Raises:
            AskwellError: for an unknown row, and if that cannot be written.
        """
        with self.changed:
            id, annotator, now = self.known(id), named(annotator), self.clock()
            if self.votes.of(id, annotator) is not None:
                self.database.add([Row(now, annotator, "untell", id)])
                self._forget(id, annotator)
            self.leases.hold(annotator, [id], now)
            self.changed.notify_all()

    def ask(self, annotator: str, ids: list[str], audit: list[str]) -> None:
        """Hand a batch to somebody; those of its rows that are in `audit` were drawn at random.

        Raises:
            AskwellError: if that cannot be written.
        """
        with self.changed:
            now, number = self.clock(), self._batches + 1
            rows = [
                Row(now, annotator, "ask", id, how=AUDIT if id in audit else "", batch=number) for id in ids
            ]
            self.database.add(rows)
            self._asked(rows, number)

    def is_open(self, id: str) -> bool:
        """Whether a row has no answer that counts."""
        log = self.session.log
        return id not in log.labels and log.skipped.get(id, LATER) == LATER

    def _asked(self, rows: list[Row], number: int) -> None:
        self._batches = max(self._batches, number)
        ids = tuple(row.id for row in rows)
        self.session.log.add(Event("ask", ids, audit=tuple(row.id for row in rows if row.how == AUDIT)))
        self.leases.hold(rows[0].annotator, ids, rows[0].at)

    def _count(self, answer: Answer) -> None:
        self.votes.put(answer)
        self._settle(answer.id, again=answer.how == LATER)

    def _forget(self, id: str, annotator: str) -> None:
        self.votes.take_back(id, annotator)
        self._settle(id)

    def _settle(self, id: str, again: bool = False) -> None:
        """The log says what counts of the row; a row may be put off `again`."""
        log = self.session.log
        event = self.votes.change(id, log.labels, log.skipped)
        if event is None and again and log.skipped.get(id) == LATER:
            event = Event("skip", (id,), how=LATER)
        if event is not None:
            log.add(event)
        self.answers += 1

    def known(self, id: str) -> str:
        """The id as the pool has it.

        Raises:
            AskwellError: if the pool has it not.
        """
        return known([id], self.session.standing.place, str(self.session.ids[0]))[0]

    def _checked(self, answer: Answer, now: float) -> Answer:
        declared, word = self.session.standing.declared, None
        if answer.label is not None:
            word = text(answer.label)
            if word is None or len(word) > LONGEST:
                raise AskwellError(
                    f"The class is '{answer.label[:LONGEST]}'; give a name of 1 to {LONGEST} characters."
                )
            if declared is not None and word not in declared:
                raise AskwellError(unknown("class", word, declared))
        elif answer.how not in HOW:
            raise AskwellError(unknown("skip", answer.how, HOW))
        how = "" if word is not None else answer.how
        return Answer(self.known(answer.id), named(answer.annotator), word, how, answer.seconds, now)


def named(annotator: str) -> str:
    """An annotator's name as it is kept.

    Raises:
        AskwellError: for none, one that is too long, or one of Askwell's own.
    """
    word = " ".join(annotator.split())
    if not word or len(word) > LONGEST or word == GIVEN:
        raise AskwellError(
            f"The name is '{word[:LONGEST]}'; give one of 1 to {LONGEST} characters other than '{GIVEN}'."
        )
    return word
