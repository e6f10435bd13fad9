"""Deciding: the only writer of a status once a comment is stored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Any, cast
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ..accounts.actor import Actor
from ..comments import counts
from ..comments.models import Comment, Status
from ..database import transaction, uuid7
from ..errors import FieldError, InvalidForm
from ..extensions import db
from ..i18n import N_, Sentence
from ..sites.models import Site
from . import sealing, teaching
from .models import Change, Event, Kind

MOST = 1000  # decisions in one event
TOO_MANY = N_("Decide on {most} comments at most at once.")


@dataclass(frozen=True, slots=True)
class Decision:
    """A wish to give a comment a status; `version` is the one that was looked at.

    With `like` it is about all that wait like it, too (`groups.decide`).
    """

    id: UUID
    status: Status
    version: int
    like: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an event: what one transaction writes of it."""

    event: UUID
    number: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a decision: its event (None when nothing changed), and the comments that changed or moved on.

    A conflict is a comment that somebody changed in between, as it stands now.
    """

    event: UUID | None
    changed: tuple[UUID, ...] = ()
    conflicts: tuple[Comment, ...] = ()


@transaction
def decide(
    decisions: Sequence[Decision], actor: Actor, now: datetime, part: Part | None = None, **about: str | None
) -> Outcome:
    """Give comments their status: one event a site, and one outcome; the same `key` again gives it again.

    The event may have a `note`, too. Ids that are unknown, or of a site that is not the actor's, count for nothing.
    Raises `InvalidForm` for more than a thousand.
    """
    if len(decisions) > MOST:
        raise InvalidForm([FieldError("decisions", "too-many", Sentence(TOO_MANY, {"most": MOST}))])
    if (key := about.get("key")) and (earlier := earlier_event(key, actor)):
        return Outcome(earlier, changed_by(earlier, actor))
    wanted = {decision.id: decision for decision in decisions}
    comments = of_actor(wanted, actor)
    conflicts = [c for c in comments if c.version != wanted[c.id].version and c.status is not wanted[c.id].status]
    changing = [c for c in comments if c.version == wanted[c.id].version and c.status is not wanted[c.id].status]
    moves = [(comment, wanted[comment.id].status) for comment in changing]
    event = record(moves, Kind.DECIDE, actor, now, part, **about)
    return Outcome(event, tuple(c.id for c in changing), tuple(conflicts))


def of_actor(ids: Iterable[UUID], actor: Actor) -> list[Comment]:
    """The comments with `ids` that `actor` may decide on, ordered so that two who decide never wait in a ring."""
    query = sa.select(Comment).where(within(Comment.site_id, actor), Comment.id.in_(list(ids)))
    return list(db.session.scalars(query.order_by(Comment.site_id, Comment.id)))


def within(site_id: Any, actor: Actor) -> sa.ColumnElement[bool]:
    """That `site_id` is a site of the actor's; every site is named, so that an index beginning with it serves."""
    return cast(sa.ColumnElement[bool], site_id.in_(sa.select(Site.id) if actor.sites is None else sorted(actor.sites)))


def record(
    moves: Sequence[tuple[Comment, Status]],
    kind: Kind,
    actor: Actor,
    now: datetime,
    part: Part | None = None,
    **about: str | UUID | None,
) -> UUID | None:
    """Move each comment to its status and log it: one event for each site, all with one id; None for no move.

    The moves are ordered by site. A later part of an event goes on with it where it has begun.
    """
    if not moves:
        return None
    part = part or Part(uuid7())
    for site_id, group in groupby(moves, lambda move: move[0].site_id):
        if not part.number or db.session.get(Event, (site_id, part.event)) is None:
            log(site_id, part.event, kind, actor, now, **about)
        for comment, status in group:
            _move(comment, status, part)
        sealing.seal(site_id, part.event, part.number)
    teaching.follow([comment for comment, _ in moves])
    return part.event


def log(site_id: str, event_id: UUID, kind: Kind, actor: Actor, now: datetime, **about: str | UUID | None) -> None:
    """Add an event to the log of a site; it has to be sealed when its changes are written."""
    key = about.pop("key", None)
    event = Event(
        site_id=site_id,
        id=event_id,
        kind=kind,
        moderator_id=actor.id,
        actor=actor.name,
        idempotency_key=scoped(str(key), actor) if key else None,
        created_at=now,
        **about,
    )
    db.session.add(event)
    db.session.flush()


def scoped(key: str, actor: Actor) -> str:
    """A client's key, so that two actors may use the same; a digest, for it has to fit whatever their names are."""
    return sha256(msgspec.json.encode((actor.id, actor.name, key))).hexdigest()


def _move(comment: Comment, status: Status, part: Part) -> None:
    before = comment.status
    comment.status_before, comment.status = before, status
    comment.version += 1
    db.session.add(
        Change(
            site_id=comment.site_id,
            event_id=part.event,
            comment_id=comment.id,
            status_from=before,
            status_to=status,
            version=comment.version,
            part=part.number,
        )
    )
    db.session.flush()
    counts.moved(comment, before, status)


def earlier_event(key: str, actor: Actor) -> UUID | None:
    """The event that a decision with `key` made before."""
    same = sa.select(Event.id).where(within(Event.site_id, actor), Event.idempotency_key == scoped(key, actor))
    return db.session.scalar(same.limit(1))


def changed_by(event_id: UUID, actor: Actor) -> tuple[UUID, ...]:
    """The comments that an event changed."""
    query = sa.select(Change.comment_id).where(within(Change.site_id, actor), Change.event_id == event_id)
    return tuple(db.session.scalars(query.order_by(Change.comment_id)))


def parts_with_changes(event_id: UUID, actor: Actor) -> set[int]:
    """The parts of an event that changed something."""
    query = sa.select(Change.part).distinct().where(within(Change.site_id, actor), Change.event_id == event_id)
    return set(db.session.scalars(query))
