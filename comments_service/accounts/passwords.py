"""Keeping passwords with Argon2id, and refusing those that are guessed first.

Length and guesses as in NIST SP 800-63B-4 (2025) for a password that is the only factor: 15 characters or more,
no rules about kinds of characters, common ones refused. Cost as in OWASP's password storage cheat sheet.
"""

import base64
import re
import secrets
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from ..errors import FieldError, InvalidForm, TooMany
from ..i18n import N_

MIN_LENGTH = 15  # the sentences of `check` name both
MAX_LENGTH = 1024
MIN_UNGUESSED = 6  # characters that no rule below foresees
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
AT_ONCE = 2  # each takes 19 MiB and a core; more at once would starve the readers
WAIT_SECONDS = 5

COMMON = (
    *("comments-service", "comments", "comment", "moderator", "admin", "login", "welcome", "default", "secret"),
    *("password", "passwort", "passwd", "letmein", "iloveyou", "trustno", "changeme", "correcthorsebatterystaple"),
)
RUNS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm")
RUN_LENGTH = 4
GUESSED = N_("This one is guessed early: it repeats itself, counts up, or holds known words.")
REPEATED = re.compile(r"(.{1,32}?)\1+", re.DOTALL)


def _pieces() -> Iterator[str]:
    """Every piece of a run, forwards and backwards, the longest first."""
    for length in range(max(map(len, RUNS)), RUN_LENGTH - 1, -1):
        for run in (*RUNS, *(run[::-1] for run in RUNS)):
            yield from (run[start : start + length] for start in range(len(run) - length + 1))


PIECES = tuple(_pieces())
_hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID)
_turns = threading.BoundedSemaphore(AT_ONCE)


def _base64(count: int) -> str:
    return base64.b64encode(secrets.token_bytes(count)).decode().rstrip("=")


# Looks like a kept password and fits none: comparing with it takes as long as with a real one.
NOBODYS = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${_base64(16)}${_base64(32)}"


def hashed(password: str) -> str:
    """What is kept of `password`; raises `TooMany` when others are waiting already."""
    with _turn():
        return _hasher.hash(_octets(password))


def fits(password: str, kept: str | None) -> bool:
    """Whether `password` is the one kept; takes the same time when none is. Raises `TooMany` like `hashed`."""
    with _turn():
        try:
            return _hasher.verify(kept or NOBODYS, _octets(password[: MAX_LENGTH + 1]))
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(kept: str) -> bool:
    """Whether `kept` was made with another cost than new ones are."""
    return _hasher.check_needs_rehash(kept)


def check(password: str, about: Iterable[str]) -> None:
    """Refuse a password that is too short, too long or guessed early; raises `InvalidForm`.

    `about` are words that a guesser knows: the person's address and name, the service's host.
    """
    if len(_normal(password)) < MIN_LENGTH:
        raise _refused("too-short", N_("Use at least 15 characters. A few unrelated words are easy to remember."))
    if max(len(password), len(_normal(password))) > MAX_LENGTH:
        raise _refused("too-long", N_("Use at most 1024 characters."))
    if len(set(unguessed(password, about))) < MIN_UNGUESSED:
        raise _refused(
            "guessable", N_("This one is guessed early: it repeats itself, counts up, or holds known words.")
        )


def unguessed(password: str, about: Iterable[str]) -> str:
    """What is left of `password` without known words, runs such as 1234 or qwerty, and repetitions."""
    text = _normal(password).casefold()
    for word in sorted(_words(about), key=len, reverse=True):
        text = text.replace(word, "")
    for run in PIECES:
        text = text.replace(run, "")
    return REPEATED.sub(r"\1", text)


def _words(about: Iterable[str]) -> set[str]:
    """The known words: whole, and cut at whatever is no letter or digit."""
    whole = [*COMMON, *(_normal(word).casefold() for word in about)]
    return {word for text in whole for word in (text, *re.split(r"[\W_]+", text)) if len(word) > 2}


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for a turn to hash."""
    if not _turns.acquire(timeout=WAIT_SECONDS):
        raise TooMany(N_("Too many people are signing in just now. Please wait a moment."), WAIT_SECONDS)
    try:
        yield
    finally:
        _turns.release()


def _refused(code: str, message: str) -> InvalidForm:
    return InvalidForm([FieldError("password", code, message)], message)


def _normal(text: str) -> str:
    """One spelling for what looks the same, whatever keyboard it was typed on."""
    return unicodedata.normalize("NFKC", text)


def _octets(password: str) -> bytes:
    return _normal(password).encode("utf-8", "surrogatepass")
