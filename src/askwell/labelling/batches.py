"""The batches that people get: chosen ahead, while they are at the last one."""

from typing import NamedTuple

import numpy as np

from askwell.core import NO_ANSWER, NOT_ASKED, AskwellError, unknown
from askwell.labelling.judging import Judge
from askwell.labelling.log import LATER
from askwell.labelling.project import Project, named
from askwell.labelling.votes import GIVEN

AHEAD = 3
"""Somebody who holds at most one in `AHEAD` rows of a batch gets the next one, so that nobody waits."""

NARROW = 0.5
"""Two classes whose probabilities are nearer than this: the classifier wavers."""


class Pick(NamedTuple):
    """A row to ask.

    Attributes:
        id: the row.
        why: why it is asked, in a phrase.
        suggestion: the likeliest class, and its probability; None before two classes are known.
        drawn: whether it was drawn at random for the audit.
    """

    id: str
    why: str
    suggestion: tuple[str, float] | None = None
    drawn: bool = False


class Handed(NamedTuple):
    """What somebody gets: rows or, where there are none, why; neither while some are being chosen."""

    picks: list[Pick]
    nothing: str | None = None


class Batches:
    """Chooses batches ahead and hands them out.

    Attributes:
        size: rows that somebody gets at once.
        trouble: why no batch can be chosen, in a sentence; None where all is well.
    """

    def __init__(self, project: Project, judge: Judge, size: int = 10, people: int = 1):
        """`people` are expected at work at once, at least; for more, more is chosen as soon as they come.

        Raises:
            AskwellError: for a number below 1.
        """
        for name, value in (("--batch", size), ("--annotators", people)):
            if value < 1:
                raise AskwellError(f"{name} is {value}; give at least 1.")
        self.project, self.size = project, size
        self.trouble: str | None = None
        self._judge, self._expected = judge, people
        self._ready: list[list[Pick]] = []
        self._picks: dict[str, Pick] = {}
        self._chosen_at = (-1, -1)

    def prepared(self) -> bool:
        """Whether enough batches are ready for everybody at work, or no more can be chosen."""
        held = self.project.leases.held(self.project.clock())
        if self._chosen_at == (self.project.answers, len(held)):
            return True
        free = [batch for batch in self._ready if any(self._is_free(pick.id, held) for pick in batch)]
        return len(free) >= self._people()

    def choose(self) -> None:
        """Choose the next batches from what is known now.

        Raises:
            AskwellError: if the strategy or the learner fails.
        """
        project, session = self.project, self.project.session
        with project.changed:
            found = session.standing.snapshot(session.log)
            held = project.leases.held(project.clock())
            found.y[[session.standing.place[id] for id in held]] = NO_ANSWER
            people, now = self._people(), (project.answers, len(held))
        ready: list[list[Pick]] = []
        if np.any(found.y == NOT_ASKED):
            choice = session.standing.choose(session.strategy, found, people * self.size)
            count = len(choice.rows)
            first_drawn = count - session.drawn(count)
            picks = [
                pick_of(str(session.ids[row]), np.exp(log_proba), found.classes, at >= first_drawn)
                for at, (row, log_proba) in enumerate(zip(choice.rows, choice.log_proba, strict=True))
            ]
            # Every batch has its part of the rows that were drawn.
            parts, best = -(-count // self.size), picks[:first_drawn]
            each = -(-len(best) // parts)
            ready = [
                best[part * each : (part + 1) * each] + picks[first_drawn + part :: parts]
                for part in range(parts)
            ]
        with project.changed:
            self._ready, self._chosen_at = [batch for batch in ready if batch], now
            project.changed.notify_all()

    def hand_out(self, annotator: str, within: str | None = None) -> Handed:
        """The rows that somebody should answer: those they hold and, where these are few, another batch.

        With `within` only rows that probably are of this class.

        Raises:
            AskwellError: for a class that is not known, and if it cannot be written who has them.
        """
        project = self.project
        with project.changed:
            annotator, now = named(annotator), project.clock()
            project.leases.hear(annotator, now)
            mine = project.leases.of(annotator)
            open = [] if within is not None else [id for id in mine if self._is_wanted(id, annotator)]
            if len(open) * AHEAD <= self.size:
                held = project.leases.held(now)
                new = self._next(annotator, held) if within is None else self._likely(within, held)
                if new:
                    project.ask(annotator, [pick.id for pick in new], [pick.id for pick in new if pick.drawn])
                    self._picks |= {pick.id: pick for pick in new}
                    open += [pick.id for pick in new]
            project.changed.notify_all()
            if open:
                return Handed([self._picks.get(id) or self.believed(id) for id in open])
            return Handed(
                [], self._nothing(now) if within is None else f"No row is left that may be '{within}'."
            )

    def _people(self) -> int:
        """How many people to prepare for: a power of two, so that few programs are compiled."""
        wanted = max(self._expected, self.project.leases.active(self.project.clock()))
        return 1 << (wanted - 1).bit_length()

    def _is_free(self, id: str, held: dict[str, int]) -> bool:
        return self.project.is_open(id) and id not in held

    def _is_wanted(self, id: str, annotator: str) -> bool:
        """Whether somebody's answer to a row would still be of use."""
        votes = self.project.votes
        others = [one for one in votes.rows.get(id, {}).values() if one.annotator not in (annotator, GIVEN)]
        return len([one for one in others if one.how != LATER]) < votes.overlap

    def _next(self, annotator: str, held: dict[str, int]) -> list[Pick]:
        if short := self._short(annotator, held):
            return short[: self.size]
        while self._ready:
            if free := [pick for pick in self._ready.pop(0) if self._is_free(pick.id, held)]:
                return free
        return []

    def _short(self, annotator: str, held: dict[str, int]) -> list[Pick]:
        """Rows that others have answered, and that want more answers."""
        votes = self.project.votes
        found = []
        for id, answers in votes.rows.items() if votes.overlap > 1 else ():
            given = [name for name, one in answers.items() if name != GIVEN and one.how != LATER]
            if given and annotator not in given and len(given) + held.get(id, 0) < votes.overlap:
                found.append(
                    self.believed(id)._replace(why="somebody else answered it: two answers are compared")
                )
        return found

    def _likely(self, within: str, held: dict[str, int]) -> list[Pick]:
        """Rows without an answer that most probably are of a class."""
        believed, session = self._judge.believed, self.project.session
        if believed is None or within not in believed.classes:
            if believed is None:
                raise AskwellError(f"Nothing is known of '{within}' yet: label rows of two classes first.")
            raise AskwellError(unknown("class", within, believed.classes))
        best = np.argsort(-believed.proba[:, believed.classes.index(within)], kind="stable")
        ids = (str(session.ids[row]) for row in best)
        free = (id for id in ids if self._is_free(id, held) and id not in session.log.skipped)
        why = f"among the likeliest to be {within}"
        return [self.believed(id)._replace(why=why) for id, _ in zip(free, range(self.size), strict=False)]

    def order(self) -> dict[str, int]:
        """The rows that are ready to be asked, the most wanted first: their places, from 1."""
        with self.project.changed:
            return {pick.id: at for at, pick in enumerate((p for batch in self._ready for p in batch), 1)}

    def believed(self, id: str) -> Pick:
        """A row with what the classifier believed of it when it was last looked at."""
        believed = self._judge.believed
        if believed is None:
            return pick_of(id, np.zeros(0), ())
        return pick_of(id, believed.proba[self.project.session.standing.place[id]], believed.classes)

    def _nothing(self, now: float) -> str | None:
        """Why there is nothing to ask; None while there is."""
        if self.trouble is not None:
            return self.trouble
        session, held = self.project.session, self.project.leases.held(now)
        y = session.standing.y(session.log)
        left = {str(id) for id in session.ids[y == NOT_ASKED]}
        if left - set(held):
            return None
        if left:
            return (
                f"The last {len(left)} rows are with other people; what they leave for "
                f"{self.project.leases.length / 60:.0f} minutes comes to you."
            )
        labels = len(session.log.labels)
        return f"All {len(y)} rows are done: {labels} have a label, {len(y) - labels} were skipped."


def pick_of(id: str, proba: np.ndarray, classes: tuple[str, ...], drawn: bool = False) -> Pick:
    """A row of which the classifier believes `proba` ``[c or more]``."""
    if len(classes) < 2:
        first = (
            "drawn at random, to tell the accuracy fairly"
            if drawn
            else "one of the first, to see what there is"
        )
        return Pick(id, first, None, drawn)
    best, second = np.argsort(-proba[: len(classes)])[:2]
    if drawn:
        why = "drawn at random, to tell the accuracy fairly"
    elif proba[best] - proba[second] < NARROW:
        why = f"the classifier wavers between {classes[best]} and {classes[second]}"
    else:
        why = "unlike the rows that have a label so far"
    return Pick(id, why, (classes[best], float(proba[best])), drawn)
