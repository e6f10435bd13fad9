"""The log of what moderators did."""

import enum
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..comments.models import STATUS, Status
from ..extensions import Base
from ..sites.models import KEY_LENGTH


class Kind(enum.StrEnum):
    """What an event did."""

    DECIDE = "decide"
    UNDO = "undo"
    EDIT = "edit"
    PURGE = "purge"
    LOCK = "lock"
    UNLOCK = "unlock"
    LIST = "list"  # somebody was blocked or trusted
    UNLIST = "unlist"
    SETTINGS = "settings"  # a site decided otherwise about itself
    RESCORE = "rescore"  # what waited was scored anew, by rules that had changed
    PEOPLE = "people"  # who decides for the site, and as what
    CLOSE = "close"  # when a thread closes by age
    PIN = "pin"
    MOVE = "move"  # a thread, to another page
    MERGE = "merge"
    REPLY = "reply"


class Event(Base):
    """One decision, of one comment or of many, with who made it. Rows are added, never changed."""

    __tablename__ = "event"

    site_id: Mapped[str] = mapped_column(sa.String(KEY_LENGTH), sa.ForeignKey("site.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[Kind] = mapped_column(
        sa.Enum(
            Kind, native_enum=False, length=20, create_constraint=False, values_callable=lambda k: [e.value for e in k]
        )
    )
    moderator_id: Mapped[UUID | None]
    actor: Mapped[str] = mapped_column(sa.String(100))
    undoes: Mapped[UUID | None]
    thread_id: Mapped[UUID | None]
    note: Mapped[str] = mapped_column(sa.String(300), default="")
    # JSON, in the form of the kind's use case: what the event changed beside the statuses of comments, so that it can
    # be told and turned round. An undo has it in the form of what it undoes. The seals know it by the column's name.
    detail: Mapped[str | None] = mapped_column("listed", sa.Text)
    # Given by the client, so that a decision sent twice is made once.
    idempotency_key: Mapped[str | None] = mapped_column(sa.String(200))
    created_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("site_id", "idempotency_key"),)


class Change(Base):
    """What an event did to one comment."""

    __tablename__ = "change"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id", "event_id"], ["event.site_id", "event.id"]),
        sa.Index(None, "site_id", "comment_id"),
    )

    site_id: Mapped[str] = mapped_column(sa.String(KEY_LENGTH), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    comment_id: Mapped[UUID] = mapped_column(primary_key=True)
    status_from: Mapped[Status] = mapped_column(STATUS)
    status_to: Mapped[Status | None] = mapped_column(STATUS)  # None when it was purged
    version: Mapped[int]  # of the comment, after the change
    # An event on very many comments is written in parts, each in a transaction of its own.
    part: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))


class Seal(Base):
    """That a part of an event stands in the log as it was written; kept by `sealing`."""

    __tablename__ = "seal"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id", "event_id"], ["event.site_id", "event.id"]),
        sa.UniqueConstraint("site_id", "event_id", "part"),
    )

    site_id: Mapped[str] = mapped_column(sa.String(KEY_LENGTH), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event_id: Mapped[UUID]
    part: Mapped[int]
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
