"""Where hits are counted: a table of our own, so that several workers and a restart count together.

SQLite has it in a file beside the comments, which no reader of comments notices and no power cut matters to;
PostgreSQL in an unlogged table. One statement counts a hit or refuses it, so no two hits pass a limit at once.
"""

import functools
import math
import re
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import sqlalchemy as sa
from limits.storage import Storage
from limits.storage.base import SlidingWindowCounterSupport, TimestampedSlidingWindow

SCHEME = "comments"
FILE_NAME = "limits.sqlite3"
PATIENCE_SECONDS = 1
CREATION_LOCK = 0x6C696D697473  # "limits", for PostgreSQL's advisory lock

CREATE = "CREATE {kind} TABLE IF NOT EXISTS limit_window (key VARCHAR(300) PRIMARY KEY, hits INTEGER, expires_at FLOAT)"
# The hits of the window before count for the part of it that the sliding window still covers.
HIT = """
    INSERT INTO limit_window (key, hits, expires_at)
    SELECT :current, :amount, :expires_at
    WHERE :weight * COALESCE((SELECT hits FROM limit_window WHERE key = :previous), 0) < :room
    ON CONFLICT (key) DO UPDATE SET hits = limit_window.hits + :amount
    WHERE :weight * COALESCE((SELECT hits FROM limit_window WHERE key = :previous), 0) + limit_window.hits < :room
    RETURNING hits
"""
ADD = """
    INSERT INTO limit_window (key, hits, expires_at) VALUES (:key, :amount, :expires_at)
    ON CONFLICT (key) DO UPDATE SET
        hits = CASE WHEN limit_window.expires_at <= :now THEN :amount ELSE limit_window.hits + :amount END,
        expires_at = CASE WHEN limit_window.expires_at <= :now THEN :expires_at ELSE limit_window.expires_at END
    RETURNING hits
"""
FIND = "SELECT hits, expires_at FROM limit_window WHERE key = :key AND expires_at > :now"
FIND_BOTH = """
    SELECT (SELECT hits FROM limit_window WHERE key = :previous), (SELECT hits FROM limit_window WHERE key = :current)
"""
REMOVE = "DELETE FROM limit_window WHERE key = :key"
PRUNE = "DELETE FROM limit_window WHERE expires_at <= :now"
EMPTY = "DELETE FROM limit_window"
PRUNED_ONCE_IN = 500  # hits


def uri(database: str, instance: Path) -> str:
    """The limiter's storage address for the comments' own `database`."""
    sqlite = sa.make_url(database).get_backend_name() == "sqlite"
    url = f"sqlite:///{(instance / FILE_NAME).resolve()}" if sqlite else database
    return f"{SCHEME}://?{urlencode({'url': url})}"


def wait_seconds(limit: int, expiry: int, window: tuple[int, float, int, float]) -> int:
    """After how many seconds one more hit fits into `limit` hits in `expiry` seconds.

    `window` is what `get_sliding_window` gives.
    """
    previous, previous_ttl, current, current_ttl = window
    if current < limit:
        wait = previous_ttl - (limit - current) * expiry / previous if previous else 0.0
    else:
        wait = current_ttl - limit * expiry / current
    return max(1, math.floor(wait) + 1)


def left(limit: int, expiry: int, window: tuple[int, float, int, float]) -> int:
    """How many more of `limit` hits in `expiry` seconds fit now."""
    previous, previous_ttl, current, _ = window
    return max(0, limit - math.floor(previous * previous_ttl / expiry + current))


