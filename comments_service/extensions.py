"""The objects that the rooms share: the declarative base, the database and the limiter."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.types import TypeDecorator


class UTCDateTime(TypeDecorator[datetime]):
    """An aware time in UTC on every database; SQLite would give it back naive."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base of every table. Constraints are named, so that a later migration can speak of them."""

    registry = registry(metadata=sa.MetaData(naming_convention=NAMES), type_annotation_map={datetime: UTCDateTime})


_current: ContextVar[sa.Connection | None] = ContextVar("connection", default=None)


class RoutedSession(Session):
    """A session on the database, or on the connection that is worked on just now, whose transaction it joins."""

    def get_bind(self, *args: Any, **kwargs: Any) -> sa.Engine | sa.Connection:
        return _current.get() or super().get_bind(*args, **kwargs)


@contextmanager
def working_on(connection: sa.Connection) -> Iterator[None]:
    """Let statements, and sessions that begin within, go to `connection`."""
    token = _current.set(connection)
    try:
        yield
    finally:
        _current.reset(token)


def connection() -> sa.Connection:
    """The connection that is worked on just now, or else the session's own."""
    # The session would look it up anew each time, which costs as much as a small query.
    return _current.get() or db.session.connection()


def let_go() -> None:
    """End what the session reads, and give its connection back."""
    if db.session.registry.has():
        db.session.rollback()


db = SQLAlchemy(model_class=Base, disable_autonaming=True, session_options={"class_": RoutedSession})


@sa.event.listens_for(db.session, "after_begin")
def _begin_reading(session: Session, transaction: Any, connection: sa.Connection) -> None:
    """Let what a session reads be of one moment on SQLite too, whose driver begins no transaction for us."""
    if connection.dialect.name == "sqlite" and connection is not _current.get():
        connection.exec_driver_sql("BEGIN")


# Every limit names its own key (see `http`); the bare address is only the library's required default.
limiter = Limiter(
    key_func=get_remote_address,
    strategy="sliding-window-counter",
    # A store that is down must not turn comments away; one of two requests that notice it at once is not counted.
    in_memory_fallback_enabled=True,
    swallow_errors=True,
)
