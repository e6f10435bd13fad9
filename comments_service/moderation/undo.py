"""Undoing an event, today or in a year; what has moved on since stays as it is, and is told."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ..accounts.actor import Actor
from ..database import transaction
from ..errors import Conflict, NotFound
from ..extensions import db
from . import decisions
from .decisions import Outcome
from .models import Change, Event, Kind

UNDONE_BY_KIND = {Kind.DECIDE, Kind.UNDO}


@transaction
def undo(event_id: UUID, actor: Actor, now: datetime) -> Outcome:
    """Give every comment of the event the status it had before, where nobody has changed it since.

    Raises `NotFound` for an event that is not the actor's, `Conflict` for one that cannot be undone.
    """
    events = of_actor(event_id, actor)
    if any(event.kind not in UNDONE_BY_KIND for event in events):
        raise Conflict("This cannot be undone.")
    changes = {change.comment_id: change for change in _changes(event_id, events)}
    comments = decisions.of_actor(changes, actor)
    free = [comment for comment in comments if comment.version == changes[comment.id].version]
    moved_on = tuple(comment for comment in comments if comment.version != changes[comment.id].version)
    moves = [(comment, changes[comment.id].status_from) for comment in free]
    undone = decisions.record(moves, Kind.UNDO, actor, now, undoes=event_id)
    return Outcome(undone, tuple(comment.id for comment in free), moved_on)


def of_actor(event_id: UUID, actor: Actor) -> list[Event]:
    """The event as it stands in the log of each of the actor's sites; raises `NotFound`."""
    query = sa.select(Event).where(decisions.within(Event.site_id, actor), Event.id == event_id)
    events = list(db.session.scalars(query))
    if not events:
        raise NotFound("There is no such event.")
    return events


def _changes(event_id: UUID, events: list[Event]) -> list[Change]:
    sites = [event.site_id for event in events]
    return list(db.session.scalars(sa.select(Change).where(Change.event_id == event_id, Change.site_id.in_(sites))))
