"""Label Studio's protocol for a machine-learning backend: its page in the place of ours.

See https://labelstud.io/guide/ml_create; the names of routes and fields are Label Studio's.
"""

import re
from typing import Annotated, Any

import fastapi
from fastapi import APIRouter

from askwell.core import AskwellError
from askwell.labelling import exports
from askwell.labelling.votes import Answer
from askwell.labelling.web.desk import Desk

MODEL = "askwell"
TAG = re.compile(r"<Choices\b[^>]*>")
ATTRIBUTE = re.compile(r'\b(name|toName)\s*=\s*"([^"]*)"')

Json = dict[str, Any]
Body = Annotated[Json, fastapi.Body()]


def routes(desk: Desk) -> APIRouter:
    """The routes; a task belongs to the row that its data names by `id` or else holds the text of."""
    router = APIRouter()
    texts: dict[str, str] = {}

    def row_of(task: Json) -> str | None:
        """The id of a task's row; None where it is none of the pool's."""
        session, data = desk.project.session, task.get("data") or {}
        if str(data.get("id")) in session.standing.place:
            return str(data["id"])
        if not texts and desk.items.columns:
            for row, id in enumerate(session.ids):
                for cell in desk.items.fields(row).values():
                    if isinstance(cell, str) and len(cell) > SHORT:
                        texts.setdefault(cell, str(id))
        return next((texts[cell] for cell in data.values() if isinstance(cell, str) and cell in texts), None)

    @router.get("/health")
    def health() -> Json:
        return {"status": "UP", "model_class": MODEL}

    @router.post("/setup")
    def setup(given: Body) -> Json:
        names_of(str(given.get("schema") or given.get("label_config") or ""))
        return {"model_version": version(desk)}

    @router.post("/predict")
    def predict(given: Body) -> Json:
        control, shown = names_of(str(given.get("label_config") or ""))
        first = desk.batches.order()
        results = []
        for task in given.get("tasks") or []:
            id, found = row_of(task), None
            if id is not None:
                with desk.project.changed:
                    found = desk.batches.believed(id).suggestion
            if id is None or (found is None and id not in first):
                results.append({"result": [], "score": 1.0, "model_version": version(desk)})
                continue
            # Label Studio asks tasks of the lowest score first: ours come before all others, in our order.
            score = first[id] / 1e6 if id in first else found[1] if found else 1.0
            value = (
                []
                if found is None
                else [
                    {
                        "from_name": control,
                        "to_name": shown,
                        "type": "choices",
                        "value": {"choices": [found[0]]},
                        "score": found[1],
                    }
                ]
            )
            result: Json = {"result": value, "score": score, "model_version": version(desk)}
            results.append({**result, **({"rank": first[id]} if id in first else {})})
        return {"results": results, "model_version": version(desk)}

    @router.post("/webhook")
    def webhook(given: Body) -> Json:
        action, annotation = str(given.get("action")), given.get("annotation") or {}
        if action not in ("ANNOTATION_CREATED", "ANNOTATION_UPDATED"):
            return {"status": "ignored"}
        id = row_of(given.get("task") or {})
        if id is None:
            raise AskwellError("The task is no row of the pool; give each task's data the row's id.")
        return {"status": "ok", "new": desk.project.put_all([answer_of(id, annotation)])}

    @router.post("/train")
    def train(given: Body) -> Json:
        answers = []
        for task in given.get("annotations") or given.get("tasks") or []:
            if (id := row_of(task)) is not None:
                answers += [answer_of(id, one) for one in task.get("annotations") or []]
        return {"status": "ok", "new": desk.project.put_all(answers)}  # the model is fitted in the background

    return router


SHORT = 20
"""Characters below which a cell may be in many rows, and names none of them."""


def version(desk: Desk) -> str:
    """What the model is called now; another after each label."""
    return f"{MODEL}-{len(desk.project.session.log.labels)}"


def answer_of(id: str, annotation: Json) -> Answer:
    """An annotation of Label Studio's as an answer; one that chose nothing, or was cancelled, is a skip."""
    label = None if annotation.get("was_cancelled") else exports.chosen(annotation)
    seconds = float(annotation.get("lead_time") or 0)
    return Answer(id, exports.who(annotation), label, "" if label else "unsure", seconds)


def names_of(config: str) -> tuple[str, str]:
    """The names of a labelling configuration's choices, and of what they are about.

    Raises:
        AskwellError: if there is a configuration, and no choices in it.
    """
    found = TAG.search(config)
    if found is None:
        if config.strip():
            raise AskwellError(
                "The labelling configuration has no <Choices>; Askwell suggests classes of whole tasks alone."
            )
        return exports.CHOICES, exports.SHOWN
    names = dict(ATTRIBUTE.findall(found.group()))
    return names.get("name", exports.CHOICES), names.get("toName", exports.SHOWN)
