"""How often a text came today: the same, or nearly the same, below whatever page and under whatever name."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from ..comments.models import Comment
from ..database import first_id
from ..extensions import db

TODAY = timedelta(days=1)
COUNTED = 2_000  # comments of all texts on a page

Text = tuple[str, int]  # a site, and what nearly equal texts there have in common


def today(comments: Sequence[Comment], now: datetime) -> dict[Text, int]:
    """How often each text among `comments` came in the last day, up to a limit; short ones are not looked for."""
    texts = {(comment.site_id, comment.near_1) for comment in comments if comment.near_1 is not None}
    if not texts:
        return {}
    lately = (
        Comment.site_id.in_({site_id for site_id, _ in texts}),
        Comment.near_1.in_({near for _, near in texts}),
        Comment.id >= first_id(now - TODAY),
    )
    some = sa.select(Comment.site_id, Comment.near_1).where(*lately).limit(COUNTED).subquery()
    rows = db.session.execute(sa.select(*some.c, sa.func.count()).group_by(*some.c))
    return {(row[0], row[1]): row[2] for row in rows.all() if row[1] is not None}
