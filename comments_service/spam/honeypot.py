"""A field that no person sees was filled in."""

from ..comments.form import Submission
from ..i18n import N_
from ..sites.policy import Policy
from .judgement import Evidence, Known

POINTS = 4.0


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """Points for anything written into the hidden field."""
    if not submission.honeypot:
        return None
    return Evidence("honeypot", POINTS, N_("The field that people do not see was filled in."))
