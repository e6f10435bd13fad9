"""What a database is asked, overheard at the driver: SQLAlchemy is not told of every statement."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa

Note = Callable[[str], None]

VALUE = re.compile(r"X?'(?:[^']|'')*'|\b\d[\d.]*\b|\bNULL\b")


@contextmanager
def overhearing(engine: sa.Engine, note: Note) -> Iterator[None]:
    """Meanwhile `note` is told each statement that `engine` brings to its database, commits included, without values."""
    engine.dispose()  # so that every connection is a new one, and none is ours when this has ended
    sa.event.listen(engine, "connect", listener := _listener(note))
    try:
        yield
    finally:
        sa.event.remove(engine, "connect", listener)
        engine.dispose()


def _listener(note: Note) -> Callable[[Any, Any], None]:
    class Cursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, *rest: Any, **how: Any) -> Any:
            note(query)
            return super().execute(query, *rest, **how)

    class Connection(psycopg.Connection[Any]):
        def commit(self) -> None:
            note("COMMIT")
            super().commit()

    def listen(connection: Any, record: Any) -> None:
        if isinstance(connection, psycopg.Connection):
            connection.__class__ = Connection  # SQLite's is told of commits as of statements
            connection.cursor_factory = Cursor
        else:
            connection.set_trace_callback(lambda text: note(VALUE.sub("?", text)))

    return listen
