"""Addresses at rest: sealed for reading, keyed for looking up, and nowhere in the clear.

An address is sealed with AES-256-GCM, the comment's id bound in as associated data, so that a sealed
address moved to another row does not open. Equal addresses are found by an HMAC-SHA-256 under a key of
its own, cut to 16 bytes. Machine addresses are only ever kept as such an HMAC.
"""

import hmac
import secrets
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any
from uuid import UUID

from ..keys import Keys

KEY_ID = b"\x01"  # leads every sealed address, so that a later key can stand beside this one
NONCE_BYTES = 12
LOOKUP_BYTES = 16


class CannotOpen(Exception):
    """A sealed address that this instance's key, or this row, does not open."""


@dataclass(frozen=True, slots=True)
class SealedAddress:
    """An address as it is kept: `sealed` opens with the key and the row's id, `lookup` finds equal ones."""

    sealed: bytes
    lookup: bytes


class Sealer:
    """Seals and opens addresses with the keys of one instance."""

    def __init__(self, keys: Keys) -> None:
        self._addresses = _Cipher(keys.derive("address/seal"))
        self._secrets = _Cipher(keys.derive("secret/seal"))
        self._lookup = _mac(keys.derive("address/lookup"))
        self._client = _mac(keys.derive("client/lookup"))
        self._fingerprint = _mac(keys.derive("fingerprint"))

    def seal(self, address: str, row: UUID) -> SealedAddress:
        """Seal `address` for the row with the id `row`."""
        return SealedAddress(self._addresses.seal(address, row), self.lookup(address))

    def open(self, sealed: bytes, row: UUID) -> str:
        """The address that `seal` sealed for `row`; raises `CannotOpen` for any other."""
        return self._addresses.open(sealed, row)

    def seal_secret(self, secret: str, row: UUID) -> bytes:
        """Seal what we have to know again and nobody may read, for the row with the id `row`."""
        return self._secrets.seal(secret, row)

    def open_secret(self, sealed: bytes, row: UUID) -> str:
        """The secret that `seal_secret` sealed for `row`; raises `CannotOpen` for any other."""
        return self._secrets.open(sealed, row)

    def lookup(self, address: str) -> bytes:
        """16 bytes, equal for equal addresses whatever their case, and useless without the key."""
        return _keyed(self._lookup, address.casefold())

    def client(self, address: str) -> bytes:
        """16 bytes that stand for a machine's address or network."""
        return _keyed(self._client, address)

    def fingerprint(self, *parts: str) -> bytes:
        """16 bytes that are equal for equal `parts`, and tell nothing of them without the key."""
        return _keyed(self._fingerprint, "\0".join(f"{len(part)}:{part}" for part in parts))


class _Cipher:
    """AES-256-GCM under one key. The library and its seven megabytes come with the first use: reading needs none."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @cached_property
    def _aes(self) -> Any:
        return import_module("cryptography.hazmat.primitives.ciphers.aead").AESGCM(self._key)

    def seal(self, text: str, row: UUID) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed: bytes = self._aes.encrypt(nonce, text.encode(), KEY_ID + row.bytes)
        return KEY_ID + nonce + sealed

    def open(self, sealed: bytes, row: UUID) -> str:
        nonce, text = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        refused = import_module("cryptography.exceptions").InvalidTag
        try:
            opened: bytes = self._aes.decrypt(nonce, text, sealed[:1] + row.bytes)
            return opened.decode()
        except (refused, ValueError) as error:
            raise CannotOpen("this was sealed with another key or for another row") from error


def _mac(key: bytes) -> hmac.HMAC:
    """A code that has taken in `key`: to begin with its copy takes a third of beginning anew."""
    return hmac.new(key, digestmod="sha256")


def _keyed(mac: hmac.HMAC, text: str) -> bytes:
    this = mac.copy()
    this.update(text.encode())
    return this.digest()[:LOOKUP_BYTES]
