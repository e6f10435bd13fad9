"""A script that nobody whom the site approved has written in.

What a site uses is learned from its approved comments: one of them makes its script welcome. Until many are approved
nothing is said, and whoever was approved before writes as she likes.
"""

import sqlalchemy as sa

from ..comments.form import Submission
from ..comments.models import Comment, Status
from ..extensions import db
from ..sites.policy import Policy
from . import scripts
from .judgement import Evidence, Known

POINTS = 1.0  # waits for a look: a reader from elsewhere is no spammer
ENOUGH = 100  # approved comments in other scripts

_APPROVED = sa.select(Comment.id).where(
    Comment.site_id == sa.bindparam("site_id"), Comment.status == Status.APPROVED, Comment.id != sa.bindparam("id")
)
_IN_SCRIPT = sa.select(_APPROVED.where(Comment.script == sa.bindparam("script")).exists())
# Whose script is not known is not counted; "> ''" is a range of the index, "IS NOT NULL" is not.
_IN_ANY = sa.select(sa.func.count()).select_from(_APPROVED.where(Comment.script > "").limit(ENOUGH).subquery())


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """Points for a text in a script that no approved comment of the site is written in."""
    script = scripts.of(submission.body)
    if script is None or known.approved:
        return None
    asked = {"site_id": submission.site_id, "id": submission.id}
    connection = db.session.connection()
    if connection.scalar(_IN_SCRIPT, {**asked, "script": script}):
        return None
    if (connection.scalar(_IN_ANY, asked) or 0) < ENOUGH:
        return None
    return Evidence("foreign-script", POINTS, f"Written in {script} letters, as no comment approved here is.")
