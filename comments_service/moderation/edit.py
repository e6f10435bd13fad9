"""What a moderator writes: a change of a comment's text, and an answer in the site's name."""

from datetime import datetime
from uuid import UUID

from ..accounts.actor import Actor
from ..comments import counts, markup
from ..comments.models import Comment, EarlierBody, Status
from ..database import transaction, uuid7
from ..errors import Conflict, NotFound
from ..extensions import db
from . import decisions, sealing
from .models import Change, Kind

ROLE = "moderator"


@transaction
def edit(comment_id: UUID, body: str, version: int, actor: Actor, now: datetime) -> Comment:
    """Give a comment another text; the earlier one is kept. Raises `NotFound`, and `Conflict` for a stale version."""
    comment = one(comment_id, actor)
    if comment.version != version:
        raise Conflict("Somebody changed this comment in the meantime.")
    earlier = EarlierBody(
        site_id=comment.site_id, comment_id=comment.id, version=version, body=comment.body, replaced_at=now
    )
    db.session.add(earlier)
    for column, value in markup.rendered(body).items():
        setattr(comment, column, value)
    comment.group_key = None  # it says something else now than those that it was like
    comment.edited_at = now
    comment.version += 1
    _log(comment, Kind.EDIT, actor, now)
    if comment.status is Status.APPROVED:
        counts.changed(comment.site_id, comment.thread_id)
    return comment


@transaction
def reply(comment_id: UUID, body: str, actor: Actor, now: datetime) -> Comment:
    """Answer a comment as the site, at once for all to read; the comment itself is approved with it."""
    parent = one(comment_id, actor)
    if parent.status is not Status.APPROVED:
        decisions.record([(parent, Status.APPROVED)], Kind.DECIDE, actor, now)
    answer_id = uuid7()
    answer = Comment(
        site_id=parent.site_id,
        id=answer_id,
        thread_id=parent.thread_id,
        parent_id=parent.id,
        root_id=parent.root_id,
        status=Status.APPROVED,
        version=1,
        name=actor.name,
        role=ROLE,
        **markup.rendered(body),
        created_at=now,
    )
    db.session.add(answer)
    db.session.flush()
    counts.moved(answer, None, Status.APPROVED)
    return answer


def one(comment_id: UUID, actor: Actor) -> Comment:
    """The comment, when it is the actor's; raises `NotFound`."""
    found = decisions.of_actor([comment_id], actor)
    if not found:
        raise NotFound("There is no such comment.")
    return found[0]


def _log(comment: Comment, kind: Kind, actor: Actor, now: datetime) -> None:
    event_id = uuid7()
    decisions.log(comment.site_id, event_id, kind, actor, now)
    db.session.add(
        Change(
            site_id=comment.site_id,
            event_id=event_id,
            comment_id=comment.id,
            status_from=comment.status,
            status_to=comment.status,
            version=comment.version,
        )
    )
    sealing.seal(comment.site_id, event_id)
