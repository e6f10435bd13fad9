"""What is wanted, the newest first, by the index of whichever database it is: both find the same."""

from ..comments.models import Comment
from ..extensions import db
from . import postgresql_search, sqlite_search
from .selection import Found, Wanted


def newest(wanted: Wanted, most: int, enough: int | None = None) -> Found:
    """The newest that are wanted, `most` at most; as soon as `enough` are found, the others need not be."""
    search = wanted.search
    if not (search.terms or search.links or search.pages or wanted.narrow):
        in_order = wanted.selection().newest(Comment.id, most=most + 1)
        return Found.of(db.session.scalars(in_order).all(), most)
    if db.engine.dialect.name == "sqlite":
        return sqlite_search.newest(wanted, most, enough)
    return postgresql_search.newest(wanted, most, enough)
