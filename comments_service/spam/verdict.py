"""The verdict: every check's points added up, and what the site's policy makes of the sum."""

import logging
from collections.abc import Callable

import sqlalchemy as sa

from ..comments.form import Submission
from ..comments.models import Comment, Status
from ..extensions import db
from ..sites.policy import Policy
from . import honeypot, links, timing
from .judgement import Evidence, Known, Verdict

log = logging.getLogger(__name__)

Check = Callable[[Submission, Policy, Known], Evidence | None]
CHECKS: tuple[Check, ...] = (honeypot.check, timing.check, links.check)


def judge(submission: Submission, policy: Policy) -> Verdict:
    """What every check says of `submission`, and where it goes by the site's `policy`."""
    known = of_commenter(submission)
    found = [evidence for check in CHECKS if (evidence := _run(check, submission, policy, known))]
    score = sum(evidence.points for evidence in found)
    status, reason = _place(score, policy, known)
    return Verdict(status, score, (*found, reason) if reason else tuple(found))


def of_commenter(submission: Submission) -> Known:
    """What the site has from the submission's address, itself left out."""
    rows = db.session.execute(
        sa.select(Comment.status, sa.func.count())
        .where(
            Comment.site_id == submission.site_id,
            Comment.address_key == submission.address.lookup,
            Comment.id != submission.id,
        )
        .group_by(Comment.status)
    )
    numbers: dict[Status, int] = dict(rows.all())
    return Known(numbers.get(Status.APPROVED, 0), numbers.get(Status.PENDING, 0), numbers.get(Status.SPAM, 0))


def _place(score: float, policy: Policy, known: Known) -> tuple[Status, Evidence | None]:
    """The status that `score` earns, and the policy's reason where it is the policy that holds."""
    if score >= policy.spam_at:
        return Status.SPAM, None
    if score >= policy.hold_at:
        return Status.PENDING, None
    if policy.moderation == "all":
        return Status.PENDING, Evidence("policy", 0.0, "This site holds every comment.")
    if policy.moderation == "first" and not known.approved:
        return Status.PENDING, Evidence("first-comment", 0.0, "The first comment from this address.")
    return Status.APPROVED, None


def _run(check: Check, submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """What `check` says; one that fails says so and adds nothing."""
    try:
        return check(submission, policy, known)
    except Exception:
        name = check.__module__.rpartition(".")[2]
        log.exception("the check %s failed", name)
        return Evidence(name, 0.0, "This check failed and said nothing.")
