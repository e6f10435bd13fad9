"""Finding a page's thread, and whether it takes comments."""

import enum
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import sqlalchemy as sa

from ..compiled import Compiled
from ..database import insert_new, table
from ..extensions import connection
from ..sites.policy import Policy
from .models import Thread, ThreadAlias

_OF_ALIAS = sa.and_(ThreadAlias.site_id == Thread.site_id, ThreadAlias.thread_id == Thread.id)
_NAMED = sa.select(ThreadAlias.thread_id).where(
    ThreadAlias.site_id == sa.bindparam("site_id"), ThreadAlias.page == sa.bindparam("page")
)
# No page is both a thread's own and an earlier one's, so this finds one at the most.
_FIND = Compiled(
    sa.select(table(Thread)).where(
        Thread.site_id == sa.bindparam("site_id"),
        sa.or_(Thread.page == sa.bindparam("page"), Thread.id == _NAMED.scalar_subquery()),
    )
)
_NOW_AT = (
    sa.select(Thread.page)
    .join(ThreadAlias, _OF_ALIAS)
    .where(ThreadAlias.site_id == sa.bindparam("site_id"), ThreadAlias.page == sa.bindparam("page"))
)


class State(enum.StrEnum):
    """Whether a thread takes comments: `locked` by hand, `closed` by age."""

    OPEN = "open"
    LOCKED = "locked"
    CLOSED = "closed"


def find(site_id: str, page: str) -> Thread | None:
    """The thread below `page`, or that was there before it moved, to be read only; None while nobody has written."""
    # A row has the attributes of the object that the session would make of it.
    return cast("Thread | None", _FIND.first({"site_id": site_id, "page": page}))


def page_now(site_id: str, page: str) -> str:
    """The key that `page` has now: another one when its thread was moved or merged."""
    found: str | None = connection().scalar(_NOW_AT, {"site_id": site_id, "page": page})
    return page if found is None else found


def pages(site_id: str, thread_ids: Collection[UUID]) -> set[str]:
    """Every page below which one of the threads is found, also by another that it had before."""
    own = sa.select(Thread.page).where(Thread.site_id == site_id, Thread.id.in_(thread_ids))
    had = sa.select(ThreadAlias.page).where(ThreadAlias.site_id == site_id, ThreadAlias.thread_id.in_(thread_ids))
    return set(connection().scalars(own.union_all(had)))


def comment_counts(site_id: str, pages: Collection[str]) -> dict[str, int]:
    """How many approved comments stand below each of `pages` that has a thread."""
    own = sa.select(Thread.page, Thread.comment_count).where(Thread.site_id == site_id, Thread.page.in_(pages))
    moved = (
        sa.select(ThreadAlias.page, Thread.comment_count)
        .join(Thread, _OF_ALIAS)
        .where(ThreadAlias.site_id == site_id, ThreadAlias.page.in_(pages))
    )
    return dict(connection().execute(own.union_all(moved)).all())


def find_or_add(site_id: str, page: str, title: str, new_id: UUID, now: datetime) -> Thread:
    """The thread below `page`, added with `new_id` when there is none; of two that add it, one wins."""
    thread = find(site_id, page)
    if thread:
        return thread
    values = {"site_id": site_id, "id": new_id, "page": page, "title": title, "created_at": now}
    defaults = {"comment_count": 0, "revision": 0, "locked": False}
    insert_new(Thread, {**defaults, **values})
    return cast(Thread, find(site_id, page))


def state(thread: Thread | None, policy: Policy, now: datetime) -> State:
    """Whether `thread` takes comments at the time `now`; one that is not there yet does."""
    if thread is None:
        return State.OPEN
    if thread.locked:
        return State.LOCKED
    closes_at = closing_time(thread, policy)
    return State.CLOSED if closes_at and now >= closes_at else State.OPEN


def closing_time(thread: Thread, policy: Policy) -> datetime | None:
    """When `thread` closes by age, or None when it never does."""
    days = policy.close_after_days if thread.close_after_days is None else thread.close_after_days
    return thread.created_at + timedelta(days=days) if days else None
