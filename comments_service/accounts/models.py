"""The tables of moderators, their sites, invitations, sessions, sign-in links and attempts, and API tokens."""

import enum
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base
from ..i18n import N_
from ..sites.models import KEY_LENGTH

DIGEST = sa.LargeBinary(32)  # SHA-256 of a random token; the token itself is never kept


class Role(enum.StrEnum):
    """What somebody may do on a site."""

    OWNER = N_("owner")  # decides, and settles who else does and by which rules
    MODERATOR = N_("moderator")  # decides on comments and commenters


ROLE = sa.Enum(
    Role, native_enum=False, length=20, create_constraint=False, values_callable=lambda roles: [r.value for r in roles]
)


class Moderator(Base):
    """A person who decides: on the sites of the rows in `site_moderator`, and nowhere without one."""

    __tablename__ = "moderator"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    address_sealed: Mapped[bytes]
    address_key: Mapped[bytes] = mapped_column(sa.LargeBinary(16), unique=True)
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    # Of the pages and of mail; empty for whatever the browser asks for, and in mail the site's.
    language: Mapped[str] = mapped_column(sa.String(20), default="", server_default=sa.text("''"))
    # Set for the administrators of the instance alone: they own every site, also those that are yet to come.
    everywhere: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    created_at: Mapped[datetime]


class SiteModerator(Base):
    """That a person decides for a site, and as what."""

    __tablename__ = "site_moderator"

    site_id: Mapped[str] = mapped_column(sa.String(KEY_LENGTH), sa.ForeignKey("site.id"), primary_key=True)
    moderator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("moderator.id"), primary_key=True, index=True)
    role: Mapped[Role] = mapped_column(ROLE, default=Role.MODERATOR, server_default=Role.MODERATOR.value)


class Session(Base):
    """A signed-in browser; ended by removing the row."""

    __tablename__ = "session"

    id: Mapped[bytes] = mapped_column(DIGEST, primary_key=True)
    moderator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("moderator.id"), index=True)
    browser: Mapped[str] = mapped_column(sa.String(100), default="")
    # Whoever came by a link may soon after set a password without knowing the present one.
    by_link: Mapped[bool]
    # Set between the password, or the link, and the code: such a session opens nothing but the form for the code.
    awaits_code: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class SecondStep(Base):
    """That a moderator signs in with a code of an app as well (TOTP, RFC 6238)."""

    __tablename__ = "second_step"

    moderator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("moderator.id"), primary_key=True)
    secret_sealed: Mapped[bytes]
    # The time step of the last code that was taken, in half minutes since 1970; none up to it is taken again.
    last_step: Mapped[int]
    created_at: Mapped[datetime]


class RecoveryCode(Base):
    """A code that stands in for the app once; kept as a keyed HMAC, removed by its use."""

    __tablename__ = "recovery_code"

    id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    moderator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("moderator.id"), index=True)


class Passkey(Base):
    """A key in somebody's device, by which he signs in without a password (WebAuthn)."""

    __tablename__ = "passkey"

    id: Mapped[bytes] = mapped_column(sa.LargeBinary(1023), primary_key=True)  # chosen by the device
    moderator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("moderator.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(sa.BigInteger)  # 32 bits without a sign
    created_at: Mapped[datetime]


class SpentChallenge(Base):
    """That a device has answered this challenge; kept for as long as the challenge is good."""

    __tablename__ = "spent_challenge"

    id: Mapped[bytes] = mapped_column(DIGEST, primary_key=True)
    spent_at: Mapped[datetime] = mapped_column(index=True)


class SignInLink(Base):
    """A link that signs a moderator in once."""

    __tablename__ = "sign_in_link"

    id: Mapped[bytes] = mapped_column(DIGEST, primary_key=True)
    moderator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("moderator.id"), index=True)
    expires_at: Mapped[datetime]


class Invitation(Base):
    """That somebody may come to moderate a site; removed when he comes, when it is withdrawn, or when it is too old."""

    __tablename__ = "invitation"
    __table_args__ = (sa.UniqueConstraint("site_id", "address_key"),)

    site_id: Mapped[str] = mapped_column(sa.String(KEY_LENGTH), sa.ForeignKey("site.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    role: Mapped[Role] = mapped_column(ROLE)
    address_sealed: Mapped[bytes]
    address_key: Mapped[bytes] = mapped_column(sa.LargeBinary(16))
    created_at: Mapped[datetime]


class SignInAttempt(Base):
    """How often one network missed the password of one address, whether a moderator has that address or not."""

    __tablename__ = "sign_in_attempt"

    id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    misses: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(index=True)


class ApiToken(Base):
    """A program's right to act in its role for the listed sites; `everywhere`, as an administrator."""

    __tablename__ = "api_token"

    id: Mapped[bytes] = mapped_column(DIGEST, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    sites: Mapped[list[str]] = mapped_column(sa.JSON)
    role: Mapped[Role] = mapped_column(ROLE, default=Role.MODERATOR, server_default=Role.MODERATOR.value)
    everywhere: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    created_at: Mapped[datetime]
