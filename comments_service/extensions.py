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


_reading: ContextVar[sa.Connection | None] = ContextVar("reading", default=None)


class RoutedSession(Session):
    """A session on the database, or on the connection that is to be read from just now."""

    def get_bind(self, *args: Any, **kwargs: Any) -> sa.Engine | sa.Connection:
        return _reading.get() or super().get_bind(*args, **kwargs)


@contextmanager
def reading_from(connection: sa.Connection) -> Iterator[None]:
    """Let sessions that begin within read from `connection`."""
    token = _reading.set(connection)
    try:
        yield
    finally:
        _reading.reset(token)


db = SQLAlchemy(model_class=Base, disable_autonaming=True, session_options={"class_": RoutedSession})
# Every limit names its own key (see `http`); the bare address is only the library's required default.
limiter = Limiter(
    key_func=get_remote_address,
    strategy="sliding-window-counter",
    # A store that is down must not turn comments away; one of two requests that notice it at once is not counted.
    in_memory_fallback_enabled=True,
    swallow_errors=True,
)
