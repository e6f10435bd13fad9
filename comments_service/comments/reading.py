"""What the public may read: the one whitelist, and the answers made from it."""

import base64
import binascii
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Annotated, Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from .. import i18n
from ..columns import id_texts, raw, time_text, time_texts
from ..compiled import Compiled
from ..errors import FieldError, Invalid, InvalidForm
from ..extensions import connection
from ..sites.models import Site
from ..sites.policy import Policy
from . import form, texts, threads
from .models import Comment, Status, Thread
from .texts import TEXTS, said

MAX_COUNTS = 100
MAX_LATEST = 50


Id = Annotated[str, msgspec.Meta(extra_json_schema={"format": "uuid"})]
Time = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]


class PublicComment(msgspec.Struct):
    """A comment as everybody may see it. What is not written here is published nowhere."""

    id: Id
    parent: Id | None
    name: str
    website: str | None
    role: str | None
    body: msgspec.Raw  # the tree of comments.markup
    created_at: Time
    edited_at: Time | None


class ListedComment(PublicComment):
    """A comment outside its thread: with the page it stands below."""

    page: str
    title: str


class ThreadAnswer(msgspec.Struct):
    """All that a widget needs to show a thread and its form."""

    site: str
    page: str
    state: threads.State
    count: int
    comments: list[PublicComment]  # the pinned one first, before the oldest or the newest
    pinned: Id | None
    next: str | None
    form: msgspec.Raw
    texts: msgspec.Raw
    max_depth: int


class Question(msgspec.Struct):
    """Which part of which thread is asked for, in which language."""

    page: str
    sort: str = "oldest"
    after: str | None = None
    lang: str = i18n.DEFAULT


COLUMNS = (
    raw(Comment.id),
    raw(Comment.parent_id),
    Comment.name,
    Comment.website,
    Comment.role,
    Comment.tree,
    raw(Comment.created_at),
    raw(Comment.edited_at),
)
VISIBLE = sa.select(raw(Comment.id)).where(
    Comment.site_id == sa.bindparam("site_id"),
    raw(Comment.id).in_(sa.bindparam("ids", expanding=True)),
    Comment.status == Status.APPROVED,
)


def thread(site: Site, policy: Policy, question: Question, now: datetime) -> tuple[ThreadAnswer, datetime | None]:
    """The thread of `question.page`, one page of its comments, and the form; empty when nobody has written.

    Its page is another one when the thread was moved.
    With it the time at which the thread will close by age, if that is still to come.
    """
    after = _read_cursor(question.after) if question.after else None
    found = threads.find(site.id, question.page)
    comments, cursor = _page(found, policy, question.sort, after) if found else ([], None)
    pinned = _pinned(found) if found and found.pinned_id else []
    answer = ThreadAnswer(
        site=site.id,
        page=found.page if found else question.page,
        state=threads.state(found, policy, now),
        count=found.comment_count if found else 0,
        comments=comments if after else pinned + comments,
        pinned=pinned[0].id if pinned else None,
        next=cursor,
        form=form_in(question.lang),
        texts=texts_in(question.lang, policy),
        max_depth=policy.max_depth,
    )
    closes_at = threads.closing_time(found, policy) if found else None
    return answer, closes_at if closes_at and closes_at > now else None


def counts(site: Site, pages: Sequence[str]) -> dict[str, int]:
    """How many approved comments stand below each of `pages` (keys, 100 at most)."""
    if len(pages) > MAX_COUNTS:
        raise InvalidForm([FieldError("page", "too-many", f"Ask for {MAX_COUNTS} pages at most.")])
    return {**dict.fromkeys(pages, 0), **threads.comment_counts(site.id, pages)}


def latest(site: Site, limit: int, page: str | None = None) -> list[ListedComment]:
    """The newest approved comments of the site, or of one page, newest first."""
    query = (
        sa.select(*COLUMNS, Thread.page, Thread.title)
        .join(Thread, sa.and_(Thread.site_id == Comment.site_id, Thread.id == Comment.thread_id))
        .where(Comment.site_id == site.id, Comment.status == Status.APPROVED)
        .order_by(Comment.id.desc())
        .limit(min(limit, MAX_LATEST))
    )
    if page is not None:
        query = query.where(Thread.page == page)
    rows = connection().execute(query).all()
    visible = _visible(site.id, rows)
    return list(map(ListedComment, *_fields(rows, visible), *_columns(rows)[8:]))


def public(comment: Comment, parent: UUID | None) -> PublicComment:
    """`comment` as its readers, or its own writer, may see it."""
    return PublicComment(
        id=str(comment.id),
        parent=str(parent) if parent else None,
        name=comment.name,
        website=comment.website or None,
        role=comment.role,
        body=msgspec.Raw(comment.tree.encode()),
        created_at=time_text(comment.created_at),
        edited_at=time_text(comment.edited_at) if comment.edited_at else None,
    )


