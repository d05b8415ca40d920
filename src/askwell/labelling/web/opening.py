"""From a session and a file to all that the page needs."""

from collections.abc import Sequence
from pathlib import Path

from askwell.labelling.batches import Batches
from askwell.labelling.database import Database
from askwell.labelling.items import Items
from askwell.labelling.judging import Judge
from askwell.labelling.project import Project
from askwell.labelling.session import Session
from askwell.labelling.web.desk import Desk


def open_desk(
    session: Session,
    pool: Path,
    db: Path,
    *,
    batch: int = 10,
    people: int = 1,
    overlap: int = 1,
    show: Sequence[str] | None = None,
    hosts: Sequence[str] = (),
) -> Desk:
    """The labelling of a session's pool that `db` keeps, or a new one; see `askwell label`.

    Raises:
        AskwellError: if `db` is in use, damaged or of another pool, or a setting cannot be.
    """
    items = Items(pool, session.rows, show, hosts)
    database = Database(db.expanduser())
    try:
        project = Project(session, database, overlap=overlap)
        judge = Judge(project, apart=batch)
        return Desk(project, items, Batches(project, judge, batch, people), judge, pool.name)
    except BaseException:
        database.close()
        raise
