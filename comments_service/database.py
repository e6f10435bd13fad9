"""What differs between SQLite and PostgreSQL, and how a use case writes: one transaction, once.

Nothing else in the package knows which database it runs on.
"""

import functools
import importlib
import logging
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from .compiled import Compiled, command
from .errors import Conflict, Invalid, Unavailable, from_database
from .extensions import Base, db, let_go, working_on

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

MIGRATIONS = Path(__file__).parent / "migrations"
REPLICA = "replica"  # the name of its engine
MIGRATION_LOCK = 0x636F6D6D656E7473  # "comments", for PostgreSQL's advisory lock
BUSY_MILLISECONDS = 5_000
UPGRADE_MILLISECONDS = 600_000
ATTEMPTS = 10
LONGEST_PAUSE = 3  # as a power of two, in hundredths of a second
# PostgreSQL's words for "nothing was kept, do it again": serialization failure and deadlock.
UNDONE = {"40001", "40P01"}
# Its words for a connection that goes away.
LOST = {"57P01", "57P02", "57P03", "08000", "08003", "08006"}

_last_stamp = 0
_stamp_lock = threading.Lock()
_turns = threading.Lock()
_last_commit = object()
_to_tell: ContextVar[list[Callable[[], None]]] = ContextVar("to_tell")


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


def first_id(at: datetime) -> UUID:
    """What every id made at `at` or later sorts after, for ids begin with the time: so the key serves as an index.

    Ids run ahead of the clock after it was put back, so `created_at` has to be asked, too.
    """
    return UUID(int=int(at.timestamp() * 1000) << 80)


def transaction(use_case: Callable[P, R]) -> Callable[P, R]:
    """Run `use_case` in one write transaction: committed at its end, nothing kept when it raises.

    No other writer comes between what is read and what is written: SQLite's write lock is taken at the start, and
    PostgreSQL lets one of two that write the same row begin again. A transaction that lost its connection before
    the commit is run again, too. One that lost it in the commit may be stored or not, so it is not: whoever asks
    again with the same idempotency key is told. What cannot be stored is raised as `Unavailable`.
    """

    @functools.wraps(use_case)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, ATTEMPTS + 1):
            work = _Work(again=attempt > 1)
            try:
                let_go()  # a read before may have left an older snapshot open
                return work.do(lambda: use_case(*args, **kwargs))
            except DBAPIError as error:
                if attempt == ATTEMPTS or not _retried(error, work.committing):
                    raise _refusal(error) from error
                time.sleep(secrets.randbelow(1 << min(attempt, LONGEST_PAUSE)) / 100)
        raise AssertionError("unreachable")

    return run


class _Work:
    """One try at a write transaction."""

    def __init__(self, *, again: bool) -> None:
        self._again = again
        self.committing = False

    def do(self, use_case: Callable[[], R]) -> R:
        """Run `use_case` and commit; whatever it raises, nothing is kept."""
        to_tell: list[Callable[[], None]] = []
        _to_tell.set(to_tell)
        try:
            with _turn(), writing() as connection, working_on(connection):
                if self._again:
                    _queue_up(connection)
                result = _flushed(use_case)
                self.committing = True
        finally:
            if self.committing:
                _committed(to_tell)
        return result


def _flushed(use_case: Callable[[], R]) -> R:
    """What `use_case` gives, with all that it left to the session written; the session ends with it."""
    try:
        result = use_case()
        if db.session.registry.has():
            db.session.commit()  # of its part: what is written is kept with the connection's commit
    except BaseException:
        let_go()
        raise
    return result


@contextmanager
def reading(connection: sa.Connection) -> Iterator[None]:
    """Let what is read within be read from `connection`, as of one moment."""
    if connection.dialect.name == "sqlite":
        command(connection, "BEGIN")
    with working_on(connection):
        yield


@contextmanager
def writing(prepare: Callable[[sa.Connection], None] = lambda connection: None) -> Iterator[sa.Connection]:
    """A connection in a transaction that may write, committed at the end; `prepare` comes before the transaction."""
    with db.engine.connect() as connection:
        prepare(connection)
        with connection.begin():
            if connection.dialect.name == "sqlite":
                command(connection, "BEGIN IMMEDIATE")
            yield connection


def last_commit() -> object:
    """Stands for the last commit of this process: another thing after each."""
    return _last_commit


def when_committed(tell: Callable[[], None]) -> None:
    """Call `tell` once the transaction under way is committed."""
    _to_tell.get().append(tell)


def _committed(to_tell: list[Callable[[], None]]) -> None:
    global _last_commit  # noqa: PLW0603 - of the process
    _last_commit = object()
    for tell in to_tell:
        tell()


def _queue_up(connection: sa.Connection) -> None:
    """Let a transaction that PostgreSQL undid wait for the others of its kind before it sees anything.

    Below a page where everybody writes at once, each would else undo the others again and again. Waiting for a row,
    or for an advisory lock, comes too late: the moment that a transaction sees is fixed by its first query.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE alembic_version IN SHARE UPDATE EXCLUSIVE MODE")


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for this thread's turn to write to SQLite, which has one writer at a time.

    SQLite's own waiting is sleeping and asking again: the more wait, the longer some of them do. Between processes
    it still has to.
    """
    if _dialect() != "sqlite":
        yield
        return
    if not _turns.acquire(timeout=BUSY_MILLISECONDS / 1000):
        raise Unavailable("Too many want to write just now. Nothing was stored; please try again.")
    try:
        yield
    finally:
        _turns.release()


def insert(entity: type[Base], values: Mapping[str, Any]) -> None:
    """Insert a row."""
    _insert(entity, tuple(values)).run(values)


