"""The table of learners."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base
from ..sites.models import KEY_LENGTH

SHARED = ""  # stands where a site's key stands: the learner of all sites of this instance


class StoredLearner(Base):
    """What the decisions of one site have taught, or of all sites together."""

    __tablename__ = "learner"

    site_id: Mapped[str] = mapped_column(sa.String(KEY_LENGTH), primary_key=True)
    revision: Mapped[UUID]  # another one with every change, never used twice
    snapshot: Mapped[bytes]  # by `snapshot.to_bytes`
    steps: Mapped[bytes]  # by `steps.to_bytes`: how to take the last lessons back
