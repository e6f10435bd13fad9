"""The decisions that a site's filter remembers, as `evaluate` reads them."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import sqlalchemy as sa

from ..comments.models import Comment
from ..extensions import db
from . import memory

AT_ONCE = 500

Line = dict[str, str | bool]


def decisions(site_id: str) -> Iterator[Line]:
    """Each remembered decision in the order in which it was learned, without the address.

    A comment that was purged since is remembered without its text, and left out.
    """
    remembered = memory.of(site_id)[0].memory
    in_order = sorted(remembered.items(), key=lambda item: item[1].age)
    for start in range(0, len(in_order), AT_ONCE):
        part = [(UUID(key), example.spam) for key, example in in_order[start : start + AT_ONCE]]
        comments = _comments(site_id, [comment_id for comment_id, _ in part])
        yield from (_line(comments[comment_id], spam) for comment_id, spam in part if comment_id in comments)


def _comments(site_id: str, ids: Sequence[UUID]) -> dict[UUID, Comment]:
    query = sa.select(Comment).where(Comment.site_id == site_id, Comment.id.in_(ids))
    return {comment.id: comment for comment in db.session.scalars(query)}


def _line(comment: Comment, spam: bool) -> Line:
    return {
        "id": str(comment.id),
        "name": comment.name,
        "email": "",
        "website": comment.website,
        "body": comment.body,
        "spam": spam,
    }
