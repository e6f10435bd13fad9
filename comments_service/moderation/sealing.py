"""The log's seal: each part of it holds the digest of the one before, so that no row is changed unnoticed.

Every transaction that adds to a site's log adds a seal: SHA-256 over the digest before it and what was added, as
JSON. Who can write to the database can of course seal anew all that follows; so `comments-service check` prints the
last digest, to be kept elsewhere by those who want to know that, too, and that nothing was cut off.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ..extensions import UTCDateTime, db

BATCH = 500
FIRST = bytes(32)

# The columns that a seal covers, named here once: a seal is compared with others for as long as there is a log.
_EVENT = sa.table(
    "event",
    sa.column("site_id", sa.String),
    sa.column("id", sa.Uuid),
    sa.column("kind", sa.String),
    sa.column("moderator_id", sa.Uuid),
    sa.column("actor", sa.String),
    sa.column("undoes", sa.Uuid),
    sa.column("thread_id", sa.Uuid),
    sa.column("note", sa.String),
    sa.column("listed", sa.String),
    sa.column("idempotency_key", sa.String),
    sa.column("created_at", UTCDateTime),
)
_CHANGE = sa.table(
    "change",
    sa.column("site_id", sa.String),
    sa.column("event_id", sa.Uuid),
    sa.column("part", sa.Integer),
    sa.column("comment_id", sa.Uuid),
    sa.column("status_from", sa.String),
    sa.column("status_to", sa.String),
    sa.column("version", sa.Integer),
)
_SEAL = sa.table(
    "seal",
    sa.column("site_id", sa.String),
    sa.column("number", sa.Integer),
    sa.column("event_id", sa.Uuid),
    sa.column("part", sa.Integer),
    sa.column("digest", sa.LargeBinary),
)


@dataclass(frozen=True, slots=True)
class Verified:
    """A site's log as it was found: how many seals hold, the last digest, and what is wrong first, if anything is."""

    site_id: str
    seals: int
    digest: bytes
    broken: str | None = None


def seal(site_id: str, event_id: UUID, part: int = 0) -> None:
    """Seal what this transaction added to the log of a site; nothing may be added to that part afterwards."""
    db.session.flush()
    _seal(db.session.connection(), site_id, event_id, part)


def seal_all(connection: sa.Connection) -> None:
    """Seal the events of a log that has no seals yet, oldest first."""
    rows = connection.execute(sa.select(_EVENT.c.site_id, _EVENT.c.id).order_by(_EVENT.c.site_id, _EVENT.c.id)).all()
    for site_id, event_id in rows:
        _seal(connection, site_id, event_id, 0)


def verify() -> list[Verified]:
    """Hold the log of every site against its seals."""
    with db.session.no_autoflush:
        connection = db.session.connection()
        sites = connection.scalars(sa.select(_EVENT.c.site_id).union(sa.select(_SEAL.c.site_id)).order_by("site_id"))
        return [_verify(connection, site_id) for site_id in sites.all()]


def _verify(connection: sa.Connection, site_id: str) -> Verified:
    digest, number = FIRST, 0
    query = sa.select(_SEAL).where(_SEAL.c.site_id == site_id).order_by(_SEAL.c.number).limit(BATCH)
    while seals := connection.execute(query.where(_SEAL.c.number > number)).all():
        contents = _contents(connection, site_id, [(row.event_id, row.part) for row in seals])
        for row in seals:
            name = f"event {row.event_id}, number {row.number} of the log of {site_id},"
            if row.number != number + 1:
                return Verified(site_id, number, digest, f"number {number + 1} of the log of {site_id} is missing")
            content = contents.get((row.event_id, row.part))
            if content is None:
                return Verified(site_id, number, digest, f"{name} is missing")
            digest_now = _digest(digest, content)
            if digest_now != row.digest:
                return Verified(site_id, number, digest, f"{name} is not what was sealed")
            digest, number = digest_now, row.number
    return Verified(site_id, number, digest, _unsealed(connection, site_id))


def _unsealed(connection: sa.Connection, site_id: str) -> str | None:
    """The first event or change of a site's log that no seal covers."""
    of_event = sa.exists().where(_SEAL.c.site_id == _EVENT.c.site_id, _SEAL.c.event_id == _EVENT.c.id)
    of_change = sa.exists().where(
        _SEAL.c.site_id == _CHANGE.c.site_id, _SEAL.c.event_id == _CHANGE.c.event_id, _SEAL.c.part == _CHANGE.c.part
    )
    events = sa.select(_EVENT.c.id.label("id")).where(_EVENT.c.site_id == site_id, ~of_event)
    changes = sa.select(_CHANGE.c.event_id).where(_CHANGE.c.site_id == site_id, ~of_change)
    found = connection.scalar(events.union(changes).order_by("id").limit(1))
    return f"event {found} of the log of {site_id} was never sealed" if found else None


def _seal(connection: sa.Connection, site_id: str, event_id: UUID, part: int) -> None:
    last = connection.execute(
        sa.select(_SEAL.c.number, _SEAL.c.digest)
        .where(_SEAL.c.site_id == site_id)
        .order_by(_SEAL.c.number.desc())
        .limit(1)
    ).first()
    number, before = last or (0, FIRST)
    content = _contents(connection, site_id, [(event_id, part)])[event_id, part]
    values = {"site_id": site_id, "number": number + 1, "event_id": event_id, "part": part}
    connection.execute(sa.insert(_SEAL).values(**values, digest=_digest(before, content)))


def _digest(before: bytes, content: dict[str, Any]) -> bytes:
    return sha256(before + msgspec.json.encode(content, order="sorted")).digest()


def _contents(
    connection: sa.Connection, site_id: str, wanted: Sequence[tuple[UUID, int]]
) -> dict[tuple[UUID, int], dict[str, Any]]:
    """What the seals of parts of events cover; an event that is not there has nothing."""
    ids = {event_id for event_id, _ in wanted}
    rows = connection.execute(sa.select(_EVENT).where(_EVENT.c.site_id == site_id, _EVENT.c.id.in_(ids)))
    events = {row["id"]: dict(row) for row in rows.mappings()}
    changes = _changes(connection, site_id, wanted)
    return {
        (event_id, part): {**events[event_id], "part": part, "changes": changes.get((event_id, part), [])}
        for event_id, part in wanted
        if event_id in events
    }


def _changes(
    connection: sa.Connection, site_id: str, wanted: Collection[tuple[UUID, int]]
) -> dict[tuple[UUID, int], list[list[Any]]]:
    query = (
        sa.select(_CHANGE)
        .where(
            _CHANGE.c.site_id == site_id,
            _CHANGE.c.event_id.in_({event_id for event_id, _ in wanted}),
            _CHANGE.c.part.in_({part for _, part in wanted}),
        )
        .order_by(_CHANGE.c.event_id, _CHANGE.c.comment_id)
    )
    found: dict[tuple[UUID, int], list[list[Any]]] = {}
    for row in connection.execute(query):
        columns = [row.comment_id, row.status_from, row.status_to, row.version]
        found.setdefault((row.event_id, row.part), []).append(columns)
    return found
