"""The same text again, or nearly the same, below whatever page and under whatever name."""

import re
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2s
from typing import Any

import sqlalchemy as sa

from ..comments.form import Submission
from ..comments.models import NEAR, Comment, Status
from ..compiled import Compiled
from ..i18n import Counted, Sentence
from ..sites.policy import Policy
from . import hosts, likeness
from .folding import REMEMBERED, fold, plain
from .judgement import Evidence, Known
from .looks import NOTHING, ONE, Look

POINTS = 1.0
POINTS_MORE = 0.5  # for each one after the first
POINTS_OF_SPAM = 1.0  # when one of them is spam
MOST_POINTS = 4.0
SHORTEST = 40  # letters; people say "Thank you!" in the same words
BYTES = 8
SAME = Counted("{count} other comment says the same.", "{count} other comments say the same.")
NEARLY = Counted("{count} other comment says nearly the same.", "{count} other comments say nearly the same.")
OF_SPAM = Counted("{count} of them is spam.", "{count} of them are spam.")
CANDIDATES = 5  # of each key, the newest: what a look costs is bounded, however many there are

_NO_LETTER = re.compile(r"[\W\d_]+")

_THIS = (Comment.site_id == sa.bindparam("site_id"), Comment.id != sa.bindparam("id"))
_SAME_SHAPE = (
    sa.select(Comment.status, sa.func.count())
    .where(*_THIS, Comment.shape == sa.bindparam("shape"))
    .group_by(Comment.status)
)
_HAS_NEAR = sa.select(NOTHING, ONE).where(
    sa.or_(
        *(
            sa.exists().where(*_THIS, column == sa.bindparam(column.key))
            for column in (Comment.__table__.c[name] for name in NEAR)
        )
    )
)
_CANDIDATES = Compiled(
    sa.union_all(
        *(
            sa.select(
                sa.select(Comment.id, Comment.status, Comment.shape, Comment.group_key, Comment.body)
                .where(*_THIS, column == sa.bindparam(column.key))
                .order_by(Comment.id.desc())
                .limit(CANDIDATES)
                .subquery()
            )
            for column in (Comment.__table__.c[name] for name in NEAR)
        )
    )
)


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """Points for each comment of the site that says the same or nearly so, more when one of them is spam."""
    same = dict(known.seen["same"])
    alike = _alike(submission) if known.seen["near"] else []
    known.groups.extend(row.group_key for row in alike if row.shape and row.group_key)
    this = shape(submission.body)
    near = [row.status for row in alike if this is None or row.shape != this]
    number = sum(same.values()) + len(near)
    if not number:
        return None
    spam = same.get(Status.SPAM, 0) + near.count(Status.SPAM)
    points = POINTS + POINTS_MORE * (number - 1) + (POINTS_OF_SPAM if spam else 0.0)
    said = [Sentence(NEARLY if near else SAME, {"count": number})]
    if spam:
        said.append(Sentence(OF_SPAM, {"count": spam}))
    return Evidence("duplicates", min(points, MOST_POINTS), tuple(said))


@lru_cache(REMEMBERED)
def shape(body: str) -> bytes | None:
    """Equal for texts that differ only in addresses, numbers, signs, case and spelling tricks; None for short ones."""
    letters = _NO_LETTER.sub("", fold(plain(hosts.unlinked(body))))
    if len(letters) < SHORTEST:
        return None
    return blake2s(letters.encode("utf-8", "replace"), digest_size=BYTES).digest()


@lru_cache(REMEMBERED)
def near(body: str) -> Mapping[str, int | None]:
    """The columns by which texts that are nearly the same find each other."""
    return dict(zip(NEAR, likeness.keys(likeness.pairs(body)), strict=True))


LOOKS = (
    Look("same", _SAME_SHAPE, lambda submission: {"shape": shape(submission.body)}),
    Look("near", _HAS_NEAR, lambda submission: near(submission.body)),
)


def _alike(submission: Submission) -> list[Any]:
    """The comments that are nearly the same, or the same, the oldest first."""
    columns = near(submission.body)
    if None in columns.values():
        return []
    asked = {"site_id": submission.site_id, "id": submission.id, **columns}
    rows = {row.id: row for row in _CANDIDATES.all(asked)}
    this, own = shape(submission.body), likeness.pairs(submission.body)
    alike = (
        row
        for row in rows.values()
        if (this and row.shape == this) or likeness.likeness(own, likeness.pairs(row.body)) >= likeness.ALIKE
    )
    return sorted(alike, key=lambda row: row.id)
