"""Every answer on the disk before it is acknowledged: SQLite, one table of events that only grows."""

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from askwell.core import AskwellError

FORMAT = "1"
"""Changes with the meaning of what is written: a file of another format is refused, not misread."""

TABLES = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
  number INTEGER PRIMARY KEY, at REAL NOT NULL, annotator TEXT NOT NULL, does TEXT NOT NULL, id TEXT NOT NULL,
  label TEXT, how TEXT NOT NULL DEFAULT '', seconds REAL NOT NULL DEFAULT 0, batch INTEGER
);
CREATE TABLE IF NOT EXISTS estimates (number INTEGER PRIMARY KEY, labels INTEGER NOT NULL, content TEXT NOT NULL);
"""


class Row(NamedTuple):
    """One event on one row of the pool.

    Attributes:
        at: when, in seconds since 1970.
        annotator: who.
        does: "ask" (the row was handed out), "tell", "skip" or "untell".
        id: the row of the pool.
        label: of "tell" the class.
        how: of "skip" its kind; of "ask" "audit" where the row was drawn at random.
        seconds: of "tell" and "skip" how long it took; 0 where that is not known.
        batch: of "ask" the number of the batch.
    """

    at: float
    annotator: str
    does: str
    id: str
    label: str | None = None
    how: str = ""
    seconds: float = 0.0
    batch: int | None = None


COLUMNS = ", ".join(Row._fields)


class NotSaved(AskwellError):
    """Nothing was written: what was to be saved may be sent again."""


class Database:
    """The file of a labelling. One process at a time may have it open; calls must not overlap."""

    def __init__(self, path: Path):
        """Open or make it.

        Raises:
            AskwellError: if another process has it open, or it is no such file.
        """
        self.path = path
        with contextlib.ExitStack() as opened, self._said("cannot be opened"):
            path.parent.mkdir(parents=True, exist_ok=True)
            # Held as long as the process lives, however it ends; readers of the file itself are not kept out.
            lock = opened.enter_context(contextlib.closing(_connect(f"{path}-server", 0)))
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                raise AskwellError(
                    f"Another server has {path} open; stop it first, or choose another --db."
                ) from error
            self._file = opened.enter_context(contextlib.closing(_connect(path, 2)))
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = FULL")
            self._file.executescript(TABLES)
            self._opened = opened.pop_all()

    def about(self) -> dict[str, str]:
        """What the labelling is of, see `begin`; empty for a new file."""
        with self._said("cannot be read"):
            return dict(self._file.execute("SELECT name, value FROM about"))

    def begin(self, about: dict[str, str]) -> None:
        """Take up the labelling of that pool, or begin it.

        Raises:
            AskwellError: if the file belongs to another pool, or was written by another version.
        """
        about, old = {"format": FORMAT, **about}, self.about()
        if old.get("format", FORMAT) != FORMAT:
            raise AskwellError(
                f"{self.path} is of format {old['format']}, and this version of Askwell reads {FORMAT}; use the "
                "version that wrote it."
            )
        for name in set(old) & set(about):
            if old[name] != about[name]:
                raise AskwellError(
                    f"{self.path} holds the labels of another pool ({name} {old[name]}, now {about[name]}); choose "
                    "another --db, or give the same pool."
                )
        with self._transaction():
            self._file.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", about.items())

    def add(self, rows: Iterable[Row]) -> None:
        """Write events, all of them or none. They are on the disk when this returns.

        Raises:
            NotSaved: if that fails, such as on a full disk.
        """
        with self._transaction():
            self._file.executemany(
                f"INSERT INTO events ({COLUMNS}) VALUES ({', '.join('?' * len(Row._fields))})",
                rows,
            )

    def events(self) -> list[Row]:
        """All events, in order."""
        with self._said("cannot be read"):
            return _events(self._file)

    def add_estimate(self, labels: int, content: dict[str, Any]) -> None:
        """Keep what was estimated at so many labels."""
        with self._transaction():
            self._file.execute(
                "INSERT INTO estimates (labels, content) VALUES (?, ?)", (labels, json.dumps(content))
            )

    def estimates(self) -> list[dict[str, Any]]:
        """What was estimated, in order, each with its number of `labels`."""
        with self._said("cannot be read"):
            return _estimates(self._file)

    def close(self) -> None:
        """Let another process have it."""
        self._opened.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._said("cannot be written", NotSaved):
            self._file.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._file.execute("COMMIT")
            except BaseException:
                if self._file.in_transaction:
                    self._file.execute("ROLLBACK")
                raise

    def _said(
        self, what: str, kind: type[AskwellError] = AskwellError
    ) -> contextlib.AbstractContextManager[None]:
        return saying(self.path, what, kind)


class History(NamedTuple):
    """What a labelling's file holds: its events, and the accuracies that were estimated (see `Database.estimates`)."""

    events: list[Row]
    estimates: list[dict[str, Any]]


def read_history(path: Path) -> History:
    """All that is in the file of a labelling, which may be in use.

    Raises:
        AskwellError: if there is none, or it is no such file.
    """
    if not path.is_file():
        raise AskwellError(f"There is no file {path}; give the --db of an `askwell label`.")
    with saying(path, "cannot be read"), contextlib.closing(_connect(path, 2)) as file:
        found = file.execute("SELECT value FROM about WHERE name = 'format'").fetchone()
        if found is None or found[0] != FORMAT:
            raise AskwellError(
                f"{path} is no labelling of this version of Askwell; give the --db of an `askwell label`."
            )
        return History(_events(file), _estimates(file))


def _events(file: sqlite3.Connection) -> list[Row]:
    return list(map(Row._make, file.execute(f"SELECT {COLUMNS} FROM events ORDER BY number")))


def _estimates(file: sqlite3.Connection) -> list[dict[str, Any]]:
    found = file.execute("SELECT labels, content FROM estimates ORDER BY number").fetchall()
    return [{"labels": labels, **json.loads(content)} for labels, content in found]


@contextlib.contextmanager
def saying(path: Path, what: str, kind: type[AskwellError] = AskwellError) -> Iterator[None]:
    """SQLite's errors as one sentence: what of the file `cannot be` done."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        reason = str(getattr(error, "strerror", None) or error)
        advice = (
            "free some space, and the page sends what it has not saved again"
            if "full" in reason
            else "another program writes to it: let it finish"
            if "locked" in reason
            else "check the path and its permissions, or choose another --db"
        )
        raise kind(f"{path} {what} ({reason}); {advice}.") from error


def _connect(path: Path | str, timeout: float) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False)