@cache
def form_in(lang: str) -> msgspec.Raw:
    """The form's description in `lang`, as JSON."""
    return msgspec.Raw(msgspec.json.encode({"fields": form.describe(i18n.translator(lang))}))


def texts_in(lang: str, policy: Policy) -> msgspec.Raw:
    """The widget's sentences in `lang` as the site words them; the notice above its form says who is away, too."""
    return _texts_in(lang, policy.wording, texts.away_notice(policy, lang))


@lru_cache(maxsize=256)
def _texts_in(lang: str, wording: tuple[tuple[str, str], ...], notice: str) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(texts.with_notice(said(TEXTS, lang) | dict(wording), notice)))


def _pinned(found: Thread) -> list[PublicComment]:
    """The comment that stands first in a thread, if it is there to be read.

    It comes without what it replies to; its own replies keep their places.
    """
    this = (Comment.site_id == found.site_id, Comment.thread_id == found.id, Comment.id == found.pinned_id)
    query = sa.select(*COLUMNS).where(*this, Comment.status == Status.APPROVED)
    return list(map(PublicComment, *_fields(connection().execute(query).all(), ())))


def _page(
    found: Thread, policy: Policy, sort: str, after: tuple[UUID, UUID] | None
) -> tuple[list[PublicComment], str | None]:
    """One page of the thread's comments, conversation by conversation, and the cursor of the next."""
    asked = {"site_id": found.site_id, "thread_id": found.id, "limit": policy.page_size + 1}
    if found.pinned_id:
        asked["pinned"] = found.pinned_id
    if after:
        asked |= {"root": after[0], "last": after[1]}
    statement = _statement(sort == "newest", after is not None, found.pinned_id is not None)
    rows = statement.plain(asked)
    shown = rows[: policy.page_size]
    cursor = _cursor(shown[-1]) if len(rows) > len(shown) else None
    visible = _visible(found.site_id, shown)
    return list(map(PublicComment, *_fields(shown, visible))), cursor


@cache
def _statement(newest_first: bool, later: bool, pinned: bool) -> Compiled:
    """The page of a thread; built once, for that costs more than SQLite needs to carry it out."""
    query = (
        sa.select(*COLUMNS, raw(Comment.root_id))
        .where(
            Comment.site_id == sa.bindparam("site_id"),
            Comment.thread_id == sa.bindparam("thread_id"),
            Comment.status == Status.APPROVED,
        )
        .order_by(Comment.root_id.desc() if newest_first else Comment.root_id, Comment.id)
        .limit(sa.bindparam("limit", type_=sa.Integer))
    )
    if pinned:
        query = query.where(Comment.id != sa.bindparam("pinned", type_=Comment.id.type))
    if not later:
        return Compiled(query)
    root, last = sa.bindparam("root", type_=Comment.root_id.type), sa.bindparam("last", type_=Comment.id.type)
    after = Comment.root_id < root if newest_first else Comment.root_id > root
    return Compiled(query.where(sa.or_(after, sa.and_(Comment.root_id == root, Comment.id > last))))


def _visible(site_id: str, rows: Sequence[Any]) -> Sequence[Any]:
    """The parents of `rows` that are to be seen and do not stand among them; a reply to another stands on its own.

    Most stand before their replies, so that nobody has to be asked.
    """
    elsewhere = {row[1] for row in rows} - {row[0] for row in rows} - {None}
    if not elsewhere:
        return ()
    return connection().scalars(VISIBLE, {"site_id": site_id, "ids": sorted(elsewhere)}).all()


def _fields(rows: Sequence[Any], visible: Sequence[Any]) -> tuple[Iterable[Any], ...]:
    """The values of `PublicComment`, field by field in its order, from rows that begin with `COLUMNS`.

    Of their parents those are named that are `visible` or stand among them.
    Column by column: a call for each value costs several times what it has to do.
    """
    ids, parents, names, websites, roles, trees, created, edited = _columns(rows)[: len(COLUMNS)]
    written = dict(zip(ids, id_texts(ids), strict=True))
    others = dict(zip(visible, id_texts(visible), strict=True))
    return (
        written.values(),
        map((written | others).get, parents),
        names,
        [website or None for website in websites],
        roles,
        map(msgspec.Raw, map(str.encode, trees)),
        time_texts(created),
        time_texts(edited),
    )


def _columns(rows: Sequence[Any]) -> list[Sequence[Any]]:
    return list(zip(*rows, strict=True)) if rows else [()] * (len(COLUMNS) + 2)


def _cursor(row: Any) -> str:
    """The place after `row` in its thread."""
    root, last = map(UUID, id_texts([row[8], row[0]]))
    return base64.urlsafe_b64encode(root.bytes + last.bytes).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[UUID, UUID]:
    try:
        octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return UUID(bytes=octets[:16]), UUID(bytes=octets[16:])
    except (binascii.Error, ValueError) as error:
        raise Invalid("This is not a cursor of ours.", field="after") from error
