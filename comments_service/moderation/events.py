"""The log, and the threads that moderators lock."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ..accounts.actor import Actor
from ..comments import counts
from ..comments.models import Status, Thread
from ..database import transaction, uuid7
from ..errors import NotFound
from ..extensions import db
from . import decisions
from .decisions import within
from .models import Change, Event, Kind

PAGE = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """An event, what it changed, and whether it was undone."""

    event: Event
    changes: tuple[Change, ...]
    undone: bool

    def moves(self) -> list[tuple[Status, Status | None, int]]:
        """How many comments went from which status to which."""
        numbers = Counter((change.status_from, change.status_to) for change in self.changes)
        return [(before, after, number) for (before, after), number in numbers.most_common()]


def page(actor: Actor, site_id: str | None = None, after: UUID | None = None) -> tuple[list[Entry], UUID | None]:
    """The newest events of the actor's sites, or of one, and the id to ask after for more."""
    if site_id is not None:
        actor.check(site_id)
    place = Event.site_id == site_id if site_id else within(Event.site_id, actor)
    # By id, not by row: an event of several sites has a row in the log of each, and all stand on one page.
    ids = sa.select(Event.id).distinct().where(place)
    if after:
        ids = ids.where(Event.id < after)
    found = list(db.session.scalars(ids.order_by(Event.id.desc()).limit(PAGE + 1)))
    shown = found[:PAGE]
    rows = sa.select(Event).where(place, Event.id.in_(shown)).order_by(Event.id.desc(), Event.site_id)
    return _entries(db.session.scalars(rows).all()), shown[-1] if len(found) > len(shown) else None


@transaction
def lock(thread_id: UUID, locked: bool, actor: Actor, now: datetime) -> Thread:
    """Lock or unlock a thread; raises `NotFound` for another's."""
    thread = db.session.scalar(sa.select(Thread).where(within(Thread.site_id, actor), Thread.id == thread_id))
    if thread is None:
        raise NotFound("There is no such thread.")
    if thread.locked is not locked:
        thread.locked = locked
        db.session.flush()
        kind = Kind.LOCK if locked else Kind.UNLOCK
        decisions.log(thread.site_id, uuid7(), kind, actor, now, thread_id=thread.id)
        counts.changed(thread.site_id, thread.id)
    return thread


def _entries(events: Sequence[Event]) -> list[Entry]:
    ids, sites = {event.id for event in events}, {event.site_id for event in events}
    changes: dict[tuple[str, UUID], list[Change]] = {}
    for change in db.session.scalars(sa.select(Change).where(Change.site_id.in_(sites), Change.event_id.in_(ids))):
        changes.setdefault((change.site_id, change.event_id), []).append(change)
    undone = set(db.session.scalars(sa.select(Event.undoes).where(Event.site_id.in_(sites), Event.undoes.in_(ids))))
    return [Entry(e, tuple(changes.get((e.site_id, e.id), ())), e.id in undone) for e in events]
