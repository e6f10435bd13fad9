"""The one secret of an instance, and the keys derived from it.

Everything that is sealed, signed or looked up uses its own key, derived by HKDF-SHA256 (RFC 5869) under
a purpose's name, so that no two uses share one and only a single secret has to be kept.
"""

import hmac
import os
import secrets
from pathlib import Path

FILE_NAME = "secret.key"
SECRET_BYTES = 32


class UnsafeSecret(Exception):
    """The secret can be read by others, or is too short to be one; the message says which and where."""


class Keys:
    """Derives keys from `secret` (at least 32 bytes)."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < SECRET_BYTES:
            raise UnsafeSecret(f"the secret has {len(secret)} bytes; at least {SECRET_BYTES} are needed")
        self._secret = secret

    def derive(self, purpose: str) -> bytes:
        """The 32-byte key for `purpose`."""
        return _hkdf(self._secret, f"comments-service/{purpose}".encode())


def _hkdf(secret: bytes, info: bytes) -> bytes:
    """One block of HKDF-SHA256 without a salt (RFC 5869, 2.2 and 2.3): 32 bytes.

    The library's would bring seven megabytes into processes that need no more of it.
    """
    extracted = hmac.digest(bytes(32), secret, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def load_or_create(folder: Path) -> bytes:
    """The secret kept in `folder`, made at the first start; both are for the owner's eyes only.

    Raises `UnsafeSecret` when others can read the file or enter the folder.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / FILE_NAME
    if not path.exists():
        folder.chmod(0o700)  # a folder that came with a checkout is open to all
        _create(path)
    for place, allowed in ((folder, 0o700), (path, 0o600)):
        mode = place.stat().st_mode & 0o777
        if mode & ~allowed:
            raise UnsafeSecret(f"{place} is open to others (mode {mode:03o}); run: chmod {allowed:03o} {place}")
    return path.read_bytes()


def _create(path: Path) -> None:
    """Write a fresh secret whole or not at all; of two first starts, one wins and both read the same."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(SECRET_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
