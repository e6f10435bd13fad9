"""Signing in, by one-time link or by password, and setting the password."""

from collections.abc import Iterable
from uuid import UUID

from ..database import transaction
from ..errors import FieldError, InvalidForm
from ..privacy.sealing import Sealer
from . import attempts, links, moderators, passwords, sessions
from .models import Moderator
from .sessions import Visit

# One sentence for an unknown address, no password set and a wrong one: nobody learns who moderates.
WRONG = "The address or the password is not right."


@transaction
def by_link(token: str, visit: Visit) -> str:
    """Use the link with `token` up; gives the token of the new session. Raises `NotFound`."""
    return sessions.begin(links.use(token, visit.now), visit, by_link=True)


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


def check_password(moderator: Moderator, password: str, visit: Visit, sealer: Sealer) -> None:
    """Refuse a wrong present password; guessing is slowed down as at the door."""
    kept = moderator.password_hash
    key = attempt_key(sealer.open(moderator.address_sealed, moderator.id), visit, sealer)
    attempts.count(key, visit.now)
    if not passwords.fits(password, kept):
        message = "This is not your present password."
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
    return sessions.begin(moderator_id, visit, by_link=False)


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
