"""How many comments there are: kept up to date with each change, never counted over a table."""

from collections.abc import Collection
from datetime import UTC, date
from uuid import UUID

import sqlalchemy as sa

from .. import config, http
from ..compiled import Compiled
from ..database import add_up, table
from ..extensions import db
from ..notify import edge, outbox
from .models import Comment, DayCount, Status, StatusCount, Thread

PARTS = 8

_THREADS = table(Thread)
_CHANGED = Compiled(
    sa.update(_THREADS)
    .where(_THREADS.c.site_id == sa.bindparam("of_site"), _THREADS.c.id == sa.bindparam("of_thread"))
    .values(
        revision=_THREADS.c.revision + 1,
        comment_count=_THREADS.c.comment_count + sa.bindparam("more", type_=sa.Integer),
    )
)


def moved(comment: Comment, before: Status | None, after: Status | None) -> None:
    """Account for `comment` going from `before` to `after`; None means that it was not there, or is gone.

    Keeps the counts by status and, when readers see a difference, the thread's count and revision.
    """
    removed = after is None and before is not Status.PENDING  # what it came to stays counted with its day
    for status, amount in ((before, -1), (after, 1)):
        if status is not None:
            key = {"site_id": comment.site_id, "status": status, "part": comment.id.int % PARTS}
            add_up(StatusCount, key, "number", amount)
            if not removed:
                day = comment.created_at.astimezone(UTC).date()
                add_up(DayCount, {**key, "day": day}, "number", amount)
    public = (after is Status.APPROVED) - (before is Status.APPROVED)
    if public:
        changed(comment.site_id, comment.thread_id, public)


def changed(site_id: str, thread_id: UUID, comments: int = 0) -> None:
    """Note that readers see the thread differently now, with so many more or fewer `comments`."""
    _CHANGED.run({"of_site": site_id, "of_thread": thread_id, "more": comments})
    _tell_the_edge(site_id, {"thread": str(thread_id)})


def all_changed(site_id: str) -> None:
    """Note that readers may see anything of the site differently now, or below other pages."""
    _tell_the_edge(site_id, {})


def _tell_the_edge(site_id: str, about: dict[str, str]) -> None:
    if config.current().purge_url:
        outbox.enqueue(site_id, outbox.EDGE, about, http.now(), edge.SETTLING)


def by_status(site_ids: Collection[str]) -> dict[str, dict[Status, int]]:
    """For each site, how many comments have each status."""
    numbers = {site_id: dict.fromkeys(Status, 0) for site_id in site_ids}
    rows = db.session.execute(
        sa.select(StatusCount.site_id, StatusCount.status, sa.func.sum(StatusCount.number))
        .where(StatusCount.site_id.in_(site_ids))
        .group_by(StatusCount.site_id, StatusCount.status)
    )
    for site_id, status, number in rows:
        numbers[site_id][status] = int(number)
    return numbers


def by_day(site_id: str, first: date) -> dict[date, dict[Status, int]]:
    """How many of the comments that came on each day since `first` have each status; days without any are left out."""
    rows = db.session.execute(
        sa.select(DayCount.day, DayCount.status, sa.func.sum(DayCount.number))
        .where(DayCount.site_id == site_id, DayCount.status.in_(list(Status)), DayCount.day >= first)
        .group_by(DayCount.day, DayCount.status)
    )
    days: dict[date, dict[Status, int]] = {}
    for day, status, number in rows:
        days.setdefault(day, dict.fromkeys(Status, 0))[status] = int(number)
    return days
