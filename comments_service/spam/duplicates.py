"""The same text again, or nearly the same, below whatever page and under whatever name."""

import re
from collections.abc import Iterator
from hashlib import blake2s

import sqlalchemy as sa

from ..comments.form import Submission
from ..comments.models import NEAR, Comment, Status
from ..extensions import db
from ..sites.policy import Policy
from . import hosts, likeness
from .folding import fold, plain
from .judgement import Evidence, Known

POINTS = 1.0
POINTS_MORE = 0.5  # for each one after the first
POINTS_OF_SPAM = 1.0  # when one of them is spam
MOST_POINTS = 4.0
SHORTEST = 40  # letters; people say "Thank you!" in the same words
BYTES = 8
CANDIDATES = 5  # of each key, the newest: what a look costs is bounded, however many there are

_NO_LETTER = re.compile(r"[\W\d_]+")

_THIS = (Comment.site_id == sa.bindparam("site_id"), Comment.id != sa.bindparam("id"))
_SAME_SHAPE = (
    sa.select(Comment.status, sa.func.count())
    .where(*_THIS, Comment.shape == sa.bindparam("shape"))
    .group_by(Comment.status)
)
_CANDIDATES = sa.union_all(
    *(
        sa.select(
            sa.select(Comment.id, Comment.status, Comment.shape, Comment.body)
            .where(*_THIS, column == sa.bindparam(column.key))
            .order_by(Comment.id.desc())
            .limit(CANDIDATES)
            .subquery()
        )
        for column in (Comment.__table__.c[name] for name in NEAR)
    )
)


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """Points for each comment of the site that says the same or nearly so, more when one of them is spam."""
    same = _same(submission)
    near = list(_near(submission))
    number = sum(same.values()) + len(near)
    if not number:
        return None
    spam = same.get(Status.SPAM, 0) + near.count(Status.SPAM)
    points = POINTS + POINTS_MORE * (number - 1) + (POINTS_OF_SPAM if spam else 0.0)
    said = "1 other comment says" if number == 1 else f"{number} other comments say"
    what = "nearly the same" if near else "the same"
    marked = f"; {spam} of them spam" if spam else ""
    return Evidence("duplicates", min(points, MOST_POINTS), f"{said} {what}{marked}.")


def shape(body: str) -> bytes | None:
    """Equal for texts that differ only in addresses, numbers, signs, case and spelling tricks; None for short ones."""
    letters = _NO_LETTER.sub("", fold(plain(hosts.unlinked(body))))
    if len(letters) < SHORTEST:
        return None
    return blake2s(letters.encode("utf-8", "replace"), digest_size=BYTES).digest()


def near(body: str) -> dict[str, int | None]:
    """The columns by which texts that are nearly the same find each other."""
    return dict(zip(NEAR, likeness.keys(likeness.pairs(body)), strict=True))


def _same(submission: Submission) -> dict[Status, int]:
    """How many comments have the submission's shape, by status."""
    found = shape(submission.body)
    if found is None:
        return {}
    asked = {"site_id": submission.site_id, "shape": found, "id": submission.id}
    return dict(db.session.connection().execute(_SAME_SHAPE, asked).all())


def _near(submission: Submission) -> Iterator[Status]:
    """The status of each comment that is nearly the same and has another shape."""
    columns = near(submission.body)
    if None in columns.values():
        return
    asked = {"site_id": submission.site_id, "id": submission.id, **columns}
    rows = {row.id: row for row in db.session.connection().execute(_CANDIDATES, asked)}
    this, own = shape(submission.body), likeness.pairs(submission.body)
    for row in rows.values():
        same = this is not None and row.shape == this
        if not same and likeness.likeness(own, likeness.pairs(row.body)) >= likeness.ALIKE:
            yield row.status
