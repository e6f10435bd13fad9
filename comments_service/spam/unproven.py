"""Sent in the middle of a flood, without the work that everybody was asked for then."""

from ..comments.form import Submission
from ..i18n import N_
from ..sites.policy import Policy
from .judgement import Evidence, Known

POINTS = 1.0


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """Points that hold a comment whose client could not, or would not, solve the challenge and waited instead."""
    if not submission.unproven:
        return None
    return Evidence("unproven", max(POINTS, policy.hold_at), N_("Sent during a flood without a proof of work."))
