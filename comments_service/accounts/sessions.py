"""Signed-in browsers: beginning, finding and ending their sessions.

The cookie holds a random token, the row its SHA-256. A session ends after 8 hours without use, after 7 days, at
sign-out, or when its owner ends it from another browser.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from ..database import transaction
from ..extensions import db
from . import secret
from .models import Session

IDLE = timedelta(hours=8)
LIFETIME = timedelta(days=7)
RESET_WITHIN = timedelta(hours=1)
CODE_WITHIN = timedelta(minutes=10)
TOUCH_AFTER = timedelta(minutes=5)  # a write for every page looked at would be too many


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser at the door: what it calls itself, its network (keyed), the session it had, and the time."""

    browser: str
    client: bytes
    token: str | None
    now: datetime


def begin(moderator_id: UUID, visit: Visit, *, by_link: bool, awaits_code: bool = False) -> str:
    """The token of a new session, inside the caller's transaction; the one that the browser had before ends."""
    over = [sa.not_(_alive(visit.now) | _waiting(visit.now))]
    if visit.token is not None:
        over.append(Session.id == secret.digest(visit.token))
    db.session.execute(sa.delete(Session).where(sa.or_(*over)))
    token = secret.make()
    db.session.add(
        Session(
            id=secret.digest(token),
            moderator_id=moderator_id,
            browser=visit.browser,
            by_link=by_link,
            awaits_code=awaits_code,
            created_at=visit.now,
            seen_at=visit.now,
        )
    )
    return token


def find(token: str, now: datetime) -> Session | None:
    """The living session of `token`, or None; notes that it was seen."""
    session = db.session.scalar(sa.select(Session).where(Session.id == secret.digest(token), _alive(now)))
    if session is not None and now - session.seen_at >= TOUCH_AFTER:
        return _touch(session.id, now)
    return session


def waiting(token: str | None, now: datetime) -> Session | None:
    """The session of `token` that waits for a code, or None."""
    if token is None:
        return None
    return db.session.scalar(sa.select(Session).where(Session.id == secret.digest(token), _waiting(now)))


def of(moderator_id: UUID, now: datetime) -> Sequence[Session]:
    """The moderator's living sessions, the latest seen first."""
    living = sa.select(Session).where(Session.moderator_id == moderator_id, _alive(now))
    return db.session.scalars(living.order_by(Session.seen_at.desc(), Session.id)).all()


def may_reset(session: Session, now: datetime) -> bool:
    """Whether the session's owner may set a password without the present one: he came by a link just now."""
    return session.by_link and now - session.created_at < RESET_WITHIN


@transaction
def end(session_id: bytes, moderator_id: UUID) -> None:
    """End one of the moderator's sessions; another's is left alone."""
    mine = sa.delete(Session).where(Session.id == session_id, Session.moderator_id == moderator_id)
    db.session.execute(mine)


@transaction
def end_others(kept: bytes, moderator_id: UUID) -> None:
    """End the moderator's sessions but the one to keep."""
    forget_others(kept, moderator_id)


def end_all(moderator_id: UUID) -> None:
    """End all of the moderator's sessions, inside the caller's transaction."""
    db.session.execute(sa.delete(Session).where(Session.moderator_id == moderator_id))


def start_afresh(kept: bytes, moderator_id: UUID) -> None:
    """After a new password, inside the caller's transaction: end the others; the next change needs the present one."""
    forget_others(kept, moderator_id)
    db.session.execute(sa.update(Session).where(Session.id == kept).values(by_link=False))


def forget_others(kept: bytes, moderator_id: UUID) -> None:
    """End the moderator's sessions but the one to keep, inside the caller's transaction."""
    others = sa.delete(Session).where(Session.moderator_id == moderator_id, Session.id != kept)
    db.session.execute(others)


@transaction
def _touch(session_id: bytes, now: datetime) -> Session | None:
    """Note that the session was seen; None when it ended meanwhile."""
    session = db.session.get(Session, session_id)
    if session is not None:
        session.seen_at = now
    return session


def _alive(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(Session.seen_at > now - IDLE, Session.created_at > now - LIFETIME, ~Session.awaits_code)


def _waiting(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(Session.created_at > now - CODE_WITHIN, Session.awaits_code)
