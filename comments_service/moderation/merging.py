"""Merging two discussions of a site into one, and taking them apart again."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ..accounts.actor import Actor
from ..comments import counts
from ..comments import threads as reading
from ..comments.models import Comment, Status, Thread, ThreadAlias
from ..database import transaction, uuid7
from ..errors import Conflict, FieldError, InvalidForm
from ..extensions import db
from ..i18n import N_, Counted, Sayable, Sentence
from . import decisions, sealing, threads
from .details import FORMS, Form, Shown
from .models import Change, Event, Kind

MOST = 20_000  # comments that are moved at once
TOO_LARGE = N_("Only a discussion of up to {most} comments can be merged into another.")
INTO = Counted("{page} into {into}: {count} comment", "{page} into {into}: {count} comments")
OUT = Counted("{page} taken out of {into}: {count} comment", "{page} taken out of {into}: {count} comments")


class Merged(msgspec.Struct, frozen=True):
    """What an event merged: the thread that is gone, as it was, and the one that has its comments."""

    merged: bool  # whether the event merged them or took them apart
    into: UUID
    into_page: str
    comments: int
    aliases: tuple[str, ...]
    id: UUID
    page: str
    title: str
    locked: bool
    close_after_days: int | None
    pinned_id: UUID | None
    revision: int
    created_at: datetime


@transaction
def merge(thread_id: UUID, page: str, actor: Actor, now: datetime) -> threads.Done:
    """Move every comment of a thread into the one below `page`, which also answers for the old page.

    Raises `NotFound`, `InvalidForm` naming the page when there is no other discussion below it, and `Conflict` for
    one with very many comments.
    """
    thread = threads.one(thread_id, actor)
    found = reading.find(thread.site_id, page)
    into = db.session.get(Thread, (thread.site_id, found.id)) if found else None
    if into is None or into.id == thread.id:
        raise InvalidForm([FieldError("page", "not-found", N_("There is no other discussion below that page."))])
    return threads.Done(into, _merge(thread, into, Kind.MERGE, (actor, now)))


@transaction
def turn(event: Event, actor: Actor, now: datetime) -> UUID:
    """Take apart what was merged, or merge again; gives the event. Raises `Conflict` when somebody went on since."""
    detail = msgspec.json.decode(event.detail or "", type=Merged)
    into = db.session.get(Thread, (event.site_id, detail.into))
    if into is None:
        raise Conflict(threads.MOVED_ON)
    if detail.merged:
        return _split(event, detail, into, (actor, now))
    thread = db.session.get(Thread, (event.site_id, detail.id))
    if thread is None:
        raise Conflict(threads.MOVED_ON)
    return _merge(thread, into, Kind.UNDO, (actor, now), undoes=event.id)


def shown(detail: str) -> Shown:
    """What an event merged."""
    return dict(msgspec.json.decode(detail))


def told(merged: Shown) -> tuple[Sayable, ...]:
    """Which thread was merged into which, in a few words."""
    sentence = INTO if merged["merged"] else OUT
    pages = {"page": merged["page"], "into": merged["into_page"]}
    return (Sentence(sentence, {**pages, "count": merged["comments"]}),)


def _merge(thread: Thread, into: Thread, kind: Kind, who: tuple[Actor, datetime], **about: UUID) -> UUID:
    site_id, old, new = thread.site_id, thread.id, into.id
    mine = sa.and_(Comment.site_id == site_id, Comment.thread_id == old)
    number = db.session.scalar(sa.select(sa.func.count()).select_from(Comment).where(mine)) or 0
    if number > MOST:
        raise Conflict(Sentence(TOO_LARGE, {"most": MOST}))
    names = tuple(threads.aliases(thread))
    detail = Merged(merged=True, into=new, into_page=into.page, comments=number, aliases=names, **_as_it_was(thread))
    event_id = _log(site_id, detail, kind, who, **about)
    _move_comments(event_id, mine, into)
    same = (ThreadAlias.site_id == site_id, ThreadAlias.thread_id == old)
    db.session.execute(sa.update(ThreadAlias).where(*same).values(thread_id=new))
    counts.changed(site_id, new, thread.comment_count)
    db.session.delete(thread)
    db.session.flush()
    db.session.add(ThreadAlias(site_id=site_id, page=detail.page, thread_id=new))
    sealing.seal(site_id, event_id)
    return event_id


def _split(event: Event, detail: Merged, into: Thread, who: tuple[Actor, datetime]) -> UUID:
    """Make the thread again with what it had, and with the replies that came since."""
    site_id = event.site_id
    names = (detail.page, *detail.aliases)
    alias = ThreadAlias.site_id == site_id, ThreadAlias.thread_id == into.id, ThreadAlias.page.in_(names)
    if detail.page not in set(db.session.scalars(sa.select(ThreadAlias.page).where(*alias))):
        raise Conflict(threads.MOVED_ON)
    db.session.execute(sa.delete(ThreadAlias).where(*alias, ThreadAlias.page == detail.page))
    values = {name: getattr(detail, name) for name in _COLUMNS}
    again = Thread(site_id=site_id, comment_count=0, **{**values, "revision": detail.revision + 1})
    db.session.add(again)
    db.session.flush()
    db.session.execute(sa.update(ThreadAlias).where(*alias).values(thread_id=again.id))
    were = sa.select(Change.comment_id).where(Change.site_id == site_id, Change.event_id == event.id)
    theirs = sa.and_(
        Comment.site_id == site_id,
        Comment.thread_id == into.id,
        sa.or_(Comment.id.in_(were), Comment.root_id.in_(were)),
    )
    visible = sa.select(sa.func.count()).select_from(Comment).where(theirs, Comment.status == Status.APPROVED)
    number = db.session.scalar(visible) or 0
    turned = msgspec.structs.replace(detail, merged=False)
    event_id = _log(site_id, turned, Kind.UNDO, who, undoes=event.id)
    _move_comments(event_id, theirs, again)
    counts.changed(site_id, into.id, -number)
    counts.changed(site_id, again.id, number)
    sealing.seal(site_id, event_id)
    return event_id


def _move_comments(event_id: UUID, which: sa.ColumnElement[bool], into: Thread) -> None:
    """Move comments to another thread, and note each of them; their status stays."""
    version = (Comment.status, Comment.status, Comment.version, sa.literal(0))
    found = sa.select(Comment.site_id, sa.literal(event_id, sa.Uuid()), Comment.id, *version).where(which)
    columns = ["site_id", "event_id", "comment_id", "status_from", "status_to", "version", "part"]
    db.session.execute(sa.insert(Change).from_select(columns, found))
    moved = sa.update(Comment).where(which).values(thread_id=into.id)
    db.session.execute(moved.execution_options(synchronize_session=False))
    db.session.expire_all()


def _log(site_id: str, detail: Merged, kind: Kind, who: tuple[Actor, datetime], **about: UUID) -> UUID:
    event_id = uuid7()
    text = msgspec.json.encode(detail).decode()
    decisions.log(site_id, event_id, kind, who[0], who[1], thread_id=detail.into, detail=text, **about)
    return event_id


_COLUMNS = ("id", "page", "title", "locked", "close_after_days", "pinned_id", "revision", "created_at")


def _as_it_was(thread: Thread) -> dict[str, Any]:
    return {name: getattr(thread, name) for name in _COLUMNS}


FORMS[Kind.MERGE] = Form(shown, told, turn)
