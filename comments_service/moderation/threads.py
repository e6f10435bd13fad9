"""What moderators do with a whole discussion: lock it, let it close, pin a comment, move it to another page.

Each change is an event that says what was there before, so that it can be turned round as long as nobody went on.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ..accounts.actor import Actor
from ..comments import counts
from ..comments.models import Comment, Status, Thread, ThreadAlias
from ..database import transaction
from ..errors import Conflict, FieldError, InvalidForm, NotFound
from ..extensions import db
from ..i18n import N_, Counted, Sayable, Sentence
from . import decisions, details
from .details import FORMS, Form, Shown
from .models import Event, Kind

MOST_DAYS = 36_500
PAGE = 50  # comments of a thread that are listed at once
MOVED_ON = N_("This discussion has been changed since.")
TAKEN = N_("There is a discussion below that page already. Merge the two.")


CLOSES = Counted("{page}: closes after {count} day", "{page}: closes after {count} days")
# What the log says of a column and whether there is something in it now.
TOLD = {
    ("locked", True): N_("{page}: locked"),
    ("locked", False): N_("{page}: open"),
    ("close_after_days", None): N_("{page}: closes when the site says"),
    ("close_after_days", False): N_("{page}: never closes by age"),
    ("pinned_id", True): N_("{page}: a comment pinned"),
    ("pinned_id", None): N_("{page}: no comment pinned"),
}


class Changed(msgspec.Struct, frozen=True):
    """What an event changed of a thread: one of its columns, from one value to another."""

    thread: UUID
    page: str
    what: Literal["locked", "close_after_days", "pinned_id", "page"]
    before: bool | int | str | None
    after: bool | int | str | None
    # The thread that was found below the new page before, by an alias.
    alias_of: UUID | None = None
    back: bool = False  # whether it was turned round


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it: the thread, and the event; None when nothing was changed."""

    thread: Thread
    event: UUID | None = None


def one(thread_id: UUID, actor: Actor) -> Thread:
    """The thread, when it is the actor's; raises `NotFound`."""
    query = sa.select(Thread).where(decisions.within(Thread.site_id, actor), Thread.id == thread_id)
    thread = db.session.scalar(query)
    if thread is None:
        raise NotFound(N_("There is no such thread."))
    return thread


def comments(thread: Thread, after: UUID | None = None) -> tuple[list[Comment], UUID | None]:
    """The newest comments of a thread, whatever their status, and the id to ask after for more."""
    query = sa.select(Comment).where(
        Comment.site_id == thread.site_id, Comment.thread_id == thread.id, Comment.status.in_(list(Status))
    )
    if after:
        query = query.where(Comment.id < after)
    found = list(db.session.scalars(query.order_by(Comment.id.desc()).limit(PAGE + 1)))
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None


def aliases(thread: Thread) -> list[str]:
    """The page keys that a thread is found below besides its own."""
    same = (ThreadAlias.site_id == thread.site_id, ThreadAlias.thread_id == thread.id)
    return list(db.session.scalars(sa.select(ThreadAlias.page).where(*same).order_by(ThreadAlias.page)))


@transaction
def lock(thread_id: UUID, locked: bool, actor: Actor, now: datetime) -> Done:
    """Lock or unlock a thread; raises `NotFound` for another's."""
    return _change(one(thread_id, actor), Kind.LOCK if locked else Kind.UNLOCK, "locked", locked, (actor, now))


@transaction
def close_after(thread_id: UUID, days: int | None, actor: Actor, now: datetime) -> Done:
    """Let a thread close so many days after its first comment: 0 is never, None is when the site says.

    Raises `NotFound`, and `InvalidForm` for what is no number of days.
    """
    if days is not None and not 0 <= days <= MOST_DAYS:
        between = Sentence(N_("A number from {least} to {most}."), {"least": 0, "most": MOST_DAYS})
        raise InvalidForm([FieldError("close_after_days", "out-of-range", between)])
    return _change(one(thread_id, actor), Kind.CLOSE, "close_after_days", days, (actor, now))


@transaction
def pin(thread_id: UUID, comment_id: UUID | None, actor: Actor, now: datetime) -> Done:
    """Show a comment first in its thread, or none; raises `NotFound`, and `Conflict` for one that nobody can read."""
    thread = one(thread_id, actor)
    if comment_id is not None:
        comment = db.session.get(Comment, (thread.site_id, comment_id))
        if comment is None or comment.thread_id != thread.id:
            raise NotFound(N_("There is no such comment."))
        if comment.status is not Status.APPROVED:
            raise Conflict(N_("Only a published comment can be pinned."))
    return _change(thread, Kind.PIN, "pinned_id", comment_id, (actor, now))


