"""Removing comments for good: the one thing that cannot be undone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from ..accounts.actor import SYSTEM, Actor
from ..comments import counts
from ..comments.models import Comment, EarlierBody, Status
from ..database import transaction, uuid7
from ..errors import Conflict, NotFound
from ..extensions import db
from ..i18n import N_
from . import decisions, notes, sealing
from .models import Change, Event, Kind

PURGED_FROM = {Status.TRASH, Status.SPAM}


@transaction
def purge(ids: Sequence[UUID], actor: Actor, now: datetime) -> UUID:
    """Remove comments in trash or spam with their earlier texts; the log keeps ids and statuses.

    Raises `NotFound` when none of them is the actor's, `Conflict` for one that is not in trash or spam.
    """
    comments = decisions.of_actor(ids, actor)
    if not comments:
        raise NotFound(N_("There is no such comment."))
    if any(comment.status not in PURGED_FROM for comment in comments):
        raise Conflict(N_("Only what is in trash or spam can be purged."))
    return _purge(comments, actor, now)


@transaction
def empty_trash(site_id: str, days: int, now: datetime, most: int) -> int:
    """Purge what has lain in a site's trash for so many days, `most` at once, the oldest first; how many they were."""
    before = now - timedelta(days=days)
    of_event = (Event.site_id == Change.site_id, Event.id == Change.event_id, Event.created_at > before)
    lately = sa.exists().where(Change.site_id == Comment.site_id, Change.comment_id == Comment.id, *of_event)
    trash = (Comment.site_id == site_id, Comment.status == Status.TRASH, Comment.created_at <= before)
    query = sa.select(Comment).where(*trash, ~lately).order_by(Comment.id).limit(most)
    comments = db.session.scalars(query).all()
    if comments:
        _purge(comments, SYSTEM, now, notes.trashed(days))
    return len(comments)


@transaction
def tell_capped(site_id: str, number: int, key: str, now: datetime) -> None:
    """Log that so many of a site's oldest spam were removed, beyond what it keeps; with the same `key` once."""
    if decisions.earlier_event(key, SYSTEM) is None:
        event_id = uuid7()
        decisions.log(site_id, event_id, Kind.PURGE, SYSTEM, now, note=notes.capped(number), key=key)
        sealing.seal(site_id, event_id)


def _purge(comments: Sequence[Comment], actor: Actor, now: datetime, note: str = "") -> UUID:
    """Remove comments as one event, each with what is known of it."""
    event_id = uuid7()
    sites = sorted({comment.site_id for comment in comments})
    for site_id in sites:
        decisions.log(site_id, event_id, Kind.PURGE, actor, now, note=note)
    for comment in comments:
        _remove(comment, event_id)
    for site_id in sites:
        sealing.seal(site_id, event_id)
    return event_id


def _remove(comment: Comment, event_id: UUID) -> None:
    db.session.add(
        Change(
            site_id=comment.site_id,
            event_id=event_id,
            comment_id=comment.id,
            status_from=comment.status,
            status_to=None,
            version=comment.version,
        )
    )
    counts.moved(comment, comment.status, None)
    db.session.execute(
        sa.delete(EarlierBody).where(EarlierBody.site_id == comment.site_id, EarlierBody.comment_id == comment.id)
    )
    db.session.delete(comment)
