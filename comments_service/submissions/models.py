"""The table that makes a submission happen once."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..comments.models import KEYED
from ..extensions import Base
from ..sites.models import KEY_LENGTH


class IdempotencyKey(Base):
    """A key that a client sent with a submission, and what it was answered with."""

    __tablename__ = "idempotency_key"
    __table_args__ = (sa.Index(None, "site_id", "created_at"),)

    site_id: Mapped[str] = mapped_column(sa.String(KEY_LENGTH), primary_key=True)
    key: Mapped[bytes] = mapped_column(KEYED, primary_key=True)
    request: Mapped[bytes] = mapped_column(KEYED)  # what came with it, as an HMAC
    comment_id: Mapped[UUID]
    answer: Mapped[str] = mapped_column(sa.String(10))  # the status it was answered with
    created_at: Mapped[datetime]