class OwnStorage(Storage, SlidingWindowCounterSupport, TimestampedSlidingWindow):
    """Counts hits in the database that `uri` names, for `limits`' sliding-window-counter strategy."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 - the name and form that the library asks for

    def __init__(self, uri: str, wrap_exceptions: bool = False, **_: Any) -> None:
        super().__init__(uri, wrap_exceptions)
        (url,) = parse_qs(urlsplit(uri).query)["url"]
        sqlite = sa.make_url(url).get_backend_name() == "sqlite"
        # Every statement is its own transaction.
        patience: dict[str, Any] = (
            {"timeout": PATIENCE_SECONDS, "isolation_level": None}
            if sqlite
            else {"connect_timeout": PATIENCE_SECONDS, "prepare_threshold": None, "autocommit": True}
        )
        engine = sa.create_engine(url, connect_args=patience, pool_pre_ping=not sqlite, pool_reset_on_return=None)
        if sqlite:
            sa.event.listen(engine, "connect", _prepare_sqlite)
        self._create = _create_sqlite if sqlite else _create_postgresql
        self._engine = engine
        # SQLite lets one write at a time, and those that wait sleep and ask again: within a process they take turns,
        # with the one connection that they need then.
        self._turn = threading.Lock() if sqlite else None
        self._own: Any = None
        self._driver_error: type[Exception] = engine.dialect.loaded_dbapi.Error
        self._ready = False

    @property
    def base_exceptions(self) -> type[Exception]:
        return sa.exc.SQLAlchemyError

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        now = time.time()
        previous, current = self.sliding_window_keys(key, expiry, now)
        if secrets.randbelow(PRUNED_ONCE_IN) == 0:
            self._run(PRUNE, now=now)
        hit = self._run(
            HIT,
            previous=previous,
            current=current,
            amount=amount,
            weight=_share_left(expiry, now),
            room=limit - amount + 1,
            expires_at=now + 2 * expiry,
        )
        return hit is not None

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        now = time.time()
        previous, current = self.sliding_window_keys(key, expiry, now)
        row = self._run(FIND_BOTH, previous=previous, current=current)
        hits_before, hits = (row[0] or 0, row[1] or 0) if row else (0, 0)
        left = _share_left(expiry, now) * expiry
        return hits_before, left if hits_before else 0.0, hits, left + expiry

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        for window in self.sliding_window_keys(key, expiry, time.time()):
            self.clear(window)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = time.time()
        row = self._run(ADD, key=key, amount=amount, now=now, expires_at=now + expiry)
        return int(row[0]) if row else amount

    def get(self, key: str) -> int:
        return self._hits(key, time.time())

    def get_expiry(self, key: str) -> float:
        now = time.time()
        row = self._run(FIND, key=key, now=now)
        return float(row[1]) if row else now

    def check(self) -> bool:
        try:
            self._run(FIND, key="", now=time.time())
        except sa.exc.SQLAlchemyError:
            return False
        return True

    def reset(self) -> int | None:
        self._run(EMPTY)
        return None

    def clear(self, key: str) -> None:
        self._run(REMOVE, key=key)

    def _hits(self, key: str, now: float) -> int:
        row = self._run(FIND, key=key, now=now)
        return int(row[0]) if row else 0

    def _run(self, statement: str, **values: Any) -> Any:
        """Run `statement`; its first row, if it has one.

        By the driver itself: a submission is counted half a dozen times, and SQLAlchemy's own way costs ten times what
        SQLite needs.
        """
        if self._turn is None:
            return self._run_on(self._engine.raw_connection, statement, values)
        with self._turn:
            return self._run_on(self._kept, statement, values)

    def _kept(self) -> Any:
        if self._own is None:
            self._own = self._engine.raw_connection()
        return self._own

    def _run_on(self, connect: Callable[[], Any], statement: str, values: dict[str, Any]) -> Any:
        connection = None
        try:
            connection = connect()
            return self._first(connection.cursor(), statement, values)
        except self._driver_error as error:
            if connection is not None:
                connection.invalidate()
                self._own = None
            raise sa.exc.OperationalError(statement, None, error, hide_parameters=True) from error
        finally:
            if connection is not None and self._own is None:
                connection.close()

    def _first(self, cursor: Any, statement: str, values: dict[str, Any]) -> Any:
        if not self._ready:
            self._create(cursor)
            self._ready = True
        cursor.execute(self._spelled(statement), values)
        rows = cursor.fetchall() if cursor.description else []  # all: the transaction ends with the last
        return rows[0] if rows else None

    def _spelled(self, statement: str) -> str:
        """`statement` with its parameters marked as the driver wants them."""
        return statement if self._engine.dialect.name == "sqlite" else _spelled_pyformat(statement)


@functools.cache
def _spelled_pyformat(statement: str) -> str:
    return re.sub(r":(\w+)", r"%(\1)s", statement)


def _create_sqlite(cursor: Any) -> None:
    cursor.execute(CREATE.format(kind=""))


def _create_postgresql(cursor: Any) -> None:
    cursor.execute("BEGIN")
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CREATION_LOCK])
    cursor.execute(CREATE.format(kind="UNLOGGED"))
    cursor.execute("COMMIT")


def _share_left(expiry: int, now: float) -> float:
    """How much of the window before the sliding window still covers, from 0 to 1."""
    return 1 - (now / expiry) % 1


def _prepare_sqlite(connection: Any, record: Any) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
