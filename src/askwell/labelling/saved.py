"""A session as a file: settings and log, as JSON that a person can read."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from askwell.core import AskwellError, write_whole
from askwell.labelling.log import DOES, HOW, Event, Log

FORMAT = 1
"""Changes with the meaning of what is written: a file of another format is refused, not misread."""

GIVEN = ("strategy", "learner")
"""Settings that are no text where they are objects of the user's."""


def write(path: Path, settings: dict[str, Any], rows: int, log: Log) -> None:
    """Write a session, whole or not at all.

    Raises:
        AskwellError: if it cannot be written.
    """
    if path.suffix.lower() != ".json":
        raise AskwellError(
            f"A session is saved as .json, and '{path}' is not called so; give it that ending."
        )
    events = [{name: value for name, value in vars(event).items() if value} for event in log.events]
    content = {"askwell session": FORMAT, "rows": rows, "settings": settings, "events": events}
    write_whole(path, json.dumps(content, indent=1, ensure_ascii=False).encode(), "choose another place")


def read(path: Path, pool: bool, given: dict[str, Any]) -> tuple[dict[str, Any], int, Log]:
    """Settings, number of rows and log; `pool` says that the pool is given anew, `given` are settings given anew.

    Raises:
        AskwellError: if the file is no session, damaged, of another format, or something is neither in it nor given.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AskwellError(f"'{path}' cannot be read ({error.strerror or error}); check the path.") from error
    except ValueError as error:
        raise AskwellError(f"{path} is damaged or no saved session ({error}); take an older copy.") from error
    found = content.get("askwell session") if isinstance(content, dict) else None
    if found is None:
        raise AskwellError(f"{path} is no saved session; give what Session.save wrote.")
    if found != FORMAT:
        raise AskwellError(
            f"{path} is a session of format {found}, and this version of Askwell reads {FORMAT}; use the version that "
            "saved it."
        )
    try:
        settings, rows = dict(content["settings"]), int(content["rows"])
        log = Log([_event(line) for line in content["events"]])
    except (KeyError, TypeError, ValueError) as error:
        raise AskwellError(f"{path} is damaged ({error!r}); take an older copy.") from error
    if settings.get("pool") is None and not pool:
        raise AskwellError(f"{path}: the pool was no file; give it as X.")
    absent = [name for name in GIVEN if settings.get(name) is None and name not in given]
    absent += ["proba"] if settings.pop("proba", False) and "proba" not in given else []
    if absent:
        raise AskwellError(
            f"{path}: the {absent[0]} was an object, which is not in the file; give {absent[0]}=…."
        )
    return settings, rows, log


def _event(line: dict[str, Any]) -> Event:
    labels, how, audit = tuple(line.get("labels", ())), line.get("how", ""), tuple(line.get("audit", ()))
    event = Event(line["does"], tuple(line["ids"]), labels, how, audit)
    bad = event.does not in DOES or (event.does == "skip") != (event.how in HOW)
    bad |= not set(audit) <= set(event.ids if event.does == "ask" else ())
    if bad or len(event.labels) != (len(event.ids) if event.does == "tell" else 0):
        raise ValueError(f"an event is {dataclasses.asdict(event)}")
    return event
