"""What is known of the addresses that comments came from, read no further than tells something."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ..comments.models import Comment, Status
from ..extensions import db

MOST = 100  # comments of one status and address that are read; more make no difference
COUNTED = 20_000  # comments of all addresses on a page

Place = tuple[str, bytes]  # a site, and an address there


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of the address that a comment came from; numbers go up to a hundred."""

    approved: int = 0
    pending: int = 0
    spam: int = 0
    trash: int = 0
    first_seen: datetime | None = None
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class _Sums:
    """A record while it is added up."""

    numbers: dict[Status, int] = field(default_factory=dict)
    first_seen: datetime | None = None
    names: set[str] = field(default_factory=set)


_READ = (Comment.site_id, Comment.address_key, Comment.status, Comment.name, Comment.created_at)
_SOME = sa.union_all(
    *(
        sa.select(
            sa.select(*_READ)
            .where(
                Comment.site_id == sa.bindparam("site_id"),
                Comment.address_key == sa.bindparam("address_key"),
                Comment.status == status,
            )
            .limit(MOST)
            .subquery()
        )
        for status in Status
    )
).subquery()


def of(comments: Sequence[Comment]) -> dict[Place, Record]:
    """What is known of each address among `comments`, by site and address."""
    places = {(comment.site_id, comment.address_key) for comment in comments if comment.address_key}
    much = _with_many(places)
    sums: dict[Place, _Sums] = {}
    for site_id, key in sorted(much):
        _add_up(sums, db.session.execute(_grouped(_SOME.c), {"site_id": site_id, "address_key": key}))
    if few := places - much:
        _add_up(sums, db.session.execute(_grouped(Comment.__table__.c).where(*_of(few))))
    return {place: _record(found) for place, found in sums.items()}


def _with_many(places: set[Place]) -> set[Place]:
    """The addresses that very much came from: found by an index alone, and no further than it takes to tell."""
    columns = Comment.site_id, Comment.address_key, Comment.status
    some = sa.select(*columns).where(*_of(places)).limit(COUNTED).subquery()
    rows = db.session.execute(sa.select(*some.c, sa.func.count()).group_by(*some.c)).all()
    if sum(row[3] for row in rows) == COUNTED:
        return places
    return {(row[0], row[1]) for row in rows if row[3] > MOST}


def _of(places: set[Place]) -> tuple[sa.ColumnElement[bool], ...]:
    sites, keys = {site_id for site_id, _ in places}, {key for _, key in places}
    return Comment.site_id.in_(sites), Comment.address_key.in_(keys)


def _grouped(columns: Any) -> sa.Select[Any]:
    group = columns.site_id, columns.address_key, columns.status, columns.name
    first = sa.func.min(columns.created_at, type_=columns.created_at.type)
    return sa.select(*group, sa.func.count(), first).group_by(*group)


def _add_up(sums: dict[Place, _Sums], rows: Iterable[Any]) -> None:
    for site_id, key, status, name, number, first in rows:
        found = sums.setdefault((site_id, key), _Sums())
        found.numbers[status] = found.numbers.get(status, 0) + number
        found.first_seen = min(first, found.first_seen or first)
        found.names.add(name)


def _record(found: _Sums) -> Record:
    numbers = {status.value: found.numbers.get(status, 0) for status in Status}
    return Record(**numbers, first_seen=found.first_seen, names=tuple(sorted(found.names)))
