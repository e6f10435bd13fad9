"""The table of embedding websites."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base

KEY_LENGTH = 64


class Site(Base):
    """An embedding website: its key, the origins its pages are served from, and its policy."""

    __tablename__ = "site"

    id: Mapped[str] = mapped_column(sa.String(KEY_LENGTH), primary_key=True)
    origins: Mapped[list[str]] = mapped_column(sa.JSON)
    policy: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    # Grows with each change of what readers see of the site as a whole.
    revision: Mapped[int] = mapped_column(default=0)
    # Since a rule was changed, what waits is scored anew, from the newest down; None when all is done.
    unscored_below: Mapped[UUID | None]
    created_at: Mapped[datetime]
