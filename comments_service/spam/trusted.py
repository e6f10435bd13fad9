"""Somebody whose comments were approved before."""

from ..comments.form import Submission
from ..i18n import Counted, Sentence
from ..sites.policy import Policy
from .judgement import Evidence, Known

POINTS_EACH = -0.5
MOST_POINTS = -1.5  # little: an address is easily given by somebody else
SAID = Counted(
    "{count} comment from this address approved before.", "{count} comments from this address approved before."
)


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """Points off for each approved comment from the same address, unless one of it was spam."""
    if not known.approved or known.spam:
        return None
    points = max(POINTS_EACH * known.approved, MOST_POINTS)
    return Evidence("trusted", points, (Sentence(SAID, {"count": known.approved}),))
