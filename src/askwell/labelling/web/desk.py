"""All that the page needs of one labelling."""

import copy
import io
import statistics
import threading
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np

from askwell.asking.savings import random_batches
from askwell.core import AskwellError, counted
from askwell.execution.directory import versions
from askwell.labelling import background, exports, plane
from askwell.labelling.batches import Batches, Pick
from askwell.labelling.doubts import doubts
from askwell.labelling.items import Items
from askwell.labelling.judging import Judge
from askwell.labelling.log import Log
from askwell.labelling.models import save_model
from askwell.labelling.predictions import predictions
from askwell.labelling.project import Project
from askwell.labelling.session import Session

T = TypeVar("T")


class Desk:
    """One labelling, its batches, its judge and its items; what the page shows of them, as JSON has it."""

    def __init__(self, project: Project, items: Items, batches: Batches, judge: Judge, title: str):
        self.project, self.items, self.batches, self.judge, self.title = project, items, batches, judge, title
        self._workers: list[background.Worker] = []
        self._kept: dict[str, tuple[Any, Any]] = {}
        self._keeping = threading.Lock()

    def open(self) -> None:
        """Begin to choose batches."""
        self._workers = background.start(self.project, self.batches, self.judge)

    def close(self) -> None:
        """Stop, and let another process have the database."""
        for worker in self._workers:
            worker.end()
        with self.project.changed:
            self.project.database.close()

    def version(self) -> tuple[Any, ...]:
        """Changes whenever the status may have."""
        return self.project.answers, self.judge.assessment, self.batches.trouble, self.judge.trouble

    def batch(self, annotator: str, within: str | None) -> dict[str, Any]:
        """What somebody is asked next."""
        handed = self.batches.hand_out(annotator, within)
        return {
            "items": [{**one, "rank": rank} for rank, one in enumerate(self._items(handed.picks), 1)],
            "classes": list(self.classes()),
            "nothing": handed.nothing,
            "choosing": not handed.picks and handed.nothing is None,
        }

    def classes(self) -> tuple[str, ...]:
        """The classes so far, in the order in which they came: a class keeps its key."""
        with self.project.changed:
            log, declared = self.project.session.log, self.project.session.standing.declared
            return declared or tuple(dict.fromkeys(log.labels.values()))

    def item(self, id: str) -> dict[str, Any]:
        """One row, whether it was asked or not, and who answered what.

        Raises:
            AskwellError: for an unknown row.
        """
        with self.project.changed:
            pick = self.batches.believed(self.project.known(id))
            given = [
                (one.annotator, one.label, one.how)
                for one in self.project.votes.rows.get(pick.id, {}).values()
            ]
        return {**self._items([pick])[0], "why": "", "answers": given}

    def status(self) -> dict[str, Any]:
        """Where the labelling stands."""

        def look() -> dict[str, Any]:
            found, votes = self.judge.status(), self.project.votes
            with self.project.changed:
                people = Counter(one.annotator for one in votes.all())
                seconds, disputed = list(votes.seconds()), len(votes.disputed())
                alpha = votes.agreement() if votes.overlap > 1 else None
                random = self._random()
            gain = found.assessment.gain
            return {
                "title": self.title,
                "rows": found.rows,
                "labels": found.labels,
                "left": found.left,
                "counts": found.counts,
                "skipped": found.skipped,
                "accuracy": _share(found.accuracy),
                "balanced_accuracy": _share(found.balanced_accuracy),
                "unknown": found.assessment.unknown,
                "gain": None
                if gain is None
                else {"labels": gain.more, "expected": gain.expected, "most": gain.most},
                "stop": list(found.reasons),
                "curve": self.judge.curve,
                "random": random,
                "saving": found.random and found.random.text(),
                "seconds": round(statistics.median(seconds), 1) if seconds else None,
                "people": people,
                "overlap": votes.overlap,
                "agreement": alpha,
                "disputed": disputed,
                "trouble": self.batches.trouble or self.judge.trouble,
            }

        return self._once("status", self.version(), look)

    def _random(self) -> list[dict[str, Any]]:
        """What random batches would probably have reached, at each estimate of the curve for which that can be told."""
        session, found = self.project.session, []
        for one in self.judge.curve if session.log.chosen else []:
            told = random_batches(
                session.strategy.name, session.standing.learner.name, one["labels"], one["value"]
            )
            if told is not None:
                value, low, high = told[:3]
                found.append({"labels": one["labels"], "value": value, "low": low, "high": high})
        return found

    def map(self) -> dict[str, Any]:
        """The pool on a plane: what is labelled, what somebody holds, and where the classifier doubts."""
        session, believed = self.project.session, self.judge.believed
        places = self._once("plane", 0, lambda: plane.plane(session.standing.x))
        with self.project.changed:
            labels = dict(session.log.labels)
            held = set(self.project.leases.held(self.project.clock()))
        place = session.standing.place
        rows = plane.some_rows(len(places), [place[id] for id in {*labels, *held}])
        points = []
        for row in rows.tolist():
            id = str(session.ids[row])
            point = {"id": id, "x": round(float(places[row, 0]), 4), "y": round(float(places[row, 1]), 4)}
            if id in labels:
                point["label"] = labels[id]
            elif id in held:
                point["held"] = True
            if believed is not None:
                top = sorted(believed.proba[row])[-2:]
                point["predicted"] = believed.classes[int(believed.proba[row].argmax())]
                point["doubt"] = round(1 - float(top[1] - top[0]), 3)
            points.append(point)
        return {"points": points, "classes": list(self.classes()), "rows": len(places)}

    def doubts(self) -> list[dict[str, Any]]:
        """Labels that are probably wrong."""
        session = self.project.session

        def look() -> list[dict[str, Any]]:
            with self.project.changed:
                found = session.standing.snapshot(session.log)
            return [
                {
                    "id": str(session.ids[one.row]),
                    "title": self.items.title(one.row),
                    "label": found.classes[found.y[one.row]],
                    "likely": one.likely,
                    "quality": round(one.quality, 3),
                }
                for one in doubts(session.standing, found)
            ]

        return self._once("doubts", self.project.answers, look)

    def disputed(self) -> list[dict[str, Any]]:
        """Rows that people labelled differently, and the label that counts."""
        with self.project.changed:
            votes, place = self.project.votes, self.project.session.standing.place
            return [
                {
                    "id": id,
                    "title": self.items.title(place[id]),
                    "answers": {one.annotator: one.label for one in votes.rows[id].values()},
                    "counts": self.project.session.log.labels.get(id),
                }
                for id in votes.disputed()
            ]

    def answers(self, search: str, most: int = 200) -> list[dict[str, Any]]:
        """The newest answers that a search finds."""
        place = self.project.session.standing.place
        return exports.listed(self.project, lambda id: self.items.title(place[id]), search, most)

    def download(self) -> bytes:
        """Model, predictions of all rows, answers and a card, as a .zip.

        Raises:
            AskwellError: before two classes have a label, or if the learner cannot be written.
        """
        session = self._frozen()
        if len(session.log.labels) < 1 or len(session.classes) < 2:
            raise AskwellError("There is no model yet: label rows of two classes first.")
        content = io.BytesIO()
        frame = predictions(session.ids, session.log.labels, session.predict())
        with TemporaryDirectory() as folder, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as out:
            out.writestr("predictions.csv", frame.write_csv())
            out.writestr("answers.csv", exports.export(self.project, self.items, "csv"))
            out.writestr("card.md", self.card(session))
            try:
                save_model(session.estimator(), Path(folder) / "model.skops")
                out.write(Path(folder) / "model.skops", "model.skops")
            except AskwellError as error:  # a learner that no file can hold; the predictions are still of use
                out.writestr("no-model.txt", f"{error}\n")
        return content.getvalue()

    def card(self, session: Session) -> str:
        """What the model is, and how good."""
        status = self.judge.status()
        return "\n".join(
            [
                f"# Classifier of {self.title}",
                "",
                f"- data: {counted(status.rows, 'row')}, of which {status.labels} have a label",
                f"- learner: {session.standing.learner.name}; rows were chosen by: {session.strategy.name}",
                f"- people: {', '.join(sorted(self.status()['people'])) or 'none'}",
                f"- versions: {versions()}",
                "",
                *(f"{line}\n" for line in status.text().splitlines()),
                "`model.skops` is read by `askwell.labelling.models.load_model`; it takes raw rows. `predictions.csv`",
                "has every row of the pool, `answers.csv` who answered what.",
                "",
            ]
        )

    def _frozen(self) -> Session:
        """The session as it stands; answers that come meanwhile do not wait."""
        session = copy.copy(self.project.session)
        with self.project.changed:
            session.log = Log(list(session.log.events))
        return session

    def _items(self, picks: list[Pick]) -> list[dict[str, Any]]:
        """Rows as the page shows them."""
        place = self.project.session.standing.place
        rows = [place[pick.id] for pick in picks]
        values = [self.items.values(row) for row in rows]
        drawn = [row for row, numbers in zip(rows, values, strict=True) if numbers is not None]
        neighbours = self._neighbours(drawn)
        return [
            {
                "id": pick.id,
                "fields": self.items.fields(row),
                "images": list(self.items.images),
                "values": numbers,
                "why": pick.why,
                "suggestion": None
                if pick.suggestion is None
                else {"label": pick.suggestion[0], "probability": round(pick.suggestion[1], 3)},
                "neighbours": neighbours.get(row, []),
            }
            for pick, row, numbers in zip(picks, rows, values, strict=True)
        ]

    def _neighbours(self, rows: list[int], most: int = 3) -> dict[int, list[dict[str, Any]]]:
        """The nearest labelled rows of each row, whose numbers are drawn beside."""
        with self.project.changed:
            labels = dict(self.project.session.log.labels) if rows else {}
        if not labels:
            return {}
        standing, names = self.project.session.standing, list(labels.values())
        labelled = np.array([standing.place[id] for id in labels])
        x, found = standing.x[labelled], {}
        for row in rows:
            distance = ((x - standing.x[row]) ** 2).sum(axis=1)
            distance[labelled == row] = np.inf
            near = np.argsort(distance, kind="stable")[: min(most, int(np.isfinite(distance).sum()))]
            found[row] = [
                {"label": names[i], "values": self.items.values(int(labelled[i]))} for i in near.tolist()
            ]
        return found

    def _once(self, name: str, version: Any, look: Callable[[], T]) -> T:
        """What `look` finds, which is kept until the `version` is another."""
        with self._keeping:
            kept = self._kept.get(name)
            if kept is None or kept[0] != version:
                kept = self._kept[name] = (version, look())
            return kept[1]


def _share(estimate: Any) -> dict[str, float] | None:
    return None if estimate is None else {"value": estimate.value, "low": estimate.low, "high": estimate.high}
