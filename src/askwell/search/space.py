"""What is searched: settings of a training spec, by name, each with a list of options or a range."""

import copy
import inspect
import json
from collections.abc import Mapping, Sequence
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from askwell.core import AskwellError
from askwell.policies import HEADS
from askwell.training import TRAINERS

RANGE = {"low", "high", "log"}


def space(settings: Mapping[str, Any]) -> dict[str, BaseDistribution]:
    """A distribution for each setting.

    A list holds options; an option that is a table sets several settings at once. A table with `low` and `high`, and
    `log` where wanted, is a range: of whole numbers if both ends are.

    Raises:
        AskwellError: for anything else.
    """
    return {name: _distribution(name, given) for name, given in settings.items()}


def _distribution(name: str, given: Any) -> BaseDistribution:
    if isinstance(given, list | tuple) and len(given) > 1:
        return CategoricalDistribution([_word(option) for option in given])
    if isinstance(given, Mapping) and {"low", "high"} <= set(given) <= RANGE:
        whole = all(isinstance(given[end], int) for end in ("low", "high"))
        kind = IntDistribution if whole else FloatDistribution
        try:
            return kind(given["low"], given["high"], log=given.get("log", False))
        except (TypeError, ValueError) as error:
            raise AskwellError(f"The range of {name} is wrong: {error}") from error
    raise AskwellError(
        f"The setting {name} is {given!r}; give a list of two options or more, or a range as "
        "{ low = 0.001, high = 0.1, log = true }."
    )


def _word(option: Any) -> Any:
    """An option as the storage keeps it."""
    return option if isinstance(option, str | int | float | bool) else json.dumps(option, sort_keys=True)


def chosen(settings: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What the values stand for, by setting: options as they were given."""
    found = {}
    for name, value in values.items():
        given = settings[name]
        found[name] = (
            value if isinstance(given, Mapping) else next(one for one in given if _word(one) == value)
        )
    return found


def applied(base: Mapping[str, Any], choice: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a training spec with some settings replaced.

    A setting is a field, or a field of a table as ``algorithm.k``; ``sources.0.pool`` is of the first source,
    ``sources.*.reward`` of all.

    Raises:
        AskwellError: for a setting that names no place.
    """
    fields = copy.deepcopy(dict(base))
    for name, value in choice.items():
        for place, option in value.items() if isinstance(value, Mapping) else ((name, value),):
            _put(fields, place.split("."), option, place)
    return fields


def _put(fields: Any, way: Sequence[str], value: Any, name: str) -> None:
    first, *rest = way
    if isinstance(fields, list | tuple):
        if first != "*" and not (first.isdigit() and int(first) < len(fields)):
            raise AskwellError(
                f"The setting {name} names no place in the training spec; there are {len(fields)} of '{first}'."
            )
        for one in fields if first == "*" else (fields[int(first)],):
            _put(one, rest, value, name)
    elif not isinstance(fields, dict):
        raise AskwellError(f"The setting {name} names no place in the training spec; check its spelling.")
    elif rest:
        _put(fields.setdefault(first, {}), rest, value, name)
    else:
        fields[first] = value


def default(settings: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the training spec has itself, as the storage keeps them: what all others are compared to.

    Raises:
        AskwellError: for a setting whose own value is no option, or outside its range.
    """
    found = {}
    for name, given in settings.items():
        if isinstance(given, Mapping):
            value = _own(base, name)
            fits = isinstance(value, int | float) and given["low"] <= value <= given["high"]
            options: Any = value if fits else None
        else:
            of = lambda option, name=name: option if isinstance(option, Mapping) else {name: option}
            same = [
                one for one in given if all(_own(base, place) == to for place, to in _plain(of(one)).items())
            ]
            options = _word(same[0]) if same else None
        if options is None:
            own = "" if any(isinstance(one, Mapping) for one in given) else f" ({_own(base, name)!r})"
            raise AskwellError(
                f"What the training spec has for {name}{own} is not in its range or among its options; add it, since "
                "all trials are compared to the spec as it is."
            )
        found[name] = options
    return found


def _plain(value: Any) -> Any:
    """Tuples as lists, as TOML and JSON have them."""
    return json.loads(json.dumps(value))


def _own(base: Mapping[str, Any], name: str) -> Any:
    """The value of a setting in a training spec; what the spec leaves out is the head's or the trainer's default."""
    at: Any = base
    way = name.split(".")
    for part in way:
        if isinstance(at, list | tuple):
            at = at[0] if part == "*" else at[int(part)] if part.isdigit() and int(part) < len(at) else {}
        else:
            at = at.get(part, _missing(base, way)) if isinstance(at, Mapping) else None
    return _plain(at)


def _missing(base: Mapping[str, Any], way: Sequence[str]) -> Any:
    kinds: dict[str, Any] = {"policy": HEADS.get(base["head"]), "algorithm": TRAINERS.get(base["trainer"])}
    if way[0] not in kinds or kinds[way[0]] is None:
        return {}
    known = inspect.signature(kinds[way[0]]).parameters.get(way[-1])
    return None if known is None or known.default is known.empty else known.default
