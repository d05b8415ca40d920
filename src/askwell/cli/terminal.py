"""What the commands share: lists with commas, the screen, progress."""

import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LINE_EVERY = 10.0
"""Seconds between two lines of progress where there is no terminal to draw a bar on."""


def names(text: str | None) -> tuple[str, ...] | None:
    """The names in a list with commas."""
    return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())


def numbers(text: str | None, option: str) -> tuple[int, ...] | None:
    """The whole numbers in a list with commas.

    Raises:
        AskwellError: for anything else.
    """
    from askwell.core.errors import AskwellError

    try:
        return None if text is None else tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise AskwellError(f"{option} is '{text}'; give a whole number, or several with commas.") from error


def settings(given: list[str] | None) -> dict[str, Any] | None:
    """Settings that were given as NAME=VALUE; a value that is no number or truth value is a word.

    Raises:
        AskwellError: for what has another form.
    """
    import tomllib

    from askwell.core.errors import AskwellError

    if given is None:
        return None
    found: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise AskwellError(
                f"--setting is '{text}'; give a setting of the game and its value, as error=0.2."
            )
        try:
            found[name] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            found[name] = value
    return found


def console(stderr: bool = False):
    """Rich's console, without its markup."""
    from rich.console import Console

    # No markup and no emoji: names are the user's and may hold anything.
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def program() -> str:
    """How to call Askwell from here, in words for a shell: by name, or as it was called where the name is not found."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return "python -m askwell"
    if called.name == "askwell" and shutil.which("askwell") is None:
        return shlex.quote(str(called))
    return "askwell"


@contextmanager
def progress(unit: str = "cell") -> Iterator[Callable[[int, int, str], None]]:
    """Progress on standard error, as a callback: units done, units in all, what was just finished.

    A bar with the time left on a terminal; elsewhere a line every `LINE_EVERY` seconds.
    """
    screen = console(stderr=True)
    if not screen.is_terminal:
        yield _lines(unit)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    what = TextColumn("{task.description}", markup=False)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), what)
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task("compiling", total=None)

        def update(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=what or "compiling")

        yield update


def _lines(unit: str) -> Callable[[int, int, str], None]:
    last = time.monotonic()

    def update(done: int, total: int, what: str) -> None:
        nonlocal last
        if time.monotonic() - last >= LINE_EVERY:
            last = time.monotonic()
            print(
                f"{done} of {total} {unit}{'s' * (total != 1)} done ({what or 'compiling'})",
                file=sys.stderr,
                flush=True,
            )

    return update
