"""Slowing down whoever guesses passwords.

Misses are counted for an address *and* the network they come from: a guesser waits longer and longer, the
moderator at home does not notice, and nobody can lock somebody else out. An attempt is counted before the
password is looked at, so that many at once get no further than one after the other.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from ..database import transaction
from ..errors import TooMany
from ..extensions import db
from ..i18n import N_
from .models import SignInAttempt

FREE_MISSES = 4
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)


@transaction
def count(key: bytes, now: datetime, free: int = FREE_MISSES) -> None:
    """Count an attempt under `key`; raises `TooMany` while its last misses, but the `free` first, ask for patience."""
    db.session.execute(sa.delete(SignInAttempt).where(SignInAttempt.last_at <= now - FORGOTTEN_AFTER))
    attempt = db.session.get(SignInAttempt, key, with_for_update=True)
    if attempt is None:
        attempt = SignInAttempt(id=key, misses=0, last_at=now)
        db.session.add(attempt)
    pause = wait(attempt.misses, free)
    free_at = attempt.last_at + pause
    if pause and now < free_at:  # of two at once, the later one may have been counted first
        seconds = int((free_at - now).total_seconds()) + 1
        raise TooMany(patience(seconds), seconds)
    attempt.misses, attempt.last_at = attempt.misses + 1, max(now, attempt.last_at)


def forget(key: bytes) -> None:
    """Forget the misses under `key`, inside the caller's transaction: the password was right."""
    db.session.execute(sa.delete(SignInAttempt).where(SignInAttempt.id == key))


def wait(misses: int, free: int = FREE_MISSES) -> timedelta:
    """How long to wait after so many misses: nothing at first, then twice as long each time."""
    if misses <= free:
        return timedelta(0)
    doublings = min(misses - free - 1, 10)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def patience(seconds: int) -> str:
    """What to tell who has to wait for `seconds`."""
    if seconds <= 90:
        return N_("Too many attempts. Please try again in {seconds} seconds.")
    return N_("Too many attempts. Please try again in {minutes} minutes.")
