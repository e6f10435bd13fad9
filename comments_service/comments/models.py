"""The tables of the discussion: threads, their aliases, comments, earlier texts, and how many there are of a status."""

import enum
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base
from ..sites.models import KEY_LENGTH

PAGE_LENGTH = 512
TITLE_LENGTH = 300
NEAR = ("near_1", "near_2", "near_3", "near_4", "near_5", "near_6")
KEYED = sa.LargeBinary(16)  # an HMAC made by privacy.sealing


class Status(enum.StrEnum):
    """Where a comment stands."""

    PENDING = "pending"
    APPROVED = "approved"
    SPAM = "spam"
    TRASH = "trash"


STATUS = sa.Enum(Status, native_enum=False, length=10, values_callable=lambda kinds: [kind.value for kind in kinds])


class Thread(Base):
    """The discussion below one page; made by its first comment."""

    __tablename__ = "thread"
    __table_args__ = (sa.UniqueConstraint("site_id", "page"),)

    site_id: Mapped[str] = mapped_column(sa.String(KEY_LENGTH), sa.ForeignKey("site.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    page: Mapped[str] = mapped_column(sa.String(PAGE_LENGTH))
    title: Mapped[str] = mapped_column(sa.String(TITLE_LENGTH), default="")
    comment_count: Mapped[int] = mapped_column(default=0)  # approved ones
    # Grows with each change of what readers see of the thread.
    revision: Mapped[int] = mapped_column(default=0)
    locked: Mapped[bool] = mapped_column(default=False)
    close_after_days: Mapped[int | None]  # instead of the site's; 0 is never
    pinned_id: Mapped[UUID | None]  # the comment that is shown first, as long as it is approved
    created_at: Mapped[datetime]


class ThreadAlias(Base):
    """A page key that a thread had before it was moved or merged: whoever asks for it finds the thread.

    No key is both an alias and a thread's own.
    """

    __tablename__ = "thread_alias"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id", "thread_id"], ["thread.site_id", "thread.id"]),
        sa.Index(None, "site_id", "thread_id"),
    )

    site_id: Mapped[str] = mapped_column(sa.String(KEY_LENGTH), primary_key=True)
    page: Mapped[str] = mapped_column(sa.String(PAGE_LENGTH), primary_key=True)
    thread_id: Mapped[UUID]


class Comment(Base):
    """What a commenter wrote. `status` is written by `submit` and `decide` alone."""

    __tablename__ = "comment"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id", "thread_id"], ["thread.site_id", "thread.id"]),
        sa.Index(None, "site_id", "thread_id", "status", "root_id", "id"),
        sa.Index(None, "site_id", "status", "id"),
        sa.Index(None, "site_id", "address_key", "status"),
        sa.Index(None, "site_id", "shape", "status"),
        sa.Index(None, "site_id", "network_key", "id"),
        sa.Index(None, "site_id", "status", "script"),
        *(sa.Index(None, "site_id", near, "id") for near in NEAR),
        sa.Index(None, "site_id", "group_key", "status", "id"),
        sa.UniqueConstraint("site_id", "fingerprint"),
    )

    site_id: Mapped[str] = mapped_column(sa.String(KEY_LENGTH), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    thread_id: Mapped[UUID]
    parent_id: Mapped[UUID | None]
    root_id: Mapped[UUID]  # the comment that the conversation began with, itself for a first one
    status: Mapped[Status] = mapped_column(STATUS)
    status_before: Mapped[Status | None] = mapped_column(STATUS)  # where `restore` brings it back to
    version: Mapped[int] = mapped_column(default=1)
    name: Mapped[str] = mapped_column(sa.String(100))
    website: Mapped[str] = mapped_column(sa.String(300), default="")
    role: Mapped[str | None] = mapped_column(sa.String(20))
    body: Mapped[str] = mapped_column(sa.Text)
    tree: Mapped[str] = mapped_column(sa.Text)  # JSON
    html: Mapped[str] = mapped_column(sa.Text)
    renderer: Mapped[str] = mapped_column(sa.String(20))
    address_sealed: Mapped[bytes | None]
    address_key: Mapped[bytes | None] = mapped_column(KEYED)
    network_key: Mapped[bytes | None] = mapped_column(KEYED)
    # Equal for the same text from the same address below the same page: a duplicate.
    fingerprint: Mapped[bytes | None] = mapped_column(KEYED)
    # Equal for texts that differ in numbers, spelling tricks and the like; None for short ones (spam.duplicates).
    shape: Mapped[bytes | None] = mapped_column(sa.LargeBinary(8))
    # Two texts that have most of their pairs of words in common have one of these in common (spam.likeness).
    near_1: Mapped[int | None] = mapped_column(sa.BigInteger)
    near_2: Mapped[int | None] = mapped_column(sa.BigInteger)
    near_3: Mapped[int | None] = mapped_column(sa.BigInteger)
    near_4: Mapped[int | None] = mapped_column(sa.BigInteger)
    near_5: Mapped[int | None] = mapped_column(sa.BigInteger)
    near_6: Mapped[int | None] = mapped_column(sa.BigInteger)
    script: Mapped[str | None] = mapped_column(sa.String(20))  # that most letters of the body are of (spam.scripts)
    # Equal for near-identical comments (spam.alike): moderators decide on those that wait at once.
    group_key: Mapped[bytes | None] = mapped_column(sa.LargeBinary(8))
    domain_bucket: Mapped[int | None]  # what the learner sees of the address: 16 bits of its domain's hash
    language: Mapped[str] = mapped_column(sa.String(20), default="en")
    score: Mapped[float] = mapped_column(default=0.0)
    reasons: Mapped[str] = mapped_column(sa.Text, default="[]")  # JSON
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]


class EarlierBody(Base):
    """The text a comment had before an edit, kept for the moderator."""

    __tablename__ = "earlier_body"

    site_id: Mapped[str] = mapped_column(sa.String(KEY_LENGTH), primary_key=True)
    comment_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)  # of the comment, while it had this text
    body: Mapped[str] = mapped_column(sa.Text)
    replaced_at: Mapped[datetime]


class StatusCount(Base):
    """How many comments of a site have a status, in parts so that writers seldom wait for each other."""

    __tablename__ = "status_count"

    site_id: Mapped[str] = mapped_column(sa.String(KEY_LENGTH), primary_key=True)
    status: Mapped[Status] = mapped_column(STATUS, primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(default=0)


class DayCount(Base):
    """How many of the comments that came to a site on a day (UTC) have a status, in parts like `StatusCount`.

    What is removed later stays counted, but for what still waited.
    """

    __tablename__ = "day_count"

    site_id: Mapped[str] = mapped_column(sa.String(KEY_LENGTH), primary_key=True)
    status: Mapped[Status] = mapped_column(STATUS, primary_key=True)
    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(default=0)
