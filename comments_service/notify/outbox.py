"""Messages that wait: written with what they tell about, delivered later, at least once.

A message is claimed by moving its due time on; a worker that dies in between leaves it to the next one. It is removed
only after it was delivered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..database import insert, transaction, uuid7
from ..extensions import db
from .models import OutboxMessage

GATHERING = timedelta(minutes=5)  # what comes in this time is told together
AT_ONCE = timedelta(0)
INVITATION, EDGE, REMOVED = "invitation", "edge", "spam-removed"
APART = (INVITATION, EDGE, REMOVED)  # kinds of their own; all others are notices, which gather
LEASE = timedelta(minutes=2)
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
GIVEN_UP_AFTER = timedelta(days=14)
TOLD = "told"  # in the payload: whom an earlier try told
MOST = 1000  # messages of a site that are claimed at once


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this worker delivers now; `tries` counts this one."""

    id: UUID
    kind: str
    payload: dict[str, Any]
    tries: int
    created_at: datetime

    @property
    def told(self) -> list[str]:
        """Who was told by an earlier try."""
        return list(self.payload.get(TOLD, ()))


def enqueue(site_id: str, kind: str, payload: dict[str, Any], now: datetime, gathering: timedelta = GATHERING) -> None:
    """Add a message to the transaction that is under way. `payload` names rows, never addresses."""
    values = {
        "site_id": site_id,
        "id": uuid7(),
        "kind": kind,
        "payload": payload,
        "tries": 0,
        "due_at": now + gathering,
        "created_at": now,
    }
    insert(OutboxMessage, values)


def due(now: datetime) -> tuple[str, str] | None:
    """The site and the kind of messages that are due, the longest waiting first."""
    columns = OutboxMessage.site_id, OutboxMessage.kind
    row = db.session.execute(
        sa.select(*columns).where(OutboxMessage.due_at <= now).order_by(OutboxMessage.due_at).limit(1)
    ).first()
    return (row[0], row[1]) if row else None


@transaction
def claim(site_id: str, kind: str, now: datetime) -> list[Claimed]:
    """Claim the site's messages of such a kind that are due; with notices also the new ones, not tried yet."""
    waiting = OutboxMessage.due_at <= now
    if kind in APART:
        wanted = sa.and_(OutboxMessage.kind == kind, waiting)
    else:
        wanted = sa.and_(OutboxMessage.kind.not_in(APART), sa.or_(waiting, OutboxMessage.tries == 0))
    rows = db.session.scalars(
        sa.select(OutboxMessage)
        .where(OutboxMessage.site_id == site_id, wanted)
        .order_by(OutboxMessage.id)
        .limit(MOST)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.tries += 1
        row.due_at = now + LEASE
    return [Claimed(row.id, row.kind, row.payload, row.tries, row.created_at) for row in rows]


@transaction
def finish(site_id: str, messages: Sequence[Claimed]) -> None:
    """Remove what was delivered."""
    ids = [message.id for message in messages]
    db.session.execute(sa.delete(OutboxMessage).where(OutboxMessage.site_id == site_id, OutboxMessage.id.in_(ids)))


@transaction
def postpone(site_id: str, messages: Sequence[Claimed], told: Sequence[str], now: datetime) -> list[UUID]:
    """Try again later, each time after twice as long, with those who were `told` left out from then on.

    Gives the ids of the messages that are given up, and removes them.
    """
    given_up = [message.id for message in messages if now - message.created_at >= GIVEN_UP_AFTER]
    for message in messages:
        row = db.session.get(OutboxMessage, (site_id, message.id))
        if row is None:
            continue
        if message.id in given_up:
            db.session.delete(row)
        else:
            row.payload = {**row.payload, TOLD: [*message.told, *told]}
            row.due_at = now + wait(message.tries)
    return given_up


def wait(tries: int) -> timedelta:
    """How long to wait after so many tries."""
    longer: timedelta = FIRST_WAIT * 2 ** min(tries - 1, 20)
    return min(longer, LONGEST_WAIT)
