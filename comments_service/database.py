"""What differs between SQLite and PostgreSQL, and how a use case writes: one transaction, once.

Nothing else in the package knows which database it runs on.
"""

import functools
import logging
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast
from uuid import UUID

import alembic.command
import sqlalchemy as sa
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from .errors import Conflict, Invalid, Unavailable, from_database
from .extensions import Base, db

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 0x636F6D6D656E7473  # "comments", for PostgreSQL's advisory lock
BUSY_MILLISECONDS = 5_000
UPGRADE_MILLISECONDS = 600_000
ATTEMPTS = 4
# PostgreSQL's words for "do it again": serialization failure, deadlock, and the connection going away.
RETRIED = {"40001", "40P01", "57P01", "57P02", "57P03", "08000", "08003", "08006"}

_last_stamp = 0
_stamp_lock = threading.Lock()
_writer = threading.Lock()


def uuid7() -> UUID:
    """A new id that sorts after every one this process made before (RFC 9562, 5.7 and 6.2, method 1).

    48 bits of Unix milliseconds, a counter of 42 bits that begins at random with each millisecond, 32 random bits.
    A clock that goes back does not turn the order round.
    """
    global _last_stamp  # noqa: PLW0603 - the process's one clock of ids
    milliseconds = time.time_ns() // 1_000_000
    with _stamp_lock:
        fresh = milliseconds << 42 | secrets.randbits(41)
        _last_stamp = fresh if milliseconds > _last_stamp >> 42 else _last_stamp + 1
        stamp = _last_stamp
    counter = stamp & (1 << 42) - 1
    head = (stamp >> 42) << 80 | 0x7 << 76 | (counter >> 30) << 64
    return UUID(int=head | 0x2 << 62 | (counter & (1 << 30) - 1) << 32 | secrets.randbits(32))


