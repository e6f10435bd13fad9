"""Signing in, by one-time link or by password, then by a code where one is asked for; and setting the password."""

from collections.abc import Iterable
from uuid import UUID

from ..database import transaction
from ..errors import FieldError, InvalidForm, NotSignedIn
from ..i18n import N_
from ..privacy.sealing import Sealer
from . import attempts, links, moderators, passwords, second_step, sessions
from .models import Moderator
from .sessions import Visit

# One sentence for an unknown address, no password set and a wrong one: nobody learns who moderates.
WRONG = N_("The address or the password is not right.")

TOO_LATE = N_("Sign in again: a code is taken for ten minutes.")


@transaction
def by_link(token: str, visit: Visit) -> str:
    """Use the link with `token` up; gives the token of the new session. Raises `NotFound`."""
    return _enter(links.use(token, visit.now), visit, by_link=True)


def by_password(address: str, password: str, visit: Visit, sealer: Sealer) -> str:
    """The token of a new session; raises `InvalidForm` for a wrong pair, `TooMany` after many wrong ones.

    An unknown address costs the same time as a wrong password.
    """
    address = _usual(address)
    key = attempt_key(address, visit, sealer)
    attempts.count(key, visit.now)
    moderator = moderators.find(address, sealer)
    kept = moderator.password_hash if moderator else None
    if not passwords.fits(password, kept) or moderator is None or kept is None:
        raise InvalidForm([FieldError("password", "wrong", WRONG)], WRONG)
    renewed = passwords.hashed(password) if passwords.is_outdated(kept) else kept
    return _begin(moderator.id, kept, renewed, visit, key)


def by_code(code: str, visit: Visit, sealer: Sealer) -> str:
    """The token of a new session for a browser whose present one waits for a code.

    Raises `NotSignedIn` when it does not, `InvalidForm` for a wrong code, `TooMany` after many wrong ones.
    """
    waiting = sessions.waiting(visit.token, visit.now)
    if waiting is None:
        raise NotSignedIn(TOO_LATE)
    moderator_id, by_link = waiting.moderator_id, waiting.by_link
    second_step.check(moderator_id, code, visit, sealer)
    return _finish(moderator_id, visit, by_link=by_link)


def check_password(moderator: Moderator, password: str, visit: Visit, sealer: Sealer) -> None:
    """Refuse a wrong present password; guessing is slowed down as at the door."""
    kept = moderator.password_hash
    key = attempt_key(sealer.open(moderator.address_sealed, moderator.id), visit, sealer)
    attempts.count(key, visit.now)
    if not passwords.fits(password, kept):
        message = N_("This is not your present password.")
        raise InvalidForm([FieldError("current", "wrong", message)], message)
    _forgive(key)


def set_password(moderator_id: UUID, password: str, about: Iterable[str], kept_session: bytes) -> None:
    """Set the moderator's password and end his sessions but one; raises `InvalidForm` for a weak one."""
    passwords.check(password, about)
    _store(moderator_id, passwords.hashed(password), kept_session)


def attempt_key(address: str, visit: Visit, sealer: Sealer) -> bytes:
    """What misses are counted under: this address from this network."""
    return sealer.fingerprint("sign-in", sealer.lookup(address).hex(), visit.client.hex())


@transaction
def _begin(moderator_id: UUID, kept: str, renewed: str, visit: Visit, key: bytes) -> str:
    moderator = moderators.get(moderator_id)
    if moderator.password_hash != kept:  # changed while we compared
        raise InvalidForm([FieldError("password", "wrong", WRONG)], WRONG)
    moderator.password_hash = renewed
    attempts.forget(key)
    return _enter(moderator_id, visit, by_link=False)


def _enter(moderator_id: UUID, visit: Visit, *, by_link: bool) -> str:
    """The token of a new session, which waits for a code where one is asked for."""
    asked = second_step.find(moderator_id) is not None
    return sessions.begin(moderator_id, visit, by_link=by_link, awaits_code=asked)


@transaction
def _finish(moderator_id: UUID, visit: Visit, *, by_link: bool) -> str:
    if sessions.waiting(visit.token, visit.now) is None:  # ended while we looked at the code
        raise NotSignedIn(TOO_LATE)
    return sessions.begin(moderator_id, visit, by_link=by_link)


@transaction
def _store(moderator_id: UUID, password_hash: str, kept_session: bytes) -> None:
    moderators.get(moderator_id).password_hash = password_hash
    sessions.start_afresh(kept_session, moderator_id)


@transaction
def _forgive(key: bytes) -> None:
    attempts.forget(key)


def _usual(address: str) -> str:
    """`address` as it is kept, or as typed when it cannot be one."""
    try:
        return moderators.normalised(address)
    except InvalidForm:
        return address.strip()[: moderators.MAX_ADDRESS]
