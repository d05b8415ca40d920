"""Registries by export: what a package's ``__init__`` imports is what can be named."""

import difflib
import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar

from askwell.core.errors import AskwellError

T = TypeVar("T")
MANY = 60
"""Names that one sentence can still list."""


class Registry(Mapping[str, type[T]], Generic[T]):
    """Classes by their ``name``; a wrong name's error lists the valid ones and the nearest."""

    def __init__(self, kind: str, classes: dict[str, type[T]]):
        self.kind = kind
        self._classes = dict(sorted(classes.items()))

    def __getitem__(self, name: str) -> type[T]:
        if name in self._classes:
            return self._classes[name]
        raise AskwellError(unknown(self.kind, name, self._classes))

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)

    def __contains__(self, name: object) -> bool:
        return name in self._classes


def unknown(kind: str, name: str, valid: Any) -> str:
    """The sentence for a name that is not among `valid` ones; of very many, it names those that look alike."""
    known = list(valid)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    if len(known) > MANY:
        alike = difflib.get_close_matches(name, known, n=8, cutoff=0.0)
        return f"Unknown {kind} '{name}'.{hint} Known: {', '.join(alike)} and {len(known) - 8} more."
    return f"Unknown {kind} '{name}'.{hint} Known: {', '.join(known)}."


def imported(kind: str, path: str) -> Any:
    """What ``package.module:name`` means, looked for in the working folder too.

    Raises:
        AskwellError: if there is no such module or name, or importing it fails.
    """
    module, _, name = path.partition(":")
    here = os.getcwd()
    sys.path.insert(0, here)
    try:
        found = importlib.import_module(module)
    except Exception as error:  # a module of the user's may raise anything
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise AskwellError(
            f"The {kind} '{path}' means {name} of the Python module {module}, which cannot be imported ({reason}); "
            "check its path, and run where Python finds it."
        ) from error
    finally:
        sys.path.remove(here)
    if not hasattr(found, name):
        names = [word for word in vars(found) if not word.startswith("_")]
        raise AskwellError(unknown(f"name in {module}", name, names))
    return getattr(found, name)


def collect(kind: str, exports: Mapping[str, Any], base: type[T]) -> Registry[T]:
    """The registry of all concrete subclasses of `base` among a module's `exports` (its ``globals()``).

    Raises:
        TypeError: if two classes share a name, or one has none.
    """
    classes: dict[str, type[T]] = {}
    for value in exports.values():
        if not (isinstance(value, type) and issubclass(value, base)):
            continue
        if getattr(value, "__abstractmethods__", None):
            continue
        name = getattr(value, "name", None)
        if not isinstance(name, str):
            raise TypeError(f"{value.__name__} is exported as a {kind} but has no `name`.")
        if classes.get(name, value) is not value:
            raise TypeError(
                f"Two classes are called '{name}': {classes[name].__name__} and {value.__name__}."
            )
        classes[name] = value
    return Registry(kind, classes)


def summary(cls: type) -> str:
    """The first line of a class's docstring, for lists."""
    return (cls.__doc__ or "").strip().split("\n")[0]
