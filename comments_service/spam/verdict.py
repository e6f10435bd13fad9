"""The verdict: every check's points added up, and what the site's policy makes of the sum."""

import logging
from collections.abc import Callable
from dataclasses import replace

import sqlalchemy as sa

from ..comments.form import Submission
from ..comments.models import Comment, Status
from ..i18n import N_
from ..sites.policy import Policy
from . import (
    alike,
    blocked,
    channels,
    disguised,
    disposable,
    duplicates,
    features,
    foreign_script,
    honeypot,
    impostor,
    learned,
    links,
    long_name,
    memory,
    mixed_scripts,
    proven,
    scripts,
    shouting,
    speed,
    timing,
    trusted,
    unproven,
    words,
)
from .judgement import Evidence, Known, Verdict
from .looks import Look, Looks

log = logging.getLogger(__name__)

_FROM_ADDRESS = Look(
    "address",
    sa.select(Comment.status, sa.func.count())
    .where(
        Comment.site_id == sa.bindparam("site_id"),
        Comment.address_key == sa.bindparam("address_key"),
        Comment.id != sa.bindparam("id"),
    )
    .group_by(Comment.status),
    lambda submission: {"address_key": submission.address.lookup},
)
_ALWAYS = (
    _FROM_ADDRESS,
    *duplicates.LOOKS,
    *speed.LOOKS,
    *foreign_script.LOOKS,
    *memory.LOOKS,
    *impostor.LOOKS,
    *blocked.LOOKS,
)
LOOKS = Looks(*_ALWAYS)
WITH_RECEIPTS = Looks(*_ALWAYS, *proven.LOOKS)  # few bring any, and nobody else pays for the question

Check = Callable[[Submission, Policy, Known], Evidence | None]
# What the others found is part of what the learner judges by, and the site's own words and lists have the last one.
CHECKS: tuple[Check, ...] = (
    honeypot.check,
    timing.check,
    links.check,
    disguised.check,
    duplicates.check,
    speed.check,
    shouting.check,
    long_name.check,
    mixed_scripts.check,
    foreign_script.check,
    disposable.check,
    unproven.check,
    channels.akismet,
    channels.hook,
    trusted.check,
    proven.check,
    proven.vouched,
    learned.check,
    impostor.check,
    words.check,
    blocked.check,
)


def judge(submission: Submission, policy: Policy) -> Verdict:
    """What every check says of `submission`, and where it goes by the site's `policy`."""
    known = of_commenter(submission)
    found = known.found
    for check in CHECKS:
        if evidence := _run(check, submission, policy, known):
            found.append(evidence)
    shape = duplicates.shape(submission.body)
    return replace(
        place(known, policy),
        domain_bucket=features.domain_bucket(submission.email_domain),
        shape=shape,
        near=duplicates.near(submission.body),
        group_key=alike.group_key(submission, shape, known),
        script=scripts.of(submission.body),
    )


def place(known: Known, policy: Policy) -> Verdict:
    """Where what was found leads by the site's `policy`."""
    score = sum(evidence.points for evidence in known.found)
    if score >= policy.hold_at:
        return Verdict(Status.SPAM if score >= policy.spam_at else Status.PENDING, score, tuple(known.found))
    if reason := _held_by_rule(policy, known):
        return Verdict(Status.PENDING, score, (*known.found, reason))
    return Verdict(Status.APPROVED, score, tuple(known.found))


def of_commenter(submission: Submission) -> Known:
    """What the site has from the submission's address, itself left out, and what else the checks look up."""
    seen = (WITH_RECEIPTS if submission.known else LOOKS).at(submission)
    numbers = dict(seen[_FROM_ADDRESS.name])
    approved, pending, spam = (numbers.get(status, 0) for status in (Status.APPROVED, Status.PENDING, Status.SPAM))
    return Known(approved, pending, spam, seen)


def _held_by_rule(policy: Policy, known: Known) -> Evidence | None:
    """The policy's reason to hold what the checks let pass."""
    if policy.away:
        return Evidence("away", 0.0, N_("The moderators are away."))
    if proven.says(proven.VOUCHED, known.found):
        return None
    if policy.moderation == "all":
        return Evidence("policy", 0.0, N_("This site holds every comment."))
    if policy.moderation == "first" and not known.approved:
        return Evidence("first-comment", 0.0, N_("The first comment from this address."))
    return None


def _run(check: Check, submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """What `check` says; one that fails says so and adds nothing."""
    try:
        return check(submission, policy, known)
    except sa.exc.DBAPIError:  # the transaction is over with it
        raise
    except Exception:
        name = check.__module__.rpartition(".")[2]
        log.exception("the check %s failed", name)
        return Evidence(name, 0.0, N_("This check failed and said nothing."))
