"""Answers as files of other tools, and back."""

import io
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import polars as pl

from askwell.asking.answers import source_of
from askwell.core import AskwellError, unknown
from askwell.data.given import TEXT
from askwell.data.tabular import READERS
from askwell.labelling.items import Items
from askwell.labelling.project import Project
from askwell.labelling.votes import GIVEN, Answer

COLUMNS = {
    "id": pl.String,
    "label": pl.String,
    "skip": pl.String,
    "annotator": pl.String,
    "seconds": pl.Float64,
    "at": pl.Float64,
    "counts": pl.Boolean,
}

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "label-studio": "application/json",
    "prodigy": "application/x-ndjson",
}
"""Name of a format, and its media type."""

CHOICES, SHOWN = "label", "item"
"""What Label Studio calls its control and its object in what we write, unless a project says otherwise."""

IMPORTED = "import"
"""Who gave labels that were imported without a name."""


def export(project: Project, items: Items, form: str) -> bytes:
    """All answers in a format; a row with several answers has a line for each, and one of them `counts`.

    Raises:
        AskwellError: for an unknown format.
    """
    if form not in FORMATS:
        raise AskwellError(unknown("format", form, list(FORMATS)))
    with project.changed:
        answers = project.votes.all()
        counting = {id: project.votes.resolved(id) for id in project.votes.rows}
    if form == "label-studio":
        tasks = _tasks(answers, items, project)
        return json.dumps(tasks, ensure_ascii=False, indent=1).encode()
    if form == "prodigy":
        lines = (_prodigy(one, items, project) for one in answers)
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
    rows = [
        (one.id, one.label, one.how or None, one.annotator, one.seconds, one.at, counting[one.id] is one)
        for one in sorted(answers, key=lambda one: one.at)
    ]
    frame, into = pl.DataFrame(rows, schema=COLUMNS, orient="row"), io.BytesIO()
    {"csv": frame.write_csv, "jsonl": frame.write_ndjson, "parquet": frame.write_parquet}[form](into)
    return into.getvalue()


def read_answers(content: bytes, media_type: str) -> list[Answer]:
    """Labels from a table (.csv with id and label), JSON ``[{"id", "label"}]``, or what Label Studio exports.

    Raises:
        AskwellError: for anything else.
    """
    if "json" not in media_type:
        found = source_of(READERS[".csv"]("the imported table", content), None, None)
        pairs = zip(found.ids, found.labels, strict=True)
        return [Answer(id, IMPORTED, label) for id, label in pairs if label is not None]
    try:
        rows = json.loads(content)
        assert isinstance(rows, list)
        return [answer for row in rows for answer in _answers(row)]
    except (ValueError, TypeError, KeyError, AttributeError, AssertionError) as error:
        raise AskwellError(
            'The import is no list of {"id": …, "label": …}, and no export of Label Studio; send one of the two, or a '
            "table as text/csv."
        ) from error


def chosen(annotation: Mapping[str, Any]) -> str | None:
    """The class that an annotation of Label Studio's chose; None where it chose none."""
    for result in annotation.get("result") or []:
        if choices := (result.get("value") or {}).get("choices"):
            return str(choices[0])
    return None


def who(annotation: Mapping[str, Any]) -> str:
    """Who made an annotation in Label Studio."""
    by = annotation.get("completed_by")
    if isinstance(by, dict):
        by = by.get("email") or by.get("id")
    return f"label-studio {by}" if by is not None else "label-studio"


def _answers(row: Mapping[str, Any]) -> Iterable[Answer]:
    if "annotations" not in row:
        if row.get("label") is not None:
            yield Answer(str(row["id"]), str(row.get("annotator") or IMPORTED), str(row["label"]))
        return
    for annotation in row["annotations"]:
        label = chosen(annotation)
        if label is not None and not annotation.get("was_cancelled"):
            name = (annotation.get("meta") or {}).get("annotator") or who(annotation)
            yield Answer(str(row["data"]["id"]), name, label, "", float(annotation.get("lead_time") or 0))


def _tasks(answers: list[Answer], items: Items, project: Project) -> list[dict[str, Any]]:
    tasks: dict[str, dict[str, Any]] = {}
    for one in answers:
        data = {**items.fields(project.session.standing.place[one.id]), "id": one.id}
        task = tasks.setdefault(one.id, {"data": data, "annotations": []})
        value = {"choices": [one.label]}
        result = {"from_name": CHOICES, "to_name": SHOWN, "type": "choices", "value": value}
        task["annotations"].append(
            {
                "result": [] if one.label is None else [result],
                "was_cancelled": one.label is None,
                "lead_time": one.seconds,
                "meta": {"annotator": one.annotator},
            }
        )
    return list(tasks.values())


def _prodigy(one: Answer, items: Items, project: Project) -> dict[str, Any]:
    fields = items.fields(project.session.standing.place[one.id])
    text = fields.get(TEXT) or items.title(project.session.standing.place[one.id])
    return {
        "text": text,
        "meta": {"id": one.id},
        "accept": [] if one.label is None else [one.label],
        "answer": "ignore" if one.label is None else "accept",
        "_annotator_id": one.annotator,
        "_timestamp": int(one.at),
    }


def listed(project: Project, title: Callable[[str], str], search: str, most: int) -> list[dict[str, Any]]:
    """The newest answers, at most so many, whose row, class or annotator holds the `search`."""
    with project.changed:
        answers = [one for one in project.votes.all() if one.annotator != GIVEN]
    found = []
    for one in sorted(answers, key=lambda one: -one.at):
        row = {
            "id": one.id,
            "title": title(one.id),
            "label": one.label,
            "how": one.how,
            "annotator": one.annotator,
        }
        if search.casefold() in " ".join(str(value) for value in row.values()).casefold():
            found.append(row)
        if len(found) == most:
            break
    return found
