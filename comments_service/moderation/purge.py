"""Removing comments for good: the one thing that cannot be undone."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ..accounts.actor import Actor
from ..comments import counts
from ..comments.models import Comment, EarlierBody, Status
from ..database import transaction, uuid7
from ..errors import Conflict, NotFound
from ..extensions import db
from . import decisions, sealing
from .models import Change, Kind

PURGED_FROM = {Status.TRASH, Status.SPAM}


@transaction
def purge(ids: Sequence[UUID], actor: Actor, now: datetime) -> UUID:
    """Remove comments in trash or spam with their earlier texts; the log keeps ids and statuses.

    Raises `NotFound` when none of them is the actor's, `Conflict` for one that is not in trash or spam.
    """
    comments = decisions.of_actor(ids, actor)
    if not comments:
        raise NotFound("There is no such comment.")
    if any(comment.status not in PURGED_FROM for comment in comments):
        raise Conflict("Only what is in trash or spam can be purged.")
    event_id = uuid7()
    sites = sorted({comment.site_id for comment in comments})
    for site_id in sites:
        decisions.log(site_id, event_id, Kind.PURGE, actor, now)
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
