"""How good the classifier is and what it believes, looked at beside the answers."""

from typing import Any, NamedTuple

import numpy as np

from askwell.asking.assess import Assessment
from askwell.labelling.project import Project
from askwell.labelling.status import Status, status_of


class Believed(NamedTuple):
    """What the classifier believed: `proba` ``[N, c]`` of every row, columns as the `classes`."""

    proba: np.ndarray
    classes: tuple[str, ...]


class Judge:
    """Looks how good the classifier is.

    Attributes:
        assessment: how good it was when it was last looked at.
        believed: what it believed then; None before two classes are known.
        curve: what was estimated so far, at every few labels.
        trouble: why it cannot be judged, in a sentence; None where all is well.
    """

    def __init__(self, project: Project, apart: int = 10):
        """Batches count as one round until `apart` labels came."""
        self.project, self._apart = project, apart
        self.assessment = Assessment()
        self.believed: Believed | None = None
        self.trouble: str | None = None
        self.curve = project.database.estimates()

    def look(self) -> None:
        """Look again.

        Raises:
            AskwellError: if the learner fails.
        """
        project, session = self.project, self.project.session
        with project.changed:
            found = session.standing.snapshot(session.log, session.stop.rounds, self._apart)
        assessment = session.standing.assess(found, session.stop.rounds)
        believed = None
        if len(found.rows) and len(found.classes) > 1:
            log_proba, _ = session.standing.belief(found)
            believed = Believed(np.exp(log_proba[:, : len(found.classes)]), found.classes)
        with project.changed:
            self.assessment, self.believed = assessment, believed
            if assessment.accuracy is not None:
                value, low, high, _ = assessment.accuracy
                point: dict[str, Any] = {"value": value, "low": low, "high": high}
                last = self.curve[-1]["labels"] if self.curve else 0
                if len(found.rows) >= last + self._apart / 2:
                    self.curve = [*self.curve, {"labels": len(found.rows), **point}]
                    project.database.add_estimate(len(found.rows), point)
            project.changed.notify_all()

    def status(self) -> Status:
        """Where the labelling stands; how good the classifier is as it was last looked at."""
        with self.project.changed:
            session = self.project.session
            return status_of(
                session.log, session.standing, session.strategy.name, session.stop, self.assessment
            )
