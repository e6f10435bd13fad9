"""Many comments from one client in a short time."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from ..comments.form import Submission
from ..comments.models import Comment
from ..database import first_id
from ..i18n import N_, Counted, Sentence
from ..sites.policy import Policy
from .judgement import Evidence, Known
from .looks import NOTHING, Look

WITHIN = timedelta(minutes=10)
USUAL = 10  # from one household or office
POINTS = 1.0
POINTS_MORE = 0.1  # for each one beyond
MOST_POINTS = 2.0  # speed alone is no advertisement
SAID = Counted(
    "{count} other comment from the same place within {minutes} minutes.",
    "{count} other comments from the same place within {minutes} minutes.",
)
SAID_MORE = N_("{count} or more other comments from the same place within {minutes} minutes.")
COUNTED = USUAL + round((MOST_POINTS - POINTS) / POINTS_MORE) + 1  # more make no difference

_RECENT = (
    sa.select(Comment.id)
    .where(
        Comment.site_id == sa.bindparam("site_id"),
        Comment.network_key == sa.bindparam("network_key"),
        Comment.id > sa.bindparam("first"),
        Comment.created_at > sa.bindparam("begin"),
        Comment.id != sa.bindparam("id"),
    )
    .limit(COUNTED)
    .subquery()
)


def _asked(submission: Submission) -> dict[str, Any]:
    begin = submission.arrived_at - WITHIN
    return {"network_key": submission.network_key, "first": first_id(begin), "begin": begin}


LOOKS = (Look("speed", sa.select(NOTHING, sa.func.count()).select_from(_RECENT), _asked),)


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """Points when a client sends more than a household would."""
    number = sum(number for _, number in known.seen["speed"])
    if number < USUAL:
        return None
    points = round(min(POINTS + POINTS_MORE * (number - USUAL), MOST_POINTS), 2)
    minutes = round(WITHIN.total_seconds() / 60)
    said = Sentence(SAID_MORE if number == COUNTED else SAID, {"count": number, "minutes": minutes})
    return Evidence("speed", points, (said,))
