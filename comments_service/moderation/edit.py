"""What a moderator writes: a change of a comment's text, and an answer in the site's name."""

from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ..accounts.actor import Actor
from ..comments import counts, markup
from ..comments.models import Comment, EarlierBody, Status
from ..database import transaction, uuid7
from ..errors import Conflict, NotFound
from ..extensions import db
from ..i18n import N_, Sayable, Sentence
from . import decisions, sealing
from .decisions import Part
from .details import FORMS, Form, Shown
from .models import Change, Event, Kind

ROLE = "moderator"


class Replied(msgspec.Struct, frozen=True):
    """What an event wrote: a reply, to which comment of whom."""

    reply: UUID
    to: UUID
    name: str


@transaction
def edit(comment_id: UUID, body: str, version: int, actor: Actor, now: datetime) -> Comment:
    """Give a comment another text; the earlier one is kept. Raises `NotFound`, and `Conflict` for a stale version."""
    comment = one(comment_id, actor)
    if comment.version != version:
        raise Conflict(N_("Somebody changed this comment in the meantime."))
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
    detail = msgspec.json.encode(Replied(answer.id, parent.id, parent.name)).decode()
    _log(answer, Kind.REPLY, actor, now, detail=detail)
    return answer


@transaction
def turn(event: Event, actor: Actor, now: datetime) -> UUID:
    """Take a reply back into the trash, or out of it again; gives the event. Raises `Conflict` when it moved on."""
    found = db.session.execute(
        sa.select(Comment, Change.version)
        .join(Change, (Change.site_id == Comment.site_id) & (Change.comment_id == Comment.id))
        .where(Change.site_id == event.site_id, Change.event_id == event.id)
    ).first()
    if found is None or found.Comment.version != found.version:
        raise Conflict(N_("This reply has been changed since."))
    after = Status.TRASH if found.Comment.status is Status.APPROVED else Status.APPROVED
    undone = Part(uuid7())
    decisions.record([(found.Comment, after)], Kind.UNDO, actor, now, undone, undoes=event.id)
    return undone.event


def shown(detail: str) -> Shown:
    """Which reply an event wrote, and to what."""
    return dict(msgspec.json.decode(detail))


def told(replied: Shown) -> tuple[Sayable, ...]:
    """To whom somebody replied."""
    return (Sentence(N_("to {name}"), {"name": replied["name"]}),)


def one(comment_id: UUID, actor: Actor) -> Comment:
    """The comment, when it is the actor's; raises `NotFound`."""
    found = decisions.of_actor([comment_id], actor)
    if not found:
        raise NotFound(N_("There is no such comment."))
    return found[0]


def _log(comment: Comment, kind: Kind, actor: Actor, now: datetime, **about: str) -> None:
    event_id = uuid7()
    decisions.log(comment.site_id, event_id, kind, actor, now, **about)
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


FORMS[Kind.REPLY] = Form(shown, told, turn)
