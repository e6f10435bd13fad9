"""Letters of several alphabets in one word of the name, as nobody is called."""

from ..comments.form import Submission
from ..i18n import N_
from ..sites.policy import Policy
from .folding import has_look_alikes
from .judgement import Evidence, Known

POINTS = 2.0


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """Points for a word that mixes Latin letters with Cyrillic or Greek ones; a name of two such words is a name."""
    if not has_look_alikes(submission.name.casefold()):
        return None
    return Evidence("mixed-scripts", POINTS, N_("A word of the name mixes letters of two alphabets."))
