"""Files that are written whole or not at all."""

import os
import uuid
from pathlib import Path

from askwell.core.errors import AskwellError

PART = ".part-"
"""How the names of unfinished files begin; a process that was killed may leave one."""


def write_whole(path: Path, data: bytes, advice: str = "free space or choose another --out") -> None:
    """Write a file under a temporary name, then rename it: a reader sees all of it or nothing.

    Makes the folders that are missing.

    Raises:
        AskwellError: with `advice`, if it cannot be written; nothing half-written stays behind.
    """
    temporary = path.parent / f"{PART}{uuid.uuid4().hex}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)  # not a tempfile, which nobody else may read
        os.replace(temporary, path)
    except BaseException as error:
        if temporary.exists():
            temporary.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise AskwellError(f"Cannot write {path}: {error.strerror or error}; {advice}.") from error
