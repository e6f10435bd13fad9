"""The table of messages that wait to be delivered."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base
from ..sites.models import KEY_LENGTH


class OutboxMessage(Base):
    """A waiting notice, written in the transaction of what it tells about. It names rows, never addresses."""

    __tablename__ = "outbox_message"
    __table_args__ = (sa.Index(None, "due_at"),)

    site_id: Mapped[str] = mapped_column(sa.String(KEY_LENGTH), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(40))
    payload: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]  # moved on by each try; the row is removed once delivered
    created_at: Mapped[datetime]
