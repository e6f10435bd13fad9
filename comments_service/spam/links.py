"""More links than a reader usually gives."""

from ..comments import markup
from ..comments.form import Submission
from ..i18n import Counted, Sentence
from ..sites.policy import Policy
from . import hosts
from .judgement import Evidence, Known

POINTS_A_LINK = 0.6
MOST_POINTS = 4.0
SHOWN = 5
SAID = Counted("{count} link: {hosts}", "{count} links: {hosts}")


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """Points for each link above the number that the site allows."""
    found = markup.links(submission.tree)
    if len(found) <= policy.max_links:
        return None
    linked = sorted({hosts.of(link.href) for link in found})
    shown = ", ".join(linked[:SHOWN]) + (", …" if len(linked) > SHOWN else "")
    points = min(1.0 + POINTS_A_LINK * (len(found) - policy.max_links), MOST_POINTS)
    return Evidence("links", points, (Sentence(SAID, {"count": len(found), "hosts": shown}),))
