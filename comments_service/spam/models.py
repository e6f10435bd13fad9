"""The tables of learners, and of those whom moderators block or trust."""

import enum
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..comments.models import KEYED
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


class ListKind(enum.StrEnum):
    """What is listed: for blocking, an address, a domain, a name or a network; for trust, an address."""

    ADDRESS = "address"
    DOMAIN = "domain"
    NAME = "name"
    NETWORK = "network"
    TRUSTED = "trusted"


class Listed(Base):
    """Somebody whom the moderators of a site block or trust. Written by `moderation.listing` alone."""

    __tablename__ = "listed"
    __table_args__ = (sa.UniqueConstraint("site_id", "kind", "key"),)

    site_id: Mapped[str] = mapped_column(sa.String(KEY_LENGTH), sa.ForeignKey("site.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[ListKind] = mapped_column(
        sa.Enum(
            ListKind,
            native_enum=False,
            length=10,
            create_constraint=False,
            values_callable=lambda k: [e.value for e in k],
        )
    )
    # An HMAC made by privacy.sealing for addresses and networks, a digest of what is shown for domains and names.
    key: Mapped[bytes] = mapped_column(KEYED)
    shown: Mapped[str] = mapped_column(sa.String(300))  # a domain, a name; of an address the name beside it
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
