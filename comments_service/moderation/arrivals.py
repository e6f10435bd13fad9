"""What came since a list was made, so that it need not move under somebody's eyes."""

from uuid import UUID

import sqlalchemy as sa

from ..accounts.actor import Actor
from ..comments.models import Comment
from ..extensions import db
from . import queue

MOST = 100  # more are not counted


def since(newest: UUID | None, query: queue.Query, actor: Actor) -> int:
    """How many comments that `query` asks for are newer than the newest that was listed, up to a hundred."""
    wanted = queue.matching(query, actor)
    if newest:
        wanted = wanted.where(Comment.id > newest)
    some = wanted.with_only_columns(Comment.id).limit(MOST).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