@transaction
def move(thread_id: UUID, page: str, actor: Actor, now: datetime) -> Done:
    """Put a thread below another page, whose key is `page`; below the old one it is found as before.

    Raises `NotFound`, and `Conflict` when there is a discussion already.
    """
    return _change(one(thread_id, actor), Kind.MOVE, "page", page, (actor, now))


@transaction
def turn(event: Event, actor: Actor, now: datetime) -> UUID:
    """Turn a change of a thread round; gives the event. Raises `Conflict` when somebody went on since."""
    changed = _read(event)
    thread = db.session.get(Thread, (event.site_id, changed.thread))
    if thread is None or _plain(getattr(thread, changed.what)) != changed.after:
        raise Conflict(MOVED_ON)
    turned = msgspec.structs.replace(changed, before=changed.after, after=changed.before, back=not changed.back)
    _apply(thread, turned)
    if turned.what == "page" and turned.back:
        _give_alias_back(thread.site_id, str(turned.before), turned.alias_of)
    return _log(thread, turned, Kind.UNDO, (actor, now), undoes=event.id)


def shown(detail: str) -> Shown:
    """What an event changed of a thread."""
    return dict(msgspec.json.decode(detail))


def told(changed: Shown) -> tuple[Sayable, ...]:
    """What was changed of which thread, in a few words."""
    page, what, after = changed["page"], changed["what"], changed["after"]
    if what == "close_after_days" and after:
        return (Sentence(CLOSES, {"page": page, "count": after}),)
    if what == "page":
        return (Sentence(N_("{page}: moved to {after}"), {"page": page, "after": after}),)
    return (Sentence(TOLD[what, None if after is None else bool(after)], {"page": page}),)


def _change(thread: Thread, kind: Kind, what: Any, value: Any, who: tuple[Actor, datetime]) -> Done:
    """Give a column of a thread another value, as an event; nothing happens where it has it."""
    before = getattr(thread, what)
    if before == value:
        return Done(thread)
    stolen = db.session.get(ThreadAlias, (thread.site_id, value)) if what == "page" else None
    alias_of = stolen.thread_id if stolen and stolen.thread_id != thread.id else None
    changed = Changed(thread.id, thread.page, what, _plain(before), _plain(value), alias_of)
    _apply(thread, changed)
    return Done(thread, _log(thread, changed, kind, who))


def _apply(thread: Thread, changed: Changed) -> None:
    value: Any = changed.after
    if changed.what == "page":
        _put_below(thread, str(value))
    else:
        setattr(thread, changed.what, UUID(value) if changed.what == "pinned_id" and value else value)
    db.session.flush()
    counts.changed(thread.site_id, thread.id)


def _put_below(thread: Thread, page: str) -> None:
    """Give a thread its page, which is no alias any more, and the page that it had as an alias."""
    if db.session.scalar(sa.select(Thread.id).where(Thread.site_id == thread.site_id, Thread.page == page)):
        raise Conflict(TAKEN)
    alias = db.session.get(ThreadAlias, (thread.site_id, page))
    if alias is not None:
        counts.changed(thread.site_id, alias.thread_id)  # what is kept for that page shows another thread
        db.session.delete(alias)
        db.session.flush()
    counts.all_changed(thread.site_id)
    before, thread.page = thread.page, page
    db.session.flush()
    db.session.add(ThreadAlias(site_id=thread.site_id, page=before, thread_id=thread.id))


def _give_alias_back(site_id: str, page: str, thread_id: UUID | None) -> None:
    """Let the page lead where it led before the thread was put there: to another thread, or nowhere."""
    alias = db.session.get_one(ThreadAlias, (site_id, page))
    before = db.session.get(Thread, (site_id, thread_id)) if thread_id else None
    if before is not None:
        alias.thread_id = before.id
        counts.changed(site_id, before.id)
    else:
        db.session.delete(alias)


def _log(thread: Thread, changed: Changed, kind: Kind, who: tuple[Actor, datetime], **about: UUID) -> UUID:
    actor, now = who
    return details.log(thread.site_id, changed, kind, actor, now, thread_id=thread.id, **about)


def _read(event: Event) -> Changed:
    """What the event changed; the first ones that locked a thread do not say it."""
    if event.detail is None and event.thread_id is not None:
        locked = event.kind is Kind.LOCK
        return Changed(event.thread_id, "", "locked", not locked, locked)
    return msgspec.json.decode(event.detail or "", type=Changed)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


for _kind in (Kind.LOCK, Kind.UNLOCK, Kind.CLOSE, Kind.PIN, Kind.MOVE):
    FORMS[_kind] = Form(shown, told, turn)
