"""Signing in with a key that stays in a device (WebAuthn): registering one, and letting its owner in.

The library is in the extra `passkeys`; without it `AVAILABLE` is false and nothing here is called. A key has to have
verified its owner, by finger, face or PIN, so it is both steps in one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ..database import insert_new, transaction
from ..errors import FieldError, InvalidForm
from ..extensions import db
from ..i18n import N_
from ..signing import BadToken, Purpose, Signer
from . import moderators, sessions
from .models import Moderator, Passkey, SpentChallenge
from .sessions import Visit

AVAILABLE = find_spec("webauthn") is not None
GOOD_FOR = timedelta(minutes=10)
LONGEST_ANSWER = 16_384  # characters
MOST = 20  # keys of one person
REFUSED = N_("This passkey was not taken. It may be unknown here, or it took longer than ten minutes.")


@cache
def _webauthn() -> Any:
    """The library: its 7 MB come in with the first key that is used."""
    return import_module("webauthn")


@dataclass(frozen=True, slots=True)
class Place:
    """Where keys are good: the host they are bound to, and the origin of our pages."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a device is asked: its options as JSON, and the token that says what they were."""

    token: str
    options: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the token of the question, and the device's credential as JSON."""

    token: str
    credential: str


def ask_for_new(moderator: Moderator, place: Place, signer: Signer, now: datetime) -> Question:
    """Ask a device to make a key for `moderator`."""
    token, structs = _token(moderator.id.hex, signer, now), _webauthn().helpers.structs
    options = _webauthn().generate_registration_options(
        rp_id=place.host,
        rp_name="Comments",
        user_id=moderator.id.bytes,
        user_name=moderator.name,
        challenge=_challenge(token),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(key.id) for key in of(moderator.id)],
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
    )
    return Question(token, _webauthn().options_to_json(options))


def ask(place: Place, signer: Signer, now: datetime) -> Question:
    """Ask whichever device has a key for this place."""
    token = _token("", signer, now)
    required = _webauthn().helpers.structs.UserVerificationRequirement.REQUIRED
    options = _webauthn().generate_authentication_options(
        rp_id=place.host, challenge=_challenge(token), user_verification=required
    )
    return Question(token, _webauthn().options_to_json(options))


@transaction
def add(moderator_id: UUID, name: str, answer: Answer, place: Place, at: tuple[Signer, datetime]) -> None:
    """Keep the key that a device made; raises `InvalidForm` for an answer or a name that cannot be one."""
    signer, now = at
    challenge = _spend(answer.token, moderator_id.hex, signer, now)
    try:
        made = _webauthn().verify_registration_response(
            credential=_read(answer),
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            require_user_verification=True,
        )
    except (_webauthn().helpers.exceptions.WebAuthnException, ValueError) as error:
        raise _refused() from error
    if db.session.get(Passkey, made.credential_id) is not None or len(of(moderator_id)) >= MOST:
        raise _refused()
    key = Passkey(id=made.credential_id, moderator_id=moderator_id, name=moderators.checked_name(name), created_at=now)
    key.public_key, key.sign_count = made.credential_public_key, made.sign_count
    db.session.add(key)


@transaction
def sign_in(answer: Answer, place: Place, signer: Signer, visit: Visit) -> str:
    """The token of a new session for the owner of the key; raises `InvalidForm`."""
    challenge = _spend(answer.token, "", signer, visit.now)
    credential = _read(answer)
    key = db.session.get(Passkey, _key_id(credential), with_for_update=True)
    if key is None:
        raise _refused()
    try:
        verified = _webauthn().verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )
    except (_webauthn().helpers.exceptions.WebAuthnException, ValueError) as error:
        raise _refused() from error
    key.sign_count = verified.new_sign_count
    return sessions.begin(key.moderator_id, visit, by_link=False)


def of(moderator_id: UUID) -> Sequence[Passkey]:
    """The moderator's keys, the oldest first."""
    mine = sa.select(Passkey).where(Passkey.moderator_id == moderator_id)
    return db.session.scalars(mine.order_by(Passkey.created_at, Passkey.id)).all()


@transaction
def remove(moderator_id: UUID, key_id: bytes) -> None:
    """Forget one of the moderator's keys; another's is left alone."""
    db.session.execute(sa.delete(Passkey).where(Passkey.moderator_id == moderator_id, Passkey.id == key_id))


def _token(who: str, signer: Signer, now: datetime) -> str:
    return signer.sign(Purpose.PASSKEY, [who, token_urlsafe()], now)


def _challenge(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def _spend(token: str, who: str, signer: Signer, now: datetime) -> bytes:
    """The challenge of `token`, which is good no more afterwards; raises `InvalidForm`."""
    try:
        (asked, _), _ = signer.read(Purpose.PASSKEY, token, now, GOOD_FOR)
    except BadToken as error:
        raise _refused() from error
    challenge = _challenge(token)
    db.session.execute(sa.delete(SpentChallenge).where(SpentChallenge.spent_at <= now - 2 * GOOD_FOR))
    if asked != who or not insert_new(SpentChallenge, {"id": challenge, "spent_at": now}):
        raise _refused()
    return challenge


def _read(answer: Answer) -> dict[str, object]:
    """The credential as it is, whatever it holds; raises `InvalidForm` for what is no JSON object."""
    try:
        return msgspec.json.decode(answer.credential[:LONGEST_ANSWER].encode(), type=dict[str, object])
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _refused() from error


def _key_id(credential: dict[str, object]) -> bytes:
    try:
        return bytes(_webauthn().base64url_to_bytes(str(credential.get("rawId", ""))))
    except ValueError as error:
        raise _refused() from error


def _refused() -> InvalidForm:
    return InvalidForm([FieldError("passkey", "refused", REFUSED)], REFUSED)
