"""A policy tried on the past: what it would have done with comments whose checks are kept, and held ones scored anew.

Checks that see nothing but the comment and the policy are run again. What the others found, such as the time that
writing took, stands as it was kept with the comment.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ..comments.form import Submission
from ..comments.models import Comment, Status, Thread
from ..extensions import db
from ..privacy.sealing import SealedAddress
from ..sites.policy import Policy
from . import disguised, learned, links, long_name, mixed_scripts, shouting, verdict, words
from .judgement import Evidence, Known, Verdict

AGAIN: tuple[verdict.Check, ...] = (links.check, disguised.check, shouting.check, long_name.check, mixed_scripts.check)
FOUND_AGAIN = frozenset({"links", "disguised", "shouting", "long-name", "mixed-scripts", "words"})
OF_POLICY = frozenset({"policy", "first-comment", "away"})
AT_ONCE = 200
MOST = 10_000

Friends = dict[bytes, datetime]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy would have done with `of` comments; `approved` are those of them that a moderator approved."""

    of: int
    held: int
    held_approved: int
    spam: int
    spam_approved: int
    published: int
    published_spam: int  # by a moderator's decision


@dataclass(frozen=True, slots=True)
class Rescored:
    """How many held comments were scored anew, how many have other points now, and how many went to spam."""

    of: int
    changed: int
    spam: int


def run(site_id: str, policy: Policy, last: int) -> Outcome:
    """What `policy` would have done with the site's `last` comments."""
    newest = sa.select(Comment.id).where(Comment.site_id == site_id).order_by(Comment.id.desc()).limit(min(last, MOST))
    ids = list(db.session.scalars(newest))
    judged: list[tuple[Comment, Status]] = []
    for start in range(0, len(ids), AT_ONCE):
        rows = _rows(site_id, ids[start : start + AT_ONCE])
        friends = _first_approved(site_id, [comment for comment, _ in rows])
        judged += [(comment, _judge(comment, page, policy, friends).status) for comment, page in rows]

    def number(status: Status, decided: Status | None = None) -> int:
        return sum(1 for comment, after in judged if after is status and decided in (None, _decided(comment)))

    return Outcome(
        of=len(judged),
        held=number(Status.PENDING),
        held_approved=number(Status.PENDING, Status.APPROVED),
        spam=number(Status.SPAM),
        spam_approved=number(Status.SPAM, Status.APPROVED),
        published=number(Status.APPROVED),
        published_spam=number(Status.APPROVED, Status.SPAM),
    )


def held(site_id: str, below: UUID) -> list[UUID]:
    """A portion of the site's held comments for `rescore`, the newest of those with ids below."""
    waiting = (Comment.site_id == site_id, Comment.status == Status.PENDING, Comment.id < below)
    return list(db.session.scalars(sa.select(Comment.id).where(*waiting).order_by(Comment.id.desc()).limit(AT_ONCE)))


def rescore(site_id: str, ids: Sequence[UUID], policy: Policy) -> tuple[Rescored, list[Comment]]:
    """Give the held comments with `ids` the points that `policy` and the filter now find.

    With the numbers come those that are spam by them: it is for the caller to move them there. Nothing is published
    by it: that stays a moderator's decision. Part of the caller's transaction.
    """
    rows = _rows(site_id, ids)
    friends = _first_approved(site_id, [comment for comment, _ in rows])
    changed, spam = 0, []
    for comment, page in rows:
        judged = _judge(comment, page, policy, friends, learn=True)
        reasons = msgspec.json.encode(judged.reasons).decode()
        changed += comment.reasons != reasons
        comment.score, comment.reasons = judged.score, reasons
        if judged.status is Status.SPAM:
            spam.append(comment)
    return Rescored(len(rows), changed, len(spam)), spam


def _judge(comment: Comment, page: str, policy: Policy, friends: Friends, *, learn: bool = False) -> Verdict:
    """What `policy` makes of a stored comment; with `learn` the filter is asked anew, which knows its own lessons."""
    kept = msgspec.json.decode(comment.reasons, type=list[Evidence])
    left_out = FOUND_AGAIN | OF_POLICY | ({learned.CHECK} if learn else frozenset())
    submission = _submission(comment, page)
    first = friends.get(comment.address_key or b"")
    known = Known(approved=int(first is not None and first < comment.created_at))
    known.found.extend(reason for reason in kept if reason.check not in left_out)
    for check in AGAIN:
        _add(known, check(submission, policy, known))
    if learn:
        _add(known, learned.of_stored(comment, known.found, policy))
    _add(known, words.check(submission, policy, known))
    return verdict.place(known, policy)


def _add(known: Known, evidence: Evidence | None) -> None:
    if evidence:
        known.found.append(evidence)


def _decided(comment: Comment) -> Status | None:
    """The status that somebody gave to the comment; None where only the checks did."""
    return comment.status if comment.status_before is not None else None


def _rows(site_id: str, ids: Iterable[UUID]) -> Sequence[Any]:
    """Comments with their pages, oldest first."""
    query = (
        sa.select(Comment, Thread.page)
        .join(Thread, sa.and_(Thread.site_id == Comment.site_id, Thread.id == Comment.thread_id))
        .where(Comment.site_id == site_id, Comment.id.in_(list(ids)))
    )
    return db.session.execute(query.order_by(Comment.id)).all()


def _first_approved(site_id: str, comments: Iterable[Comment]) -> Friends:
    """For the address of each of `comments`, when its first comment that is approved was written."""
    keys = {comment.address_key for comment in comments if comment.address_key}
    rows = db.session.execute(
        sa.select(Comment.address_key, sa.func.min(Comment.created_at, type_=Comment.created_at.type))
        .where(Comment.site_id == site_id, Comment.address_key.in_(keys), Comment.status == Status.APPROVED)
        .group_by(Comment.address_key)
    )
    return {key: first for key, first in rows if key is not None}


def _submission(comment: Comment, page: str) -> Submission:
    """A stored comment as the checks read it; its address stays sealed."""
    return Submission(
        id=comment.id,
        site_id=comment.site_id,
        page=page,
        title="",
        parent=comment.parent_id,
        name=comment.name,
        website=comment.website,
        body=comment.body,
        tree=msgspec.json.decode(comment.tree),
        email_domain="",
        address=SealedAddress(b"", comment.address_key or b""),
        honeypot="",
        began_at=comment.created_at,
        network_key=comment.network_key or b"",
        fingerprint=comment.fingerprint or b"",
        language=comment.language,
        arrived_at=comment.created_at,
    )
