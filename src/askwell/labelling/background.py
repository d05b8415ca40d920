"""Work that nobody waits for: it begins anew as soon as something has changed."""

import threading
import time
from collections.abc import Callable
from typing import Protocol

from askwell.core import AskwellError
from askwell.labelling.batches import Batches
from askwell.labelling.judging import Judge
from askwell.labelling.project import Project

PAUSE = 10.0
"""Most seconds of rest between two pieces of work that are not urgent."""

IDLE = 5.0
"""Seconds after which it is looked whether something is urgent, such as rows that somebody left."""


class Task(Protocol):
    """What a worker does."""

    trouble: str | None


class Worker(threading.Thread):
    """Does a piece of work whenever there were answers since, and at once where it is urgent.

    What went wrong it leaves in its task as `trouble`, in a sentence. Between two pieces it rests, at most `PAUSE`
    seconds, so that the answers themselves are not slowed down.
    """

    def __init__(
        self,
        project: Project,
        task: Task,
        work: Callable[[], None],
        turn: threading.Lock,
        urgent: Callable[[], bool] = lambda: False,
        share: float = 0.25,
    ):
        """At most a `share` of the time goes into `work`, a method of the task; workers with one `turn` take turns."""
        super().__init__(daemon=True)
        self._project, self._task, self._work, self._turn, self._urgent = project, task, work, turn, urgent
        self._rest, self._free_at = 1 / share - 1, 0.0
        self._ended = self._failed = False
        self._done = -1  # how many answers there were when the last piece began

    def run(self) -> None:
        """Work until `end`."""
        while self._awaited():
            with self._turn:
                sentence, began, self._done = None, time.monotonic(), self._project.answers
                try:
                    self._work()
                except AskwellError as error:
                    sentence = str(error)
            ended = time.monotonic()
            self._failed = sentence is not None
            self._free_at = ended + min(PAUSE, (ended - began) * self._rest)
            with self._project.changed:
                self._task.trouble = sentence
                self._project.changed.notify_all()

    def _awaited(self) -> bool:
        """Wait until there is something to do; False once it is over."""
        project = self._project
        with project.changed:
            while not self._ended:
                answered, left = project.answers != self._done, self._free_at - time.monotonic()
                # What failed is tried again only after another answer.
                if (answered and left <= 0) or (self._urgent() and not self._failed):
                    return True
                project.changed.wait(timeout=max(left, 0.01) if answered else IDLE)
        return False

    def end(self) -> None:
        """Stop after the piece of work at hand."""
        with self._project.changed:
            self._ended = True
            self._project.changed.notify_all()


def start(project: Project, batches: Batches, judge: Judge) -> list[Worker]:
    """Begin to choose batches and to judge the classifier beside the answers."""
    turn = threading.Lock()  # both at once would need twice the memory, and hold up the answers longer
    workers = [
        Worker(project, batches, batches.choose, turn, lambda: not batches.prepared()),
        Worker(project, judge, judge.look, turn, share=0.1),
    ]
    for worker in workers:
        worker.start()
    return workers
