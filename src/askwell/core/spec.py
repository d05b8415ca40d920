"""What all specs share: frozen fields, a TOML file, paths that count from that file, one sentence for what is wrong."""

import os
import tomllib
import typing
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import tomli_w
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from askwell.core.errors import AskwellError
from askwell.core.metrics import METRICS
from askwell.core.registry import unknown


def tuples(value: Any) -> Any:
    """TOML's lists are tuples here."""
    return tuple(value) if isinstance(value, list) else value


def listed(value: Any) -> Any:
    """A single value means a list of one."""
    return (value,) if isinstance(value, str | int) else tuples(value)


def once(values: tuple) -> tuple:
    """Each value once, at its first place."""
    return tuple(dict.fromkeys(values))


def _metric(value: str) -> str:
    if value not in METRICS:
        raise ValueError(unknown("metric", value, METRICS))
    return value


MetricName = Annotated[str, AfterValidator(_metric)]
Size = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Listed = Annotated[tuple[str, ...], BeforeValidator(listed)]
Names = Annotated[Listed, Field(min_length=1), AfterValidator(once)]
Sizes = Annotated[tuple[Size, ...], BeforeValidator(listed), Field(min_length=1), AfterValidator(once)]


class AbstractSpec(BaseModel):
    """Fields that decide an experiment's numbers, as a TOML file.

    `KIND` is what an unknown field is called in messages; `MISSING` the sentence for a field that must be given;
    `PATHS` the fields that may hold paths, which count from the spec's own file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    KIND: ClassVar[str] = "spec field"
    MISSING: ClassVar[str] = ""
    PATHS: ClassVar[tuple[str, ...]] = ()

    def toml(self, folder: Path | None = None) -> str:
        """The spec as a TOML text; `folder` is where it will lie, and relative paths are written as seen from there."""
        fields = self.model_dump(exclude_none=True, mode="json")
        return tomli_w.dumps(fields if folder is None else type(self)._moved(fields, Path(), folder))

    @classmethod
    def make(cls, **fields: Any) -> Self:
        """A validated spec.

        Raises:
            AskwellError: one sentence on the first field that is wrong.
        """
        try:
            return cls(**fields)
        except ValidationError as error:
            raise AskwellError(cls._sentence(error)) from error

    @classmethod
    def read(cls, path: Path | str, **changes: Any) -> Self:
        """A spec from a TOML file, with some fields replaced. Relative paths in the file count from its folder.

        Raises:
            AskwellError: if the file is missing, is no TOML, or a field is wrong.
        """
        fields = cls._moved(read_toml(Path(path)), Path(path).parent, Path())
        return cls.make(**{**fields, **changes})

    @classmethod
    def _moved(cls, fields: dict[str, Any], old: Path, new: Path) -> dict[str, Any]:
        """The fields with relative paths as seen from another folder, in nested specs too."""
        moved = dict(fields)
        for name, value in fields.items():
            nested = cls._nested(name)
            if nested and isinstance(value, list | tuple):
                parts = (nested._moved(part, old, new) if isinstance(part, dict) else part for part in value)
                moved[name] = list(parts)
            elif name in cls.PATHS and isinstance(value, str):
                moved[name] = moved_path(value, old, new)
            elif name in cls.PATHS and isinstance(value, list | tuple):
                moved[name] = [
                    moved_path(part, old, new) if isinstance(part, str) else part for part in value
                ]
        return moved

    @classmethod
    def _nested(cls, name: str) -> "type[AbstractSpec] | None":
        """The spec that a field is a tuple of, if it is one."""
        field = cls.model_fields.get(name)
        kinds = typing.get_args(field.annotation) if field else ()
        return (
            kinds[0] if kinds and isinstance(kinds[0], type) and issubclass(kinds[0], AbstractSpec) else None
        )

    @classmethod
    def _sentence(cls, error: ValidationError) -> str:
        first = error.errors()[0]
        place = [part for part in first["loc"] if not (part == first["loc"][-1] and isinstance(part, int))]
        *above, field = map(str, place or ("spec",))
        at = ".".join((*above, field))
        if first["type"] == "extra_forbidden":
            known = (cls._nested(above[0]) if above else None) or cls
            return unknown(cls.KIND, field, known.model_fields)
        if first["type"] == "missing" and cls.MISSING:
            return cls.MISSING
        if first["type"] == "value_error":
            return first["msg"].removeprefix("Value error, ")
        if first["type"] == "too_short":
            return f"{at} is empty; give at least one."
        return f"{at} is {first['input']!r}; {first['msg'].replace('Input', 'it', 1)}."


def moved_path(name: str, old: Path, new: Path) -> str:
    """A relative path as seen from another folder; names of datasets, strategies and absolute paths stay.

    ``policy:`` before a path stays before it.
    """
    kind, colon, rest = name.rpartition(":")
    looks_like_path = Path(rest).suffix or "/" in rest or os.sep in rest or kind == "policy"
    if kind not in ("", "policy") or not rest or not looks_like_path or Path(rest).is_absolute():
        return name
    if rest.startswith("~"):
        return name
    if old != Path() and not (old / rest).exists() and Path(rest).exists():
        return name  # earlier versions wrote paths as seen from the working folder
    return f"{kind}{colon}{os.path.relpath(old / rest, new)}"


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's fields.

    Raises:
        AskwellError: if it is missing, no TOML, or not UTF-8.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AskwellError(f"Cannot read the spec {path}: {error.strerror}; check the path.") from error
    except ValueError as error:  # broken TOML or not UTF-8
        raise AskwellError(f"The spec {path} is not valid TOML: {error}; mend that line.") from error
