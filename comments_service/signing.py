"""Tokens we hand out and recognise again: signed, and each good for one purpose only."""

import enum
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from itsdangerous import BadData, Serializer, URLSafeSerializer
from itsdangerous.encoding import base64_encode

from .keys import Keys

COMPRESSED_FROM = 200  # bytes


class Purpose(enum.StrEnum):
    """What a token is for; a token signed for one purpose is refused for every other."""

    FORM = "form"
    RECEIPT = "receipt"
    INVITATION = "invitation"
    PASSKEY = "passkey"
    DECISION = "decision"


class BadToken(Exception):
    """Not a token of ours, not for this purpose, or too old."""


class _Serializer(URLSafeSerializer):
    """One that does not try whether zlib makes a short payload shorter: it takes longer than the signature, in vain."""

    def dump_payload(self, obj: Any) -> bytes:
        payload = Serializer.dump_payload(self, obj)
        return base64_encode(payload) if len(payload) < COMPRESSED_FROM else super().dump_payload(obj)


class Signer:
    """Signs and reads tokens with the keys of one instance.

    A token holds its payload in the clear (URL-safe JSON) and an HMAC-SHA-256 over it: it may hold ids,
    never an address. The same payload and time give the same token, so that an answer can be given again.
    """

    def __init__(self, keys: Keys) -> None:
        key = keys.derive("tokens")
        self._serializers = {
            purpose: _Serializer(key, salt=purpose.value, signer_kwargs={"digest_method": sha256})
            for purpose in Purpose
        }

    def sign(self, purpose: Purpose, payload: list[str], at: datetime) -> str:
        """A token for `payload`, dated `at`."""
        return str(self._serializers[purpose].dumps([int(at.timestamp() * 1000), *payload]))

    def read(self, purpose: Purpose, token: str, now: datetime, max_age: timedelta) -> tuple[list[str], datetime]:
        """The payload and time of `token`; raises `BadToken` when it is not ours, or older than `max_age`."""
        try:
            content: Any = self._serializers[purpose].loads(token)
            signed_at = datetime.fromtimestamp(content[0] / 1000, now.tzinfo)
        except (BadData, UnicodeError, TypeError, ValueError, LookupError) as error:
            raise BadToken("not a token of this service") from error
        if not timedelta(0) <= now - signed_at + timedelta(minutes=1) <= max_age + timedelta(minutes=1):
            raise BadToken("this token has expired")
        return list(content[1:]), signed_at
