"""What a person says, checked before a session takes it in."""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from askwell.asking.answers import Answers, in_order
from askwell.core import NO_ANSWER, NOT_ASKED, AskwellError, unknown
from askwell.data.columns import text
from askwell.labelling.log import BEFORE, LATER, Event, Log


def listed(given: Any) -> list[Any]:
    """One thing or several, as a list."""
    return [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)


def known(ids: Iterable[Any], pool: Container[str], example: str) -> list[str]:
    """Ids as the pool has them; numbers may be given as numbers.

    Raises:
        AskwellError: for ids that are not in the pool.
    """
    names = [str(text(name)) for name in ids]
    if strange := [name for name in dict.fromkeys(names) if name not in pool]:
        many = f"{len(strange)} ids are" if len(strange) > 1 else "One id is"
        raise AskwellError(
            f"{many} not in the pool, the first being '{strange[0]}'; the pool's ids look like '{example}'."
        )
    return names


def declared(classes: Sequence[Any] | None, columns: int | None) -> tuple[str, ...] | None:
    """All classes that may be told, if that is known; `columns` are those of the user's own probabilities.

    Raises:
        AskwellError: for a class that is named twice, or columns without a name.
    """
    names = None if classes is None else tuple(str(name) for name in classes)
    if columns is not None and columns != len(names or ()):
        raise AskwellError(
            f"proba has {columns} columns and classes has {len(names or ())} names; name each column."
        )
    if names is not None and len(set(names)) < len(names):
        raise AskwellError(f"The classes are {', '.join(names)}; each must be named once.")
    return names


def pairs(ids: Any, labels: Any) -> tuple[list[Any], list[Any]]:
    """Ids and labels, as many of each, from ``(ids, labels)``, ``({id: label}, None)`` or ``(id, label)``.

    Raises:
        AskwellError: for labels that are given twice, or are more or fewer than the ids.
    """
    if isinstance(ids, Mapping):
        if labels is not None:
            raise AskwellError("Labels were given twice; tell({id: label}), or tell(ids, labels).")
        return list(ids), list(ids.values())
    names, words = listed(ids), listed(labels)
    if len(names) != len(words):
        raise AskwellError(f"Ids: {len(names)}, labels: {len(words)}; give one label for each id.")
    return names, words


def new_labels(
    names: Iterable[str], labels: Iterable[Any], so_far: Mapping[str, str], classes: tuple[str, ...] | None
) -> dict[str, str]:
    """Labels that are not there yet, by id; `classes` are all that may be told, if that is known.

    Raises:
        AskwellError: for a missing label, a class that may not be told, a row with two labels, or numbers that are no
            classes.
    """
    given: dict[str, str] = {}
    for name, label in zip(names, labels, strict=True):
        word = text(label)
        if word is None:
            raise AskwellError(f"The label of '{name}' is {label!r}; give a class, or skip the row.")
        if classes is not None and word not in classes:
            raise AskwellError(unknown("class", word, classes))
        old = given.get(name, so_far.get(name, word))
        if old != word:
            raise AskwellError(
                f"'{name}' is labelled '{old}' and '{word}'; untell it, or keep one of the two."
            )
        given[name] = word
    in_order({*so_far.values(), *given.values()})
    return {name: word for name, word in given.items() if name not in so_far}


def labels_of(log: Log, place: Mapping[str, int], classes: Sequence[str]) -> np.ndarray:
    """Labels by row of the pool, ``int32 [N]``: an index into `classes`, ``NOT_ASKED``, or ``NO_ANSWER``."""
    index = {name: i for i, name in enumerate(classes)}
    y = np.full(len(place), NOT_ASKED, np.int32)
    for name, how in log.skipped.items():
        if how != LATER:
            y[place[name]] = NO_ANSWER
    for name, word in log.labels.items():
        y[place[name]] = index[word]
    return y


def before(ids: np.ndarray, answers: Answers) -> list[Event]:
    """What was asked and told before a session begins, batch by batch; of some labels it is not known when."""
    events = []
    names, words = ids[answers.rows], np.array(answers.classes, object)[answers.y[answers.rows]]
    for turn in np.unique(answers.turn):
        at = answers.turn == turn
        if turn:
            events.append(Event("ask", tuple(names[at]), audit=tuple(names[at & answers.drawn])))
        events.append(Event("tell", tuple(names[at]), tuple(words[at]), BEFORE))
    return events
