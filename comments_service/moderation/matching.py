"""Deciding on all that match a search: counted first, one event, one undo, however many they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..accounts.actor import Actor
from ..comments.models import Comment, Status
from ..database import transaction, uuid7
from ..extensions import db
from . import decisions, finding, notes, queue, sealing
from .decisions import MOST, Outcome, Part
from .models import Kind, Seal

TOLD = 50  # comments that somebody else changed meanwhile


@dataclass(frozen=True, slots=True)
class Everything:
    """What came of deciding on all that match: how many there were to change, and the outcome."""

    matched: int
    outcome: Outcome


def decide(query: queue.Query, status: Status, actor: Actor, now: datetime, key: str | None = None) -> Everything:
    """Give every comment that matches `query` a status, the newest 20,000 at most, a thousand in a transaction.

    They are one event. The same `key` again gives the same outcome again, and goes on first when the service was
    stopped in between.
    """
    event = (decisions.earlier_event(key, actor) if key else None) or uuid7()
    begun = _parts(event, actor)
    if begun and begun[-1].closed:
        return _again(event, actor)
    found = _found(query, status, actor, event)
    number = begun[-1].number + 1 if begun else 0
    changed: list[UUID] = list(decisions.changed_by(event, actor)) if begun else []
    moved_on: list[UUID] = []
    about = {"key": key, "note": _note(query, status)}
    for place in range(0, len(found), MOST):
        some = dict(found[place : place + MOST])
        done = _decide(some, status, Part(event, number), actor, now, **about)
        changed += done
        moved_on += [comment for comment in some if comment not in set(done)]
        number += bool(done)
    if changed:
        _close(event, number, actor)
    conflicts = tuple(decisions.of_actor(moved_on[:TOLD], actor))
    return Everything(len(found), Outcome(event if changed else None, tuple(changed), conflicts))


@dataclass(frozen=True, slots=True)
class _Begun:
    number: int
    closed: bool


@transaction
def _decide(
    versions: dict[UUID, int], status: Status, part: Part, actor: Actor, now: datetime, **about: Any
) -> list[UUID]:
    """Decide on those that are still as they were found; gives their ids."""
    comments = decisions.of_actor(versions, actor)
    free = [c for c in comments if c.version == versions[c.id] and c.status is not status]
    decisions.record([(comment, status) for comment in free], Kind.DECIDE, actor, now, part, **about)
    return [comment.id for comment in free]


@transaction
def _close(event: UUID, number: int, actor: Actor) -> None:
    """Note that the event is whole: its last part changes nothing."""
    for site_id in _sites(event, actor):
        sealing.seal(site_id, event, number)


def _found(query: queue.Query, status: Status, actor: Actor, event: UUID) -> Sequence[tuple[UUID, int]]:
    """The comments to change with their versions, but those that came after the event."""
    wanted = queue.wanted(query, actor, Comment.status != status, Comment.id < event)
    ids = finding.newest(wanted, queue.ALL).ids
    found: list[tuple[UUID, int]] = []
    for place in range(0, len(ids), MOST):
        own, some = decisions.within(Comment.site_id, actor), Comment.id.in_(ids[place : place + MOST])
        rows = db.session.execute(sa.select(Comment.id, Comment.version).where(own, some).order_by(Comment.id.desc()))
        found += [(row.id, row.version) for row in rows]
    return found


def _parts(event: UUID, actor: Actor) -> list[_Begun]:
    """The parts of `event` that are written; the closing one changed nothing."""
    query = sa.select(Seal.part).where(decisions.within(Seal.site_id, actor), Seal.event_id == event)
    numbers = sorted(set(db.session.scalars(query)))
    written = decisions.parts_with_changes(event, actor)
    return [_Begun(number, number not in written) for number in numbers]


def _sites(event: UUID, actor: Actor) -> list[str]:
    query = sa.select(Seal.site_id).distinct().where(decisions.within(Seal.site_id, actor), Seal.event_id == event)
    return sorted(db.session.scalars(query))


def _again(event: UUID, actor: Actor) -> Everything:
    changed = decisions.changed_by(event, actor)
    return Everything(len(changed), Outcome(event, changed))


def _note(query: queue.Query, status: Status) -> str:
    listed = query.status if query.status is not query.search.status else None
    asked = [f"is:{listed}" if listed else "", query.search.text]
    return notes.matching(" ".join(filter(None, asked)), status)
