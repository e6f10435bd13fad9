"""Undoing an event, today or in a year; what has moved on since stays as it is, and is told."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..accounts.actor import Actor
from ..database import transaction, uuid7
from ..errors import Conflict, NotFound
from ..extensions import db
from ..i18n import N_
from . import decisions, details
from .decisions import Outcome, Part
from .models import Change, Event, Kind

MOVED = {Kind.DECIDE, Kind.UNDO, Kind.RESCORE}  # kinds that gave comments their status


def undo(event_id: UUID, actor: Actor, now: datetime) -> Outcome:
    """Give every comment of the event the status it had before, where nobody has changed it since.

    Raises `NotFound` for an event that is not the actor's, `Conflict` for one that cannot be undone.
    """
    events = of_actor(event_id, actor)
    if form := details.form_of(events[0]):
        return Outcome(form.turn(events[0], actor, now))
    if any(event.kind not in MOVED for event in events):
        raise Conflict(N_("This cannot be undone."))
    parts = _parts(event_id, events)
    undone = uuid7()
    outcomes = [_undo_part(changes, Part(undone, n), event_id, actor, now) for n, changes in enumerate(parts)]
    return Outcome(
        undone if any(outcome.changed for outcome in outcomes) else None,
        tuple(comment for outcome in outcomes for comment in outcome.changed),
        tuple(comment for outcome in outcomes for comment in outcome.conflicts),
    )


@transaction
def _undo_part(changes: Sequence[Any], part: Part, event_id: UUID, actor: Actor, now: datetime) -> Outcome:
    before = {change.comment_id: change for change in changes}
    comments = decisions.of_actor(before, actor)
    free = [comment for comment in comments if comment.version == before[comment.id].version]
    moved_on = tuple(comment for comment in comments if comment.version != before[comment.id].version)
    moves = [(comment, before[comment.id].status_from) for comment in free]
    decisions.record(moves, Kind.UNDO, actor, now, part, undoes=event_id)
    return Outcome(part.event, tuple(comment.id for comment in free), moved_on)


def of_actor(event_id: UUID, actor: Actor) -> list[Event]:
    """The event as it stands in the log of each of the actor's sites; raises `NotFound`."""
    query = sa.select(Event).where(decisions.within(Event.site_id, actor), Event.id == event_id)
    events = list(db.session.scalars(query))
    if not events:
        raise NotFound(N_("There is no such event."))
    return events


def _parts(event_id: UUID, events: list[Event]) -> list[list[Any]]:
    """What the event changed, part by part, the last one first: what was learned last is forgotten first."""
    sites = [event.site_id for event in events]
    query = (
        sa.select(Change.comment_id, Change.version, Change.status_from, Change.part)
        .where(Change.event_id == event_id, Change.site_id.in_(sites))
        .order_by(Change.part.desc(), Change.site_id, Change.comment_id)
    )
    return [list(group) for _, group in groupby(db.session.execute(query).all(), lambda change: change.part)]
