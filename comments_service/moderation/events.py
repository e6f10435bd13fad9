"""The log, as moderators read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from ..accounts.actor import Actor
from ..comments.models import Status
from ..extensions import db
from . import decisions, details
from .decisions import within
from .details import Form
from .models import Change, Event
from .undo import MOVED

PAGE = 50
SHOWN = decisions.MOST  # changes of one event


@dataclass(frozen=True, slots=True)
class Entry:
    """An event, what it changed, and whether it was undone."""

    event: Event
    changes: tuple[Change, ...]  # without those of an event on very many comments
    undone: bool
    moves: tuple[tuple[Status, Status | None, int], ...]  # how many comments went from which status to which
    form: Form | None  # of what it changed beside them
    owned: bool  # whether who looks owns the site

    @property
    def can_be_undone(self) -> bool:
        """Whether there is something that who looks may turn round, and nobody did it yet."""
        if self.undone or (self.form and self.form.for_owners and not self.owned):
            return False
        return self.form is not None or self.event.kind in MOVED

    @property
    def changed(self) -> int:
        """How many comments it changed."""
        return sum(number for _, _, number in self.moves)


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
    return _entries(db.session.scalars(rows).all(), actor), shown[-1] if len(found) > len(shown) else None


def _entries(events: Sequence[Event], actor: Actor) -> list[Entry]:
    ids, sites = {event.id for event in events}, {event.site_id for event in events}
    moves = _moves(ids, sites)
    few = {event_id for (_, event_id), found in moves.items() if sum(move[2] for move in found) <= SHOWN}
    changes: dict[tuple[str, UUID], list[Change]] = {}
    for change in db.session.scalars(sa.select(Change).where(Change.site_id.in_(sites), Change.event_id.in_(few))):
        changes.setdefault((change.site_id, change.event_id), []).append(change)
    undone = set(db.session.scalars(sa.select(Event.undoes).where(Event.site_id.in_(sites), Event.undoes.in_(ids))))
    return [
        Entry(
            event,
            tuple(changes.get((event.site_id, event.id), ())),
            event.id in undone,
            tuple(moves.get((event.site_id, event.id), ())),
            details.form_of(event),
            actor.owns(event.site_id),
        )
        for event in events
    ]


def _moves(ids: set[UUID], sites: set[str]) -> dict[tuple[str, UUID], list[tuple[Status, Status | None, int]]]:
    rows = db.session.execute(
        sa.select(Change.site_id, Change.event_id, Change.status_from, Change.status_to, sa.func.count())
        .where(Change.site_id.in_(sites), Change.event_id.in_(ids))
        .group_by(Change.site_id, Change.event_id, Change.status_from, Change.status_to)
        .order_by(sa.func.count().desc())
    )
    moves: dict[tuple[str, UUID], list[tuple[Status, Status | None, int]]] = {}
    for site_id, event_id, before, after, number in rows:
        moves.setdefault((site_id, event_id), []).append((before, after, number))
    return moves
