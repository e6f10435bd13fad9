"""Proof of work in ALTCHA's format, asked for during a flood: find the number whose hash is `challenge`.

We give `{"algorithm": "SHA-256", "challenge", "maxnumber", "salt", "signature"}`, where `challenge` is the SHA-256 of
the salt followed by a number from 0 to `maxnumber`, in hexadecimal. Solved, the same comes back with `number` in place
of `maxnumber`, as JSON in Base64. The salt holds when the challenge ends and for which site it is, and ends in `&`, so
that no digit of the number can be taken for a part of it.
"""

import hmac
import secrets
from base64 import b64decode
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Literal
from urllib.parse import parse_qs, urlencode

import msgspec

from ..errors import ServiceError
from ..i18n import N_
from ..privacy.sealing import Sealer

ALGORITHM = "SHA-256"
LIFETIME = timedelta(minutes=10)
EASIEST = 50_000  # numbers to try, half of them on average: about half a second
HARDEST = 1_000_000
WAIT_SECONDS = 20  # after which a client that solves nothing is let through, to be held
PLEASE_WAIT = N_(
    "A lot is being sent to this site just now. Please wait half a minute and send it again; what you wrote is kept."
)

Text = Annotated[str, msgspec.Meta(max_length=300)]


class Challenge(msgspec.Struct, frozen=True):
    """A puzzle that costs its solver some time, and us none."""

    algorithm: str
    challenge: str
    maxnumber: int
    salt: str
    signature: str


class _Solution(msgspec.Struct, frozen=True):
    algorithm: Literal["SHA-256"]
    challenge: Text
    number: Annotated[int, msgspec.Meta(ge=0, le=HARDEST)]
    salt: Text
    signature: Text


class ChallengeRequired(ServiceError):
    """To be sent again with the challenge solved, or unsolved after a while."""

    status, code = 428, "challenge-required"

    def __init__(self, challenge: Challenge) -> None:
        super().__init__(PLEASE_WAIT, challenge=challenge)

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(WAIT_SECONDS)}


def issue(site_id: str, pressure: float, sealer: Sealer, now: datetime) -> Challenge:
    """A new challenge; `pressure` is how many times as much arrives as is usual."""
    most = min(HARDEST, round(EASIEST * max(1.0, pressure)))
    until = int((now + LIFETIME).timestamp())
    salt = f"{secrets.token_hex(12)}?{urlencode({'expires': until, 'site': site_id})}&"
    puzzle = _hash(salt, secrets.randbelow(most + 1))
    return Challenge(ALGORITHM, puzzle, most, salt, _signature(site_id, puzzle, salt, sealer))


def solved(proof: str, site_id: str, sealer: Sealer, now: datetime) -> str | None:
    """What names the challenge of this site that `proof` solves in time; None for anything else."""
    try:
        solution = msgspec.json.decode(b64decode(proof, validate=True), type=_Solution)
        until = int(parse_qs(solution.salt.partition("?")[2])["expires"][0])
    except (ValueError, KeyError, RecursionError):
        return None
    ours = _signature(site_id, solution.challenge, solution.salt, sealer)
    if not hmac.compare_digest(ours.encode(), solution.signature.encode()) or now.timestamp() > until:
        return None
    return ours if _hash(solution.salt, solution.number) == solution.challenge else None


def _hash(salt: str, number: int) -> str:
    return sha256(f"{salt}{number}".encode()).hexdigest()


def _signature(site_id: str, puzzle: str, salt: str, sealer: Sealer) -> str:
    return sealer.fingerprint("challenge", site_id, puzzle, salt).hex()
