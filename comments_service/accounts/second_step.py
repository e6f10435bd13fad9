"""The second step at sign-in: a code of an app (TOTP, RFC 6238), or one of the recovery codes, each good once.

A code is asked for after a right password or a sign-in link, so whoever guesses here has one of the two already. Misses
are counted from each network, and, since a code has but six digits, from anywhere too, with more patience.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
import sqlalchemy as sa
from pyotp.utils import strings_equal

from ..database import transaction
from ..errors import Conflict, FieldError, InvalidForm
from ..extensions import db
from ..i18n import N_
from ..privacy.sealing import CannotOpen, Sealer
from . import attempts, sessions
from .models import Passkey, RecoveryCode, SecondStep
from .secret import digest
from .sessions import Visit

DRIFT = (0, -1, 1)  # steps of half a minute by which a phone's clock may be wrong
FREE_ANYWHERE = 50
RECOVERY_CODES = 10
LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's, without those that are read for others
MISREAD = str.maketrans("oil", "011")
GROUPS, GROUP = 3, 4  # 60 bits, and useless without the key that they are kept under
WRONG = N_("This code is not right, was used already, or is older than a minute.")


@dataclass(frozen=True, slots=True)
class Draft:
    """A new secret, to be shown to its owner and to nobody else; `sealed` is the form in which it comes back."""

    secret: str
    sealed: bytes

    def uri(self, name: str, issuer: str) -> str:
        """What the app reads from the picture."""
        return pyotp.TOTP(self.secret).provisioning_uri(name=name, issuer_name=issuer)


def draw(moderator_id: UUID, sealer: Sealer) -> Draft:
    """A new secret of 160 bits, as RFC 4226 recommends."""
    secret = pyotp.random_base32()
    return Draft(secret, sealer.seal_secret(secret, moderator_id))


def drawn(sealed: str, moderator_id: UUID, sealer: Sealer) -> Draft:
    """The draft that was shown before, from its hexadecimal form; raises `InvalidForm` for what is none."""
    try:
        octets = bytes.fromhex(sealed)
        return Draft(sealer.open_secret(octets, moderator_id), octets)
    except (ValueError, CannotOpen) as error:
        raise _wrong() from error


def find(moderator_id: UUID) -> SecondStep | None:
    """The moderator's second step, or None."""
    return db.session.get(SecondStep, moderator_id)


def left(moderator_id: UUID) -> int:
    """How many recovery codes are left."""
    mine = sa.select(sa.func.count()).where(RecoveryCode.moderator_id == moderator_id)
    return db.session.scalar(mine) or 0


@transaction
def turn_on(moderator_id: UUID, draft: Draft, code: str, visit: Visit, sealer: Sealer) -> list[str]:
    """Ask for codes from now on, and end the sessions but this; gives the recovery codes.

    Raises `InvalidForm` unless `code` shows that the app knows the secret, `Conflict` when codes are asked for already.
    """
    if find(moderator_id) is not None:
        raise Conflict(N_("A code is asked for already."))
    step = _step(draft.secret, _digits(code), visit.now)
    if step is None:
        raise _wrong()
    db.session.add(
        SecondStep(moderator_id=moderator_id, secret_sealed=draft.sealed, last_step=step, created_at=visit.now)
    )
    sessions.forget_others(digest(visit.token or ""), moderator_id)
    return _new_codes(moderator_id, sealer)


@transaction
def turn_off(moderator_id: UUID) -> None:
    """Ask for codes no more."""
    _forget(moderator_id)


@transaction
def reset(moderator_id: UUID) -> None:
    """Ask for codes no more, forget the passkeys, and end all sessions: the phone is lost, and what is on it."""
    _forget(moderator_id)
    db.session.execute(sa.delete(Passkey).where(Passkey.moderator_id == moderator_id))
    sessions.end_all(moderator_id)


@transaction
def renew(moderator_id: UUID, sealer: Sealer) -> list[str]:
    """New recovery codes in place of the old ones."""
    return _new_codes(moderator_id, sealer)


def check(moderator_id: UUID, code: str, visit: Visit, sealer: Sealer) -> None:
    """Use a code up; raises `InvalidForm` for a wrong one, `TooMany` after many wrong ones."""
    anywhere = sealer.fingerprint("code", moderator_id.hex)
    here = sealer.fingerprint("code", moderator_id.hex, visit.client.hex())
    attempts.count(here, visit.now)
    attempts.count(anywhere, visit.now, FREE_ANYWHERE)
    _use(moderator_id, code, sealer, visit.now, (here, anywhere))


@transaction
def _use(moderator_id: UUID, code: str, sealer: Sealer, now: datetime, keys: Sequence[bytes]) -> None:
    if not _takes(moderator_id, code, sealer, now):
        raise _wrong()
    for key in keys:
        attempts.forget(key)


def _takes(moderator_id: UUID, code: str, sealer: Sealer, now: datetime) -> bool:
    digits = _digits(code)
    kept = find(moderator_id)
    if kept is None or not digits:
        return _recovers(moderator_id, code, sealer)
    step = _step(sealer.open_secret(kept.secret_sealed, moderator_id), digits, now)
    if step is None:
        return False
    # Compared and set by one statement, so that of two uses at once one finds it used.
    used = sa.update(SecondStep).where(SecondStep.moderator_id == moderator_id, SecondStep.last_step < step)
    return bool(db.session.execute(used.values(last_step=step).returning(SecondStep.moderator_id)).first())


def _recovers(moderator_id: UUID, code: str, sealer: Sealer) -> bool:
    key = _key(moderator_id, code, sealer)
    mine = sa.delete(RecoveryCode).where(RecoveryCode.id == key, RecoveryCode.moderator_id == moderator_id)
    return bool(db.session.execute(mine.returning(RecoveryCode.id)).first())


def _step(secret: str, digits: str, now: datetime) -> int | None:
    """The time step whose code `digits` are."""
    app = pyotp.TOTP(secret)
    steps = [app.timecode(now) + drift for drift in DRIFT]
    return next((step for step in steps if strings_equal(app.generate_otp(step), digits)), None)


def _digits(code: str) -> str:
    """The six digits that were typed, with or without a blank between; empty for anything else."""
    typed = "".join(code.split())
    return typed if len(typed) == 6 and typed.isascii() and typed.isdecimal() else ""


def _new_codes(moderator_id: UUID, sealer: Sealer) -> list[str]:
    db.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.moderator_id == moderator_id))
    codes = ["-".join(_group() for _ in range(GROUPS)) for _ in range(RECOVERY_CODES)]
    db.session.add_all(RecoveryCode(id=_key(moderator_id, code, sealer), moderator_id=moderator_id) for code in codes)
    return codes


def _group() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(GROUP))


def _key(moderator_id: UUID, code: str, sealer: Sealer) -> bytes:
    letters = "".join(filter(str.isalnum, code[:100].casefold())).translate(MISREAD)
    return sealer.fingerprint("recovery", moderator_id.hex, letters)


def _forget(moderator_id: UUID) -> None:
    for table in (SecondStep, RecoveryCode):
        db.session.execute(sa.delete(table).where(table.moderator_id == moderator_id))


def _wrong() -> InvalidForm:
    return InvalidForm([FieldError("code", "wrong", WRONG)], WRONG)
