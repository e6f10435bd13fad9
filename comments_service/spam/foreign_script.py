"""A script that nobody whom the site approved has written in.

What a site uses is learned from its approved comments: one of them makes its script welcome. Until many are approved
nothing is said, and whoever was approved before writes as she likes.
"""

import sqlalchemy as sa

from ..comments.form import Submission
from ..comments.models import Comment, Status
from ..compiled import Compiled
from ..i18n import N_, Sentence
from ..sites.policy import Policy
from . import scripts
from .judgement import Evidence, Known
from .looks import NOTHING, ONE, Look

POINTS = 1.0  # waits for a look: a reader from elsewhere is no spammer
ENOUGH = 100  # approved comments in other scripts
SAID = N_("The script is {script}, in which no comment approved here is written.")

_APPROVED = sa.select(Comment.id).where(
    Comment.site_id == sa.bindparam("site_id"), Comment.status == Status.APPROVED, Comment.id != sa.bindparam("id")
)
LOOKS = (
    Look(
        "script",
        _APPROVED.where(Comment.script == sa.bindparam("script")).with_only_columns(NOTHING, ONE).limit(1),
        lambda submission: {"script": scripts.of(submission.body)},
    ),
)
# Whose script is not known is not counted; "> ''" is a range of the index, "IS NOT NULL" is not.
_IN_ANY = Compiled(
    sa.select(sa.func.count()).select_from(_APPROVED.where(Comment.script > "").limit(ENOUGH).subquery())
)


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """Points for a text in a script that no approved comment of the site is written in."""
    script = scripts.of(submission.body)
    if script is None or known.approved or known.seen["script"]:
        return None
    asked = {"site_id": submission.site_id, "id": submission.id}
    if _IN_ANY.scalar(asked) < ENOUGH:
        return None
    return Evidence("foreign-script", POINTS, (Sentence(SAID, {"script": (script,)}),))
