"""How much a site keeps: a flood fills neither the queue nor the disk.

Too much from one client in a day, or too much that waits on one site, goes to spam. Of spam the oldest goes first; that
it went waits in the outbox, for the log of moderators is not known here.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa

from ..comments import counts
from ..comments.form import Submission
from ..comments.models import Comment, EarlierBody, Status, StatusCount
from ..compiled import Compiled
from ..database import add_up, first_id
from ..extensions import db
from ..i18n import Counted, Sentence
from ..notify import outbox
from ..sites.models import Site
from ..sites.policy import Policy, of
from .judgement import Evidence, Verdict

CHECK = "queue-full"
OF_SITE = Counted("{count} comment of this site waits already.", "{count} comments of this site wait already.")
OF_CLIENT = Counted(
    "{count} comment from the same place waits already.", "{count} comments from the same place wait already."
)
WITHIN = timedelta(days=1)
SLACK = 20  # spam is removed when it is over its number by one in so many
AT_ONCE = 1000  # rows of one transaction

_NUMBER = (
    sa.select(sa.func.coalesce(sa.func.sum(StatusCount.number), 0))
    .where(StatusCount.site_id == sa.bindparam("site_id"), StatusCount.status == sa.bindparam("status"))
    .scalar_subquery()
)
_KEPT = Compiled(sa.select(_NUMBER))


def fit(judged: Verdict, submission: Submission, policy: Policy) -> Verdict:
    """`judged`, or spam where it would wait and too much does already; room is made for spam by removing the oldest.

    Costs one query, and none where a comment is published at once.
    """
    if judged.status is Status.SPAM:
        make(submission.site_id, policy, submission.arrived_at, coming=1, slack=policy.spam_kept // SLACK)
        return judged
    if judged.status is not Status.PENDING:
        return judged
    full = _full(submission, policy)
    if full is None:
        return judged
    return replace(judged, status=Status.SPAM, reasons=(*judged.reasons, Evidence(CHECK, 0.0, (full,))))


def make(site_id: str, policy: Policy, now: datetime, coming: int = 0, slack: int = 0) -> int:
    """Remove the site's oldest spam beyond the number that it keeps; how many were removed.

    Nothing happens as long as it is no more than `slack` over with those that are `coming`. Part of the caller's
    transaction.
    """
    asked = {"site_id": site_id, "status": Status.SPAM}
    kept = _KEPT.scalar(asked)
    over = int(kept) + coming - policy.spam_kept
    removed = _remove_oldest(site_id, min(over, AT_ONCE)) if over > slack else 0
    if removed:
        outbox.enqueue(site_id, outbox.REMOVED, {"number": removed}, now, outbox.AT_ONCE)
    return removed


def make_everywhere(now: datetime) -> int:
    """Remove a batch of what is over on each site; how many were removed. Part of the caller's transaction."""
    return sum(make(site.id, of(site), now) for site in db.session.scalars(sa.select(Site).order_by(Site.id)))


def _full(submission: Submission, policy: Policy) -> Sentence | None:
    """What there is too much of."""
    begin = submission.arrived_at - WITHIN
    asked = {
        "site_id": submission.site_id,
        "status": Status.PENDING,
        "network_key": submission.network_key,
        "first": first_id(begin),
        "begin": begin,
    }
    counted = policy.client_pending or 0
    if counted >= policy.site_pending:  # the other number is reached first
        counted = 0
    waiting, from_client = _waiting(counted).first(asked)
    if waiting >= policy.site_pending:
        return Sentence(OF_SITE, {"count": waiting})
    if counted and from_client >= counted:
        return Sentence(OF_CLIENT, {"count": counted})
    return None


@cache
def _waiting(counted: int) -> Compiled:
    """How many comments of a site wait, and how many of a client's last day; the latter no further than `counted`."""
    from_client = (
        sa.select(Comment.id)
        .where(
            Comment.site_id == sa.bindparam("site_id"),
            Comment.network_key == sa.bindparam("network_key"),
            Comment.id > sa.bindparam("first"),
            Comment.created_at > sa.bindparam("begin"),
            Comment.status == sa.bindparam("status"),
        )
        .limit(counted)
        .subquery()
    )
    return Compiled(sa.select(_NUMBER, sa.select(sa.func.count()).select_from(from_client).scalar_subquery()))


def _remove_oldest(site_id: str, number: int) -> int:
    """Remove so many comments in spam, the oldest ones, with their earlier texts."""
    in_spam = (Comment.site_id == site_id, Comment.status == Status.SPAM)
    oldest = list(db.session.scalars(sa.select(Comment.id).where(*in_spam).order_by(Comment.id).limit(number)))
    if not oldest:
        return 0
    going = sa.select(Comment.id).where(*in_spam, Comment.id <= oldest[-1])
    texts = sa.delete(EarlierBody).where(EarlierBody.site_id == site_id, EarlierBody.comment_id.in_(going))
    rows = sa.delete(Comment).where(*in_spam, Comment.id <= oldest[-1])
    for statement in (texts, rows):
        db.session.execute(statement.execution_options(synchronize_session=False))
    for part in range(counts.PARTS):
        if gone := sum(1 for comment_id in oldest if comment_id.int % counts.PARTS == part):
            add_up(StatusCount, {"site_id": site_id, "status": Status.SPAM, "part": part}, "number", -gone)
    return len(oldest)
