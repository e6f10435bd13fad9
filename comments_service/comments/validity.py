"""Whether what was read before is still right.

An epoch is the last commit of this process, with what tells of those of others. On SQLite that is `PRAGMA data_version`
of a connection that never writes, which changes with every commit of any other; on PostgreSQL it is the time. In a
new epoch the revisions of a thread and of its site decide: they grow with every change of what readers see.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

import sqlalchemy as sa

from ..database import REPLICA, last_commit, reading
from ..extensions import db
from ..http import Note
from .replica import Replica

R = TypeVar("R")

Epoch = tuple[int, object]
Revision = tuple[int, int]  # of the thread, of its site

# How long the commits of other processes may go unseen. Beside one worker there are only commands; several workers see
# each other's at once on SQLite, where a look takes microseconds.
ALONE_SECONDS = 0.02
SHARED_SECONDS = 1.0

REVISIONS = """
    SELECT COALESCE(thread.revision, -1), site.revision
    FROM site LEFT JOIN thread ON thread.site_id = site.id AND thread.page = :page WHERE site.id = :site
"""


class Validity:
    """Tells epochs and revisions of the database behind `engine`; what can be, it reads from `replica`."""

    def __init__(self, engine: sa.Engine, look_seconds: float = 0.0, replica: Replica | None = None) -> None:
        self._engine = engine
        self._replica = replica
        self._look_seconds = look_seconds
        self._look_at = 0.0
        self._others = 0
        self._lock = threading.Lock()
        self._watcher: sqlite3.Connection | None = None
        self._path = engine.url.database if engine.dialect.name == "sqlite" else None

    def epoch(self) -> Epoch:
        """A value that differs once anything may have changed.

        What this process commits is seen at once, what others do no later than `look_seconds` after.
        """
        now = time.monotonic()
        if now >= self._look_at:
            self._others = self._looked(now)
            self._look_at = now + self._look_seconds
        return self._others, last_commit()

    def _looked(self, now: float) -> int:
        """A number that differs once another process may have committed something."""
        if self._path is None:
            return int(now * 1000)
        with self._lock:
            return cast(int, self._watching().execute("PRAGMA data_version").fetchone()[0])

    def revision(self, note: Note) -> Revision | None:
        """The revisions of the note's thread and site; None where they tell nothing."""
        if note.page is None:
            return None
        about = {"site": note.site, "page": note.page}
        if self._path is not None:
            with self._lock:
                return cast("Revision | None", self._watching().execute(REVISIONS, about).fetchone())

        def look_up(connection: sa.Connection) -> Any:
            return connection.execute(sa.text(REVISIONS), about).first()

        row = self._replica.read(self.epoch(), look_up) if self._replica else None
        if row is None:
            with self._engine.connect() as connection:
                row = look_up(connection)
        return (row[0], row[1]) if row else None

    def read(self, epoch: Epoch, make: Callable[[], R], failed: Callable[[R], bool]) -> R:
        """What `make` makes in `epoch` of what is on the replica or, where that cannot answer, of the primary's."""

        def on(connection: sa.Connection) -> R:
            with reading(connection):
                return make()

        made = self._replica.read(epoch, on) if self._replica else None
        if made is not None and not failed(made):
            return made
        with self._engine.connect() as connection:
            return on(connection)

    def is_quick(self) -> bool:
        """Whether a look at the database takes microseconds, and may so be taken on an event loop."""
        return self._path is not None

    def _watching(self) -> sqlite3.Connection:
        """A connection that never writes; used under the lock."""
        if self._watcher is None:
            self._watcher = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, check_same_thread=False)
        return self._watcher


def validity_of(workers: int) -> Validity:
    """The validity of what is read from the application's database, while `workers` processes serve it."""
    if db.engine.dialect.name == "sqlite":
        return Validity(db.engine, 0.0 if workers > 1 else ALONE_SECONDS)
    replica = db.engines.get(REPLICA)
    return Validity(db.engine, SHARED_SECONDS, Replica(db.engine, replica) if replica is not None else None)
