"""What is known of the addresses that comments came from, read no further than tells something."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ..comments.models import Comment, Status
from ..extensions import db

MOST = 100  # comments of one status and address that are read; more make no difference
READ = 1_000  # comments of all addresses on a page that are read at once
COUNTED = 20_000  # and that are counted, where there are more

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


def _grouped(columns: Any) -> sa.Select[Any]:
    group = columns.site_id, columns.address_key, columns.status, columns.name
    first = sa.func.min(columns.created_at, type_=columns.created_at.type)
    return sa.select(*group, sa.func.count(), first).group_by(*group)


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
_OF_ONE = _grouped(_SOME.c)
_AMONG = (
    Comment.site_id.in_(sa.bindparam("sites", expanding=True)),
    Comment.address_key.in_(sa.bindparam("keys", expanding=True)),
)
_SO_MANY = sa.bindparam("most", type_=sa.Integer)
_OF_FEW = _grouped(sa.select(*_READ).where(*_AMONG).limit(_SO_MANY).subquery().c)
_COUNTS = sa.select(Comment.site_id, Comment.address_key, Comment.status).where(*_AMONG).limit(_SO_MANY).subquery()
_WITH_MANY = sa.select(*_COUNTS.c, sa.func.count()).group_by(*_COUNTS.c)


def of(comments: Sequence[Comment]) -> dict[Place, Record]:
    """What is known of each address among `comments`, by site and address."""
    places = {(comment.site_id, comment.address_key) for comment in comments if comment.address_key}
    if not places:
        return {}
    rows = list(db.session.execute(_OF_FEW, {**_named(places), "most": READ}).all())
    if sum(row[4] for row in rows) == READ:
        rows = _of_many(places)
    sums: dict[Place, _Sums] = {}
    _add_up(sums, rows)
    return {place: _record(found) for place, found in sums.items()}


def _of_many(places: set[Place]) -> list[Any]:
    """What is known of `places` from which so many came that each is read by itself, or none with many others."""
    much = _with_many(places)
    few = places - much
    rows = list(db.session.execute(_OF_FEW, {**_named(few), "most": COUNTED}).all()) if few else []
    for site_id, key in sorted(much):
        rows += db.session.execute(_OF_ONE, {"site_id": site_id, "address_key": key}).all()
    return rows


def _with_many(places: set[Place]) -> set[Place]:
    """The addresses that very much came from: found by an index alone, and no further than it takes to tell."""
    rows = db.session.execute(_WITH_MANY, {**_named(places), "most": COUNTED}).all()
    if sum(row[3] for row in rows) == COUNTED:
        return places
    return {(row[0], row[1]) for row in rows if row[3] > MOST}


def _named(places: set[Place]) -> dict[str, Any]:
    return {"sites": {site_id for site_id, _ in places}, "keys": {key for _, key in places}}


def _add_up(sums: dict[Place, _Sums], rows: Iterable[Any]) -> None:
    for site_id, key, status, name, number, first in rows:
        found = sums.setdefault((site_id, key), _Sums())
        found.numbers[status] = found.numbers.get(status, 0) + number
        found.first_seen = min(first, found.first_seen or first)
        found.names.add(name)


def _record(found: _Sums) -> Record:
    numbers = {status.value: min(found.numbers.get(status, 0), MOST) for status in Status}
    return Record(**numbers, first_seen=found.first_seen, names=tuple(sorted(found.names)))