def insert_new(entity: type[Base], values: Mapping[str, Any]) -> bool:
    """Insert a row unless one with its key is there; whether it was inserted."""
    return bool(_insert_new(entity, tuple(values), _dialect()).run(values))


def add_up(entity: type[Base], key: Mapping[str, Any], column: str, amount: int) -> None:
    """Add `amount` to the counter `column` of the row with `key`, which begins at zero."""
    _add_up(entity, tuple(key), column, _dialect()).run({**key, column: amount})


# Statements are built once: building one costs more than SQLite needs to carry it out.


@functools.cache
def _insert(entity: type[Base], columns: tuple[str, ...]) -> Compiled:
    return Compiled(sa.insert(table(entity)).inline(), columns)


@functools.cache
def _insert_new(entity: type[Base], columns: tuple[str, ...], dialect: str) -> Compiled:
    return Compiled(_upsert(entity, dialect).inline().on_conflict_do_nothing(), columns)


@functools.cache
def _add_up(entity: type[Base], key: tuple[str, ...], column: str, dialect: str) -> Compiled:
    statement = _upsert(entity, dialect).inline()
    total = {column: table(entity).c[column] + statement.excluded[column]}
    return Compiled(statement.on_conflict_do_update(index_elements=list(key), set_=total), (*key, column))


def _upsert(entity: type[Base], dialect: str) -> Any:
    """An insert that knows ON CONFLICT; both dialects have one of the same form, and only one is loaded."""
    return importlib.import_module(f"sqlalchemy.dialects.{dialect}").insert(table(entity))


def table(entity: type[Base]) -> sa.Table:
    """The table of `entity`, for statements that make no objects."""
    return cast(sa.Table, entity.__table__)


def _dialect() -> str:
    return db.engine.dialect.name


def init_app(app: Flask, url: str, replica: str = "") -> None:
    """Open the database at `url` for `app`, and a `replica` of it, with the settings that each kind needs."""
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(url)
    if replica:
        app.config["SQLALCHEMY_BINDS"] = {REPLICA: {"url": replica, **_engine_options(replica)}}
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            sa.event.listen(db.engine, "connect", _prepare_sqlite)


def close() -> None:
    """Close the connections that wait in the pools."""
    for engine in db.engines.values():
        engine.dispose()


def upgrade() -> None:
    """Bring the schema up to date: under a lock, and on SQLite with a copy of the file made first."""
    if is_current():
        return
    _copy_before_upgrade()
    with writing(_prepare_to_wait) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
        # Alembic's 10 MB stay out of a process that finds its schema made.
        importlib.import_module("comments_service.migrations").run(connection, MIGRATIONS)


def _prepare_to_wait(connection: sa.Connection) -> None:
    """Let `connection` wait while another start upgrades, which takes longer than any request may, and see its work."""
    if connection.dialect.name == "sqlite":
        connection.detach()  # never given to a request
        connection.connection.cursor().execute(f"PRAGMA busy_timeout = {UPGRADE_MILLISECONDS}")
    else:
        connection.execution_options(isolation_level="READ COMMITTED")


def is_current() -> bool:
    """Whether the schema is the one that this version of the package needs."""
    return _revision() == max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _revision() -> str | None:
    """The step that made the schema what it is; None for an empty database."""
    with db.engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return str(connection.scalar(sa.text("SELECT version_num FROM alembic_version")))


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


def _copy_before_upgrade() -> None:
    """Keep the SQLite file as it was, beside it, named after the schema it has."""
    path = db.engine.url.database
    if db.engine.dialect.name != "sqlite" or not path or not Path(path).exists():
        return
    revision = _revision()
    copy = Path(f"{path}.before-{revision}")
    if revision is None or copy.exists():
        return
    with suppress(Conflict):  # another start was faster
        _copy(copy)
    log.info("kept a copy of the database before the upgrade")


def _engine_options(url: str) -> dict[str, Any]:
    """How the engine is made; what people typed never stands in an error, and so in no log."""
    if sa.make_url(url).get_backend_name() == "sqlite":
        waiting = {"timeout": BUSY_MILLISECONDS / 1000, "check_same_thread": False}
        # The connection used last knows most pages: what another one writes makes it forget them all.
        return {"hide_parameters": True, "connect_args": waiting, "pool_use_lifo": True}
    # A transaction sees one moment, as on SQLite, and fails rather than writing over what it has not seen.
    # Statements are not prepared, so that PgBouncer may hand each transaction another connection.
    return {
        "hide_parameters": True,
        "isolation_level": "REPEATABLE READ",
        "pool_pre_ping": True,
        "connect_args": {"prepare_threshold": None, "connect_timeout": 5},
    }


def _prepare_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    """Set up a new SQLite connection; transactions are begun by ourselves, not by the driver."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    # NORMAL would lose the last acknowledged comments when the power fails.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # What a statement may have to take back is kept in memory, and no file made and removed for it.
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA secure_delete = ON")


def _retried(error: DBAPIError, committing: bool) -> bool:
    """Whether the same transaction left nothing behind, and may well go another way when it is run again.

    That holds for a key that another transaction took in between, too: the second run sees it.
    """
    state = getattr(error.orig, "sqlstate", None)
    if committing:
        return state in UNDONE
    return error.connection_invalidated or isinstance(error, IntegrityError) or state in UNDONE | LOST


def _refusal(error: DBAPIError) -> Exception:
    """What a failed transaction is raised as: a full disk or a lost server is `Unavailable`, a fault stays one."""
    unavailable = isinstance(error, OperationalError) or error.connection_invalidated
    return from_database(error) if unavailable else error
