"""What decisions teach the spam filter: the statuses that people gave, and none that only the checks gave."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from uuid import UUID

import sqlalchemy as sa

from ..comments.models import Comment
from ..extensions import db
from ..spam import lessons
from .models import Change, Event, Kind


def follow(comments: Sequence[Comment]) -> None:
    """Teach what stands by the log, after an event on `comments`, which are ordered by site."""
    for site_id, group in groupby(comments, lambda comment: comment.site_id):
        of_site = list(group)
        decided = _decided(site_id, [comment.id for comment in of_site])
        lessons.learn(site_id, [(comment, comment.status if comment.id in decided else None) for comment in of_site])


def _decided(site_id: str, ids: Iterable[UUID]) -> set[UUID]:
    """Those comments whose status somebody decided and nobody has undone."""
    query = (
        sa.select(Change.comment_id, Event.id, Event.kind, Event.undoes)
        .join(Event, (Event.site_id == Change.site_id) & (Event.id == Change.event_id))
        .where(Change.site_id == site_id, Change.comment_id.in_(list(ids)), Event.kind.in_([Kind.DECIDE, Kind.UNDO]))
        .order_by(Change.version)
    )
    standing: dict[UUID, list[UUID]] = {}
    for comment_id, event_id, kind, undoes in db.session.execute(query):
        decisions = standing.setdefault(comment_id, [])
        if kind is Kind.UNDO and decisions and decisions[-1] == undoes:
            decisions.pop()
        else:  # undoing an undo is deciding again
            decisions.append(event_id)
    return {comment_id for comment_id, decisions in standing.items() if decisions}
