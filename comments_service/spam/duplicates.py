"""The same text again, below whatever page and under whatever name."""

import re
from hashlib import blake2s

import sqlalchemy as sa

from ..comments.form import Submission
from ..comments.models import Comment, Status
from ..extensions import db
from ..sites.policy import Policy
from .folding import fold, plain
from .judgement import Evidence, Known

POINTS = 1.0
POINTS_MORE = 0.5  # for each one after the first
POINTS_OF_SPAM = 1.0  # when one of them is spam
MOST_POINTS = 4.0
SHORTEST = 40  # letters; people say "Thank you!" in the same words
BYTES = 8

_ADDRESS = re.compile(r"(?:https?:)?//\S*|www\.\S*", re.IGNORECASE)
_NO_LETTER = re.compile(r"[\W\d_]+")

_SAME_SHAPE = (
    sa.select(Comment.status, sa.func.count())
    .where(
        Comment.site_id == sa.bindparam("site_id"),
        Comment.shape == sa.bindparam("shape"),
        Comment.id != sa.bindparam("id"),
    )
    .group_by(Comment.status)
)


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """Points for each comment of the site that says the same, more when one of them is spam."""
    found = shape(submission.body)
    if found is None:
        return None
    asked = {"site_id": submission.site_id, "shape": found, "id": submission.id}
    numbers: dict[Status, int] = dict(db.session.connection().execute(_SAME_SHAPE, asked).all())
    if not numbers:
        return None
    number = sum(numbers.values())
    points = POINTS + POINTS_MORE * (number - 1) + (POINTS_OF_SPAM if Status.SPAM in numbers else 0.0)
    said = "1 other comment says" if number == 1 else f"{number} other comments say"
    marked = f"; {numbers[Status.SPAM]} of them spam" if Status.SPAM in numbers else ""
    return Evidence("duplicates", min(points, MOST_POINTS), f"{said} the same{marked}.")


def shape(body: str) -> bytes | None:
    """Equal for texts that differ only in addresses, numbers, signs, case and spelling tricks; None for short ones."""
    letters = _NO_LETTER.sub("", fold(plain(_ADDRESS.sub(" ", body))))
    if len(letters) < SHORTEST:
        return None
    return blake2s(letters.encode("utf-8", "replace"), digest_size=BYTES).digest()
