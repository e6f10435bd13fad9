"""A field that no person sees was filled in."""

from ..comments.form import Submission
from ..sites.policy import Policy
from .judgement import Evidence, Known

POINTS = 4.0


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """Points for anything written into the hidden field."""
    if not submission.honeypot:
        return None
    return Evidence("honeypot", POINTS, "The field that people do not see was filled in.")
