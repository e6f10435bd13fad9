"""A comment arrives: judged, stored and answered, once."""

from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import sqlalchemy as sa

from ..comments import counts, markup, threads
from ..comments.form import Submission
from ..comments.models import Comment, Status, Thread
from ..compiled import Compiled
from ..database import insert, table, transaction, uuid7
from ..errors import Duplicate, IdempotencyKeyReused, NotFound, ThreadClosed
from ..extensions import db
from ..i18n import N_
from ..notify import outbox
from ..sites.policy import Policy
from ..spam import room, verdict
from ..spam.judgement import Verdict
from . import slow
from .models import IdempotencyKey

KEY_LIFETIME = timedelta(days=7)

CLOSED = N_("This discussion takes no more comments.")
TWICE = N_("You have said that here already.")
NO_PARENT = N_("The comment you reply to is not there any more.")
UNSET = ("role", "edited_at", "status_before")
REUSED = N_("This Idempotency-Key came with another comment before.")


_EARLIER = Compiled(
    sa.select(table(IdempotencyKey)).where(
        IdempotencyKey.site_id == sa.bindparam("site_id"), IdempotencyKey.key == sa.bindparam("key")
    )
)
_SAME = Compiled(
    sa.select(Comment.id).where(
        Comment.site_id == sa.bindparam("site_id"),
        Comment.fingerprint == sa.bindparam("fingerprint"),
        Comment.id != sa.bindparam("id"),
    )
)


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A client's idempotency key and what came with it, both as keyed digests of 16 bytes."""

    key: bytes
    request: bytes


@dataclass(frozen=True, slots=True)
class Accepted:
    """A stored comment and what its commenter is told of its status."""

    comment: Comment
    status: Status


@transaction
def submit(submission: Submission, policy: Policy, key: RequestKey | None) -> Accepted:
    """Store `submission` with the status it is judged to have; the same `key` again gives the first answer again.

    Raises `IdempotencyKeyReused`, `ThreadClosed`, `NotFound` (its parent), `TooMany` or `Duplicate`.
    """
    if key and (earlier := answered(submission.site_id, key)):
        return _again(earlier, key)
    thread = _open_thread(submission, policy)
    root = _root(submission, thread)
    slow.refuse_soon(submission, policy)
    refuse_twice(submission)
    judged = room.fit(verdict.judge(submission, policy), submission, policy)
    columns = _columns(submission, thread, root, judged)
    insert(Comment, columns)
    comment = cast(Comment, SimpleNamespace(**columns))  # to be read only; the session's would cost ten times as much
    counts.moved(comment, None, judged.status)
    answer = Status.APPROVED if judged.status is Status.APPROVED else Status.PENDING
    if key:
        _remember(key, comment, answer)
    if judged.status is Status.PENDING:
        outbox.enqueue(submission.site_id, "comment-pending", {"comment": str(comment.id)}, comment.created_at)
    return Accepted(comment, answer)


def answered(site_id: str, key: RequestKey) -> IdempotencyKey | None:
    """What an earlier submission with the same key was answered with, to be read only."""
    return cast("IdempotencyKey | None", _EARLIER.first({"site_id": site_id, "key": key.key}))


def _again(earlier: IdempotencyKey, key: RequestKey) -> Accepted:
    if earlier.request != key.request:
        raise IdempotencyKeyReused(REUSED)
    comment = db.session.get(Comment, (earlier.site_id, earlier.comment_id))
    if comment is None:  # withdrawn or purged since
        raise Duplicate(TWICE)
    return Accepted(comment, Status(earlier.answer))


def _open_thread(submission: Submission, policy: Policy) -> Thread:
    now = submission.arrived_at
    thread = threads.find_or_add(submission.site_id, submission.page, submission.title, uuid7(), now)
    if threads.state(thread, policy, now) is not threads.State.OPEN:
        raise ThreadClosed(CLOSED)
    return thread


def _root(submission: Submission, thread: Thread) -> Comment | None:
    """The parent whose conversation a reply joins; raises `NotFound` unless it can be read in this thread."""
    if submission.parent is None:
        return None
    parent = db.session.get(Comment, (submission.site_id, submission.parent))
    if parent is None or parent.thread_id != thread.id or parent.status is not Status.APPROVED:
        raise NotFound(NO_PARENT)
    return parent


def refuse_twice(submission: Submission) -> None:
    """Refuse the text of another comment from the same address below the same page.

    A unique index stands behind it.
    """
    this = {"site_id": submission.site_id, "fingerprint": submission.fingerprint, "id": submission.id}
    if _SAME.first(this):
        raise Duplicate(TWICE)


def _columns(submission: Submission, thread: Thread, parent: Comment | None, judged: Verdict) -> dict[str, Any]:
    return {
        **dict.fromkeys(UNSET),
        "site_id": submission.site_id,
        "id": submission.id,
        "thread_id": thread.id,
        "parent_id": submission.parent,
        "root_id": parent.root_id if parent else submission.id,
        "status": judged.status,
        "version": 1,
        "name": submission.name,
        "website": submission.website,
        **markup.rendered(submission.body, submission.tree),
        "address_sealed": submission.address.sealed,
        "address_key": submission.address.lookup,
        "network_key": submission.network_key,
        "fingerprint": submission.fingerprint,
        "language": submission.language,
        **reasoned(judged),
        "created_at": submission.arrived_at,
    }


def reasoned(judged: Verdict) -> dict[str, object]:
    """The columns that a verdict is kept in."""
    return {
        "score": judged.score,
        "reasons": msgspec.json.encode(judged.reasons).decode(),
        "shape": judged.shape,
        **judged.near,
        "script": judged.script,
        "group_key": judged.group_key,
        "domain_bucket": judged.domain_bucket,
    }


def _remember(key: RequestKey, comment: Comment, answer: Status) -> None:
    values = {
        "site_id": comment.site_id,
        "key": key.key,
        "request": key.request,
        "comment_id": comment.id,
        "answer": answer.value,
        "created_at": comment.created_at,
    }
    insert(IdempotencyKey, values)
