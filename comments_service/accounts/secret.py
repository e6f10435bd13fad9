"""Random tokens that are shown once and kept as their SHA-256 only.

A token has 256 random bits, so a plain digest is as good as a slow one: there is nothing to guess.
"""

import secrets
from hashlib import sha256

TOKEN_BYTES = 32


def make() -> str:
    """A new token, 43 URL-safe characters."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> bytes:
    """The 32 bytes under which `token` is kept."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
