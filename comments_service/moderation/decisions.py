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
from ..sites.models import Site
from . import teaching
from .models import Change, Event, Kind

MOST = 1000  # decisions in one event


@dataclass(frozen=True, slots=True)
class Decision:
    """A wish to give a comment a status; `version` is the one that was looked at."""

    id: UUID
    status: Status
    version: int


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
    decisions: Sequence[Decision], actor: Actor, now: datetime, *, key: str | None = None, note: str = ""
) -> Outcome:
    """Give comments their status: one event a site, and one outcome; the same `key` again gives it again.

    Ids that are unknown, or of a site that is not the actor's, count for nothing. Raises `InvalidForm` for more than
    a thousand.
    """
    if len(decisions) > MOST:
        raise InvalidForm([FieldError("decisions", "too-many", f"Decide on {MOST} comments at most at once.")])
    if key and (earlier := _earlier(key, actor)):
        return earlier
    wanted = {decision.id: decision for decision in decisions}
    comments = of_actor(wanted, actor)
    conflicts = [c for c in comments if c.version != wanted[c.id].version and c.status is not wanted[c.id].status]
    changing = [c for c in comments if c.version == wanted[c.id].version and c.status is not wanted[c.id].status]
    moves = [(comment, wanted[comment.id].status) for comment in changing]
    event = record(moves, Kind.DECIDE, actor, now, note=note, key=key)
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
    **about: str | UUID | None,
) -> UUID | None:
    """Move each comment to its status and log it: one event for each site, all with one id; None for no move."""
    if not moves:
        return None
    event_id = uuid7()
    for site_id, group in groupby(moves, lambda move: move[0].site_id):
        log(site_id, event_id, kind, actor, now, **about)
        for comment, status in group:
            _move(comment, status, event_id)
    teaching.follow([comment for comment, _ in moves])
    return event_id


def log(site_id: str, event_id: UUID, kind: Kind, actor: Actor, now: datetime, **about: str | UUID | None) -> None:
    """Add an event to the log of a site."""
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


def _move(comment: Comment, status: Status, event_id: UUID) -> None:
    before = comment.status
    comment.status_before, comment.status = before, status
    comment.version += 1
    db.session.add(
        Change(
            site_id=comment.site_id,
            event_id=event_id,
            comment_id=comment.id,
            status_from=before,
            status_to=status,
            version=comment.version,
        )
    )
    db.session.flush()
    counts.moved(comment, before, status)


def _earlier(key: str, actor: Actor) -> Outcome | None:
    """The outcome that a decision with `key` had before."""
    same = sa.select(Event).where(within(Event.site_id, actor), Event.idempotency_key == scoped(key, actor))
    event = db.session.scalars(same).first()
    if event is None:
        return None
    changed = db.session.scalars(
        sa.select(Change.comment_id).where(within(Change.site_id, actor), Change.event_id == event.id)
    )
    return Outcome(event.id, tuple(changed))
