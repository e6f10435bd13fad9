"""What the public may read: the one whitelist, and the answers made from it."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from .. import i18n
from ..errors import FieldError, Invalid, InvalidForm
from ..extensions import db
from ..sites.models import Site
from ..sites.policy import Policy
from . import form, threads
from .models import Comment, Status, Thread
from .texts import TEXTS, said

MAX_COUNTS = 100
MAX_LATEST = 50


class PublicComment(msgspec.Struct):
    """A comment as everybody may see it. What is not written here is published nowhere."""

    id: UUID
    parent: UUID | None
    name: str
    website: str | None
    role: str | None
    body: msgspec.Raw  # the tree of comments.markup
    created_at: datetime
    edited_at: datetime | None


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
    comments: list[PublicComment]
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


Parent = aliased(Comment, name="parent")
COLUMNS = (
    Comment.id,
    Parent.id.label("parent"),
    Comment.name,
    Comment.website,
    Comment.role,
    Comment.tree,
    Comment.created_at,
    Comment.edited_at,
)
# A reply whose parent is not to be seen stands on its own.
VISIBLE_PARENT = sa.and_(
    Parent.site_id == Comment.site_id, Parent.id == Comment.parent_id, Parent.status == Status.APPROVED
)


def thread(site: Site, policy: Policy, question: Question, now: datetime) -> tuple[ThreadAnswer, datetime | None]:
    """The thread of `question.page`, one page of its comments, and the form; empty when nobody has written.

    With it the time at which the thread will close by age, if that is still to come.
    """
    after = _read_cursor(question.after) if question.after else None
    found = threads.find(site.id, question.page)
    comments, cursor = _page(found, policy, question.sort, after) if found else ([], None)
    answer = ThreadAnswer(
        site=site.id,
        page=question.page,
        state=threads.state(found, policy, now),
        count=found.comment_count if found else 0,
        comments=comments,
        next=cursor,
        form=form_in(question.lang),
        texts=texts_in(question.lang),
        max_depth=policy.max_depth,
    )
    closes_at = threads.closing_time(found, policy) if found else None
    return answer, closes_at if closes_at and closes_at > now else None


def counts(site: Site, pages: Sequence[str]) -> dict[str, int]:
    """How many approved comments stand below each of `pages` (keys, 100 at most)."""
    if len(pages) > MAX_COUNTS:
        raise InvalidForm([FieldError("page", "too-many", f"Ask for {MAX_COUNTS} pages at most.")])
    rows = db.session.execute(
        sa.select(Thread.page, Thread.comment_count).where(Thread.site_id == site.id, Thread.page.in_(pages))
    )
    return {**dict.fromkeys(pages, 0), **dict(rows.all())}


def latest(site: Site, limit: int, page: str | None = None) -> list[ListedComment]:
    """The newest approved comments of the site, or of one page, newest first."""
    query = (
        sa.select(*COLUMNS, Thread.page, Thread.title)
        .join(Thread, sa.and_(Thread.site_id == Comment.site_id, Thread.id == Comment.thread_id))
        .outerjoin(Parent, VISIBLE_PARENT)
        .where(Comment.site_id == site.id, Comment.status == Status.APPROVED)
        .order_by(Comment.id.desc())
        .limit(min(limit, MAX_LATEST))
    )
    if page is not None:
        query = query.where(Thread.page == page)
    return [ListedComment(*(*_fields(row), row.page, row.title)) for row in db.session.execute(query)]


def public(comment: Comment, parent: UUID | None) -> PublicComment:
    """`comment` as its readers, or its own writer, may see it."""
    return PublicComment(
        id=comment.id,
        parent=parent,
        name=comment.name,
        website=comment.website or None,
        role=comment.role,
        body=msgspec.Raw(comment.tree.encode()),
        created_at=comment.created_at.replace(microsecond=0),
        edited_at=_to_the_second(comment.edited_at),
    )


@cache
def form_in(lang: str) -> msgspec.Raw:
    """The form's description in `lang`, as JSON."""
    return msgspec.Raw(msgspec.json.encode({"fields": form.describe(i18n.translator(lang))}))


@cache
def texts_in(lang: str) -> msgspec.Raw:
    """The widget's sentences in `lang`, as JSON."""
    return msgspec.Raw(msgspec.json.encode(said(TEXTS, lang)))


def _page(
    found: Thread, policy: Policy, sort: str, after: tuple[UUID, UUID] | None
) -> tuple[list[PublicComment], str | None]:
    """One page of the thread's comments, conversation by conversation, and the cursor of the next."""
    newest_first = sort == "newest"
    query = (
        sa.select(*COLUMNS, Comment.root_id)
        .outerjoin(Parent, VISIBLE_PARENT)
        .where(Comment.site_id == found.site_id, Comment.thread_id == found.id, Comment.status == Status.APPROVED)
        .order_by(Comment.root_id.desc() if newest_first else Comment.root_id, Comment.id)
        .limit(policy.page_size + 1)
    )
    if after:
        root, last = after
        later = Comment.root_id < root if newest_first else Comment.root_id > root
        query = query.where(sa.or_(later, sa.and_(Comment.root_id == root, Comment.id > last)))
    rows = db.session.connection().execute(query).all()
    shown = rows[: policy.page_size]
    cursor = _cursor(shown[-1].root_id, shown[-1].id) if len(rows) > len(shown) else None
    return [PublicComment(*_fields(row)) for row in shown], cursor


def _fields(row: Any) -> tuple[Any, ...]:
    """The values of `PublicComment`, in its order, from a row of `COLUMNS`."""
    comment_id, parent, name, website, role, tree, created_at, edited_at = row[:8]
    body = msgspec.Raw(tree.encode())
    times = created_at.replace(microsecond=0), _to_the_second(edited_at)
    return comment_id, parent, name, website or None, role, body, *times


def _to_the_second(at: datetime | None) -> datetime | None:
    return at.replace(microsecond=0) if at else None


def _cursor(root: UUID, last: UUID) -> str:
    return base64.urlsafe_b64encode(root.bytes + last.bytes).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[UUID, UUID]:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return UUID(bytes=raw[:16]), UUID(bytes=raw[16:])
    except (binascii.Error, ValueError) as error:
        raise Invalid("This is not a cursor of ours.", field="after") from error
