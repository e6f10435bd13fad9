"""Columns as their drivers give them, and how they are written.

Making an object of each id and each time, to write it out again, takes longer than all the rest of a read; so does a
call for each value.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa


def raw(column: Any) -> Any:
    """`column` as its driver gives it."""
    return sa.type_coerce(column, sa.types.NULLTYPE).label(column.name)


def made(value: str | UUID) -> UUID:
    """The id of a `raw` one."""
    return UUID(value) if isinstance(value, str) else value


def id_texts(ids: Sequence[Any]) -> list[str]:
    """`raw` ids as they are written: SQLite keeps 32 digits, PostgreSQL gives UUIDs."""
    try:
        return [f"{v[:8]}-{v[8:12]}-{v[12:16]}-{v[16:20]}-{v[20:]}" for v in ids]
    except TypeError:
        return [str(v) for v in ids]


def time_texts(times: Sequence[Any]) -> list[str | None]:
    """`raw` times as they are written: SQLite keeps texts in UTC, PostgreSQL gives aware times."""
    try:
        return [f"{v[:10]}T{v[11:19]}Z" if v else None for v in times]
    except TypeError:
        return [time_text(v) if v else None for v in times]


def time_text(value: datetime) -> str:
    """`value` by RFC 3339, to the second, in UTC."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
