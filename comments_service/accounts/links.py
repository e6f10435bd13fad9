"""One-time links: whoever has one signs in with it once, within a day."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from ..errors import NotFound
from ..extensions import db
from ..i18n import N_
from . import secret
from .models import SignInLink

LIFETIME = timedelta(hours=24)
USELESS = N_("This link was used already, or is older than a day. Ask for a new one.")


def issue(moderator_id: UUID, now: datetime) -> str:
    """The token of a new link, inside the caller's transaction; it ends the moderator's older links."""
    old = sa.or_(SignInLink.moderator_id == moderator_id, SignInLink.expires_at <= now)
    db.session.execute(sa.delete(SignInLink).where(old))
    token = secret.make()
    db.session.add(SignInLink(id=secret.digest(token), moderator_id=moderator_id, expires_at=now + LIFETIME))
    return token


def check(token: str, now: datetime) -> None:
    """Raise `NotFound` unless the link is good; it stays good."""
    if db.session.scalar(sa.select(SignInLink.id).where(*_good(token, now))) is None:
        raise NotFound(USELESS)


def use(token: str, now: datetime) -> UUID:
    """Use the link up, inside the caller's transaction, and give its moderator's id; raises `NotFound`.

    The row is removed and read by one statement, so that of two uses at once one finds nothing.
    """
    used = sa.delete(SignInLink).where(*_good(token, now)).returning(SignInLink.moderator_id)
    moderator_id = db.session.execute(used).scalar_one_or_none()
    if moderator_id is None:
        raise NotFound(USELESS)
    return moderator_id


def _good(token: str, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return SignInLink.id == secret.digest(token), SignInLink.expires_at > now
