"""A run's directory: the spec that it was made by, and files that are written whole or not at all."""

import json
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path
from typing import Any, Generic, TypeVar

from askwell.core import PART, AskwellError, write_whole
from askwell.core.spec import AbstractSpec

S = TypeVar("S", bound=AbstractSpec)

SPEC = "spec.toml"
AGAIN = "free space or choose another --out, then run the same command again: what was finished is kept"
"""What to do when a file of a run cannot be written."""


def versions() -> str:
    """The versions that may change a number, for records and cards."""
    return ", ".join(f"{name} {version(name)}" for name in ("askwell", "jax", "scikit-learn"))


class RunDirectory(Generic[S]):
    """A directory with a spec in it. What a kind of run keeps beside the spec is up to its subclass.

    Args:
        root: the directory; it need not be there yet.
        kind: the class of the spec.
        command: what makes such a run, for messages: "askwell compare".
        grows: fields of the spec that may grow from call to call: what is new is played, what was finished stays.
        early: files that may be there before the spec is.
    """

    def __init__(
        self,
        root: Path | str,
        kind: type[S],
        command: str,
        grows: Collection[str] = (),
        early: Collection[str] = (),
    ):
        self.root = Path(root)
        self._kind, self._command, self._grows, self._early = kind, command, grows, early

    def begin(self, spec: S) -> S | None:
        """Take up the run that lies there: its spec, or None where none does; half-written files are removed.

        Raises:
            AskwellError: if the directory belongs to another spec, is no run's, or cannot be used.
        """
        try:
            old = self.spec() if (self.root / SPEC).exists() else None
            if old is not None:
                self._compare(old, spec)
            elif self.root.exists() and (
                not self.root.is_dir() or any(map(self._foreign, self.root.iterdir()))
            ):
                raise AskwellError(
                    f"{self.root} exists and holds no Askwell run; choose a new or empty --out."
                )
            for leftover in self.root.rglob(f"{PART}*"):
                leftover.unlink(missing_ok=True)
        except OSError as error:  # a folder that may not be entered, a name that is too long
            raise AskwellError(f"Cannot use {self.root}: {error.strerror}; choose another --out.") from error
        return old

    def keep(self, spec: S) -> None:
        """Write the spec; from then on the directory is a run."""
        self.write(SPEC, spec.toml(self.root).encode())

    def spec(self) -> S:
        """The spec of the run that lies there.

        Raises:
            AskwellError: if there is none.
        """
        if not (self.root / SPEC).is_file():
            raise AskwellError(
                f"{self.root} is no Askwell run (it has no {SPEC}); give a directory that `{self._command} --out` made."
            )
        return self._kind.read(self.root / SPEC)

    def write(self, name: str | Path, data: bytes) -> None:
        """Write a file of the run, whole or not at all."""
        write_whole(self.root / name, data, AGAIN)

    def write_json(self, name: str, value: Any) -> None:
        """Write a JSON file of the run."""
        self.write(name, json.dumps(value, indent=1).encode())

    def read_json(self, name: str) -> dict[str, Any]:
        """A JSON file of the run.

        Raises:
            AskwellError: if it is missing or damaged.
        """
        try:
            return dict(json.loads((self.root / name).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise AskwellError(f"{self.root / name} cannot be read; run again with another --out.") from error

    def _compare(self, old: S, new: S) -> None:
        before, now = old.model_dump(), new.model_dump()
        differ = [
            f"{name} {before[name]!r}, now {now[name]!r}"
            for name in now
            if before[name] != now[name] and name not in self._grows
        ]
        if differ:
            raise AskwellError(
                f"{self.root} was made by another spec ({'; '.join(differ)}); choose another --out, or give the same "
                "settings to go on with it."
            )

    def _foreign(self, path: Path) -> bool:
        """Whether a file is not what a run that was killed at its very start leaves behind."""
        return path.name not in self._early and not path.name.startswith(PART)
