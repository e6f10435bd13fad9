"""Tokens we hand out and recognise again: signed, and each good for one purpose only."""

import enum
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import itsdangerous
import msgspec

from .keys import Keys


class Purpose(enum.StrEnum):
    """What a token is for; a token signed for one purpose is refused for every other."""

    FORM = "form"
    RECEIPT = "receipt"
    INVITATION = "invitation"
    PASSKEY = "passkey"
    DECISION = "decision"


class BadToken(Exception):
    """Not a token of ours, not for this purpose, or too old."""


class Signer:
    """Signs and reads tokens with the keys of one instance.

    A token holds its payload in the clear (URL-safe JSON) and an HMAC-SHA-256 over it: it may hold ids,
    never an address. The same payload and time give the same token, so that an answer can be given again.
    """

    def __init__(self, keys: Keys) -> None:
        key = keys.derive("tokens")
        self._signers = {purpose: itsdangerous.Signer(key, purpose.value, digest_method=sha256) for purpose in Purpose}

    def sign(self, purpose: Purpose, payload: list[str], at: datetime) -> str:
        """A token for `payload`, dated `at`."""
        content = msgspec.json.encode([int(at.timestamp() * 1000), *payload])
        return self._signers[purpose].sign(itsdangerous.base64_encode(content)).decode()

    def read(self, purpose: Purpose, token: str, now: datetime, max_age: timedelta) -> tuple[list[str], datetime]:
        """The payload and time of `token`; raises `BadToken` when it is not ours, or older than `max_age`."""
        try:
            payload = itsdangerous.base64_decode(self._signers[purpose].unsign(token))
            content: Any = msgspec.json.decode(payload)
            signed_at = datetime.fromtimestamp(content[0] / 1000, now.tzinfo)
        except (itsdangerous.BadData, msgspec.DecodeError, UnicodeError, TypeError, ValueError, LookupError) as error:
            raise BadToken("not a token of this service") from error
        if not timedelta(0) <= now - signed_at + timedelta(minutes=1) <= max_age + timedelta(minutes=1):
            raise BadToken("this token has expired")
        return list(content[1:]), signed_at
