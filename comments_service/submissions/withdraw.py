"""The commenter takes her comment back: nothing of it stays."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from ..comments import counts
from ..comments.models import EarlierBody
from ..database import transaction
from ..extensions import db
from ..spam import lessons
from . import receipts


@transaction
def withdraw(site_id: str, comment_id: UUID, now: datetime, grace: timedelta) -> None:
    """Remove the comment and its earlier texts; replies to it stay. Raises `NotFound` and `Forbidden`."""
    comment = receipts.own(site_id, comment_id)
    receipts.check_editable(comment, now, grace)
    counts.moved(comment, comment.status, None)
    db.session.execute(
        sa.delete(EarlierBody).where(EarlierBody.site_id == site_id, EarlierBody.comment_id == comment_id)
    )
    if comment.version > 1:  # somebody may have decided on it
        lessons.forget(site_id, [comment_id])
    db.session.delete(comment)