def transaction(use_case: Callable[P, R]) -> Callable[P, R]:
    """Run `use_case` in one write transaction: committed at its end, nothing kept when it raises.

    SQLite's write lock is taken at the start, so that no other writer comes between what is read and what is
    written. A transaction that PostgreSQL asks to repeat, or that lost its connection before the commit, is
    run again; what cannot be stored is raised as `Unavailable`.
    """

    @functools.wraps(use_case)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, ATTEMPTS + 1):
            db.session.rollback()  # a read before may have left an older snapshot open
            try:
                with _turn():
                    db.session.connection(execution_options={"writes": True})
                    result = use_case(*args, **kwargs)
                    db.session.commit()
            except DBAPIError as error:
                db.session.rollback()
                if attempt == ATTEMPTS or not _retried(error):
                    raise _refusal(error) from error
                time.sleep(secrets.randbelow(1 << attempt) / 100)
            except BaseException:
                db.session.rollback()
                raise
            else:
                return result
        raise AssertionError("unreachable")

    return run


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for this thread's turn to write to SQLite, which has one writer at a time.

    SQLite's own waiting is sleeping and asking again: the more wait, the longer some of them do. Between processes
    it still has to.
    """
    if _dialect() != "sqlite":
        yield
        return
    if not _writer.acquire(timeout=BUSY_MILLISECONDS / 1000):
        raise Unavailable("Too many want to write just now. Nothing was stored; please try again.")
    try:
        yield
    finally:
        _writer.release()


def insert(entity: type[Base], values: Mapping[str, Any]) -> None:
    """Insert a row."""
    db.session.connection().execute(_insert(entity), values)


def insert_new(entity: type[Base], values: Mapping[str, Any]) -> bool:
    """Insert a row unless one with its key is there; whether it was inserted."""
    return bool(db.session.connection().execute(_insert_new(entity, _dialect()), values).rowcount)


def add_up(entity: type[Base], key: Mapping[str, Any], column: str, amount: int) -> None:
    """Add `amount` to the counter `column` of the row with `key`, which begins at zero."""
    db.session.connection().execute(_add_up(entity, tuple(key), column, _dialect()), {**key, column: amount})


# Statements are built once: building one costs more than SQLite needs to carry it out.


@functools.cache
def _insert(entity: type[Base]) -> sa.Insert:
    return sa.insert(_table(entity))


@functools.cache
def _insert_new(entity: type[Base], dialect: str) -> sa.Insert:
    if dialect == "postgresql":
        return postgresql.insert(_table(entity)).on_conflict_do_nothing()
    return sqlite_dialect.insert(_table(entity)).on_conflict_do_nothing()


@functools.cache
def _add_up(entity: type[Base], key: tuple[str, ...], column: str, dialect: str) -> sa.Insert:
    table = _table(entity)
    statement = postgresql.insert(table) if dialect == "postgresql" else sqlite_dialect.insert(table)
    total = {column: table.c[column] + statement.excluded[column]}
    return statement.on_conflict_do_update(index_elements=list(key), set_=total)


def _table(entity: type[Base]) -> sa.Table:
    return cast(sa.Table, entity.__table__)


def _dialect() -> str:
    return db.engine.dialect.name


def init_app(app: Flask, url: str) -> None:
    """Open the database at `url` for `app`, with the settings that each kind needs."""
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(url)
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            sa.event.listen(db.engine, "connect", _prepare_sqlite)
            sa.event.listen(db.engine, "begin", _begin_sqlite)


def upgrade() -> None:
    """Bring the schema up to date: under a lock, and on SQLite with a copy of the file made first."""
    if is_current():
        return
    _copy_before_upgrade()
    with db.engine.connect().execution_options(writes=True) as connection:
        _wait_for_others(connection)
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            alembic.command.upgrade(_alembic(connection), "head")


def _wait_for_others(connection: sa.Connection) -> None:
    """Let `connection` wait while another start upgrades, which takes longer than any request may."""
    if connection.dialect.name == "sqlite":
        connection.detach()  # never given to a request
        connection.connection.cursor().execute(f"PRAGMA busy_timeout = {UPGRADE_MILLISECONDS}")


def is_current() -> bool:
    """Whether the schema is the one that this version of the package needs."""
    with db.engine.connect() as connection:
        there = MigrationContext.configure(connection).get_current_revision()
    return there == ScriptDirectory.from_config(_alembic()).get_current_head()


def backup(target: Path) -> None:
    """Copy the SQLite database to `target` while the service runs; holds every comment acknowledged so far.

    Raises `Conflict` when `target` exists, `Invalid` on PostgreSQL, which has its own tools.
    """
    if db.engine.dialect.name != "sqlite":
        raise Invalid("This is for SQLite; for PostgreSQL use pg_dump.")
    _copy(target)


def _copy(target: Path) -> None:
    """A consistent copy of the SQLite file, for the owner's eyes only: at `target` it is whole, or not there.

    Raises `Conflict` when another copy was there first.
    """
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    try:
        with closing(sqlite3.connect(str(db.engine.url.database))) as source:
            source.execute("VACUUM INTO ?", [str(draft)])
        target.hardlink_to(draft)
    except sqlite3.Error as error:
        raise Unavailable(f"The copy cannot be written: {error}.") from error
    except FileExistsError as error:
        raise Conflict(f"{target} exists already.") from error
    finally:
        draft.unlink()


def _alembic(connection: sa.Connection | None = None) -> Config:
    """Alembic, run from inside the package on `connection`."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _copy_before_upgrade() -> None:
    """Keep the SQLite file as it was, beside it, named after the schema it has."""
    path = db.engine.url.database
    if db.engine.dialect.name != "sqlite" or not path or not Path(path).exists():
        return
    with db.engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    copy = Path(f"{path}.before-{revision}")
    if revision is None or copy.exists():
        return
    with suppress(Conflict):  # another start was faster
        _copy(copy)
    log.info("kept a copy of the database before the upgrade")


def _engine_options(url: str) -> dict[str, Any]:
    if sa.make_url(url).get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": BUSY_MILLISECONDS / 1000, "check_same_thread": False}}
    # Statements are not prepared, so that PgBouncer may hand each transaction another connection.
    return {"pool_pre_ping": True, "connect_args": {"prepare_threshold": None, "connect_timeout": 5}}


def _prepare_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    """Set up a new SQLite connection; transactions are begun by `_begin_sqlite`, not by the driver."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    # NORMAL would lose the last acknowledged comments when the power fails.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _retried(error: DBAPIError) -> bool:
    """Whether the same transaction may well go another way when it is run again.

    That holds for a key that another transaction took in between, too: the second run sees it.
    """
    lost = error.connection_invalidated or isinstance(error, IntegrityError)
    return lost or getattr(error.orig, "sqlstate", None) in RETRIED


def _refusal(error: DBAPIError) -> Exception:
    """What a failed transaction is raised as: a full disk or a lost server is `Unavailable`, a fault stays one."""
    return from_database(error) if isinstance(error, OperationalError) else error
