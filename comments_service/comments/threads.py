"""Finding a page's thread, and whether it takes comments."""

import enum
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import sqlalchemy as sa

from ..database import connection, insert_new
from ..sites.policy import Policy
from .models import Thread

_FIND = sa.select(Thread.__table__).where(
    Thread.site_id == sa.bindparam("site_id"), Thread.page == sa.bindparam("page")
)


class State(enum.StrEnum):
    """Whether a thread takes comments: `locked` by hand, `closed` by age."""

    OPEN = "open"
    LOCKED = "locked"
    CLOSED = "closed"


def find(site_id: str, page: str) -> Thread | None:
    """The thread below `page`, to be read only, or None while nobody has written there."""
    # A row has the attributes of the object that the session would make of it, for a third of the time.
    return cast("Thread | None", connection().execute(_FIND, {"site_id": site_id, "page": page}).first())


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
    days = policy.close_after_days
    return thread.created_at + timedelta(days=days) if days else None
