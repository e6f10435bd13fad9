"""How long it took to write, by the signed time at which writing began."""

from ..comments.form import Submission
from ..i18n import N_, Sentence
from ..sites.policy import Policy
from .judgement import Evidence, Known

POINTS_WITHOUT_TOKEN = 1.0
POINTS_TOO_FAST = 2.0
SHORTEST_SECONDS = 2.0  # nobody reads a form and writes in less


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """Points for a missing or strange token, and for one that came faster than anybody writes."""
    if submission.began_at is None:
        return Evidence("timing", POINTS_WITHOUT_TOKEN, N_("The form was sent without a valid token."))
    seconds = (submission.arrived_at - submission.began_at).total_seconds()
    if seconds >= SHORTEST_SECONDS:
        return None
    said = Sentence(N_("Written in {seconds} seconds."), {"seconds": round(max(seconds, 0), 1)})
    return Evidence("timing", POINTS_TOO_FAST, (said,))
