"""What may be a password, how it is kept, and how guessing is slowed down."""

import contextlib
import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comments_service.accounts import attempts, passwords
from comments_service.errors import InvalidForm, TooMany

ABOUT = ("mia@mia-moderates.org", "Mia Weber", "https://comments.example.org")


@pytest.mark.parametrize(
    "password",
    [
        "violet kettle under seven stairs",
        "correct horse battery staple",
        "только длинные слова",
        "長い合言葉を覚えるのは簡単です",
        "gT7#qpL0-vR2!xkW",
        "my admin cat eats blue cheese",
        "x" + "qz jv kw pm fh bd" * 2,
    ],
)
def test_mia_may_choose_any_long_password_without_rules_of_composition(password: str) -> None:
    passwords.check(password, ABOUT)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "too-short"),
        ("fourteen chars", "too-short"),
        ("qz" + "a1-x" * 256, "too-long"),
        ("aaaaaaaaaaaaaaaaaaaaaa", "guessable"),
        ("abcabcabcabcabcabc", "guessable"),
        ("1234567890123456", "guessable"),
        ("9876543210987654321", "guessable"),
        ("qwertyuiopasdfghjkl", "guessable"),
        ("passwordpassword1", "guessable"),
        ("Password12345678!", "guessable"),
        ("mia@mia-moderates.org", "guessable"),
        ("MiaWeberMiaWeber2026", "guessable"),
        ("comments.example.org1", "guessable"),
        ("Comments-Service-2026", "guessable"),
        ("correcthorsebatterystaple", "guessable"),
        ("ｐａｓｓｗｏｒｄｐａｓｓｗｏｒｄ", "guessable"),
    ],
)
def test_a_short_endless_or_early_guessed_password_is_refused(password: str, code: str) -> None:
    with pytest.raises(InvalidForm) as refusal:
        passwords.check(password, ABOUT)
    assert [error.code for error in refusal.value.errors] == [code]


@given(st.text(max_size=60))
def test_whatever_is_typed_is_judged_and_never_an_error(password: str) -> None:
    with contextlib.suppress(InvalidForm):
        passwords.check(password, ABOUT)
        assert len(set(password.casefold())) >= passwords.MIN_UNGUESSED


@pytest.mark.parametrize("hostile", ["ab" * 512, "a" * 1023 + "b", "".join(map(chr, range(0x4E00, 0x5200)))])
def test_judging_the_longest_password_takes_no_time(hostile: str) -> None:
    done = threading.Event()

    def judge() -> None:
        passwords.unguessed(hostile, ABOUT)
        done.set()

    threading.Thread(target=judge, daemon=True).start()
    assert done.wait(2)


def test_a_password_is_kept_as_argon2id_and_fits_itself_only() -> None:
    kept = passwords.hashed("violet kettle under seven stairs")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.fits("violet kettle under seven stairs", kept)
    assert not passwords.fits("violet kettle under seven stair", kept)
    assert not passwords.is_outdated(kept)


def test_a_password_fits_however_the_keyboard_composes_it() -> None:
    kept = passwords.hashed("cafe\u0301 au lait tous les matins")
    assert passwords.fits("caf\u00e9 au lait tous les matins", kept)


def test_an_older_cost_is_noticed() -> None:
    assert passwords.is_outdated(passwords.NOBODYS.replace("m=19456", "m=8192"))


def test_nobodys_password_fits_nothing_and_costs_the_same() -> None:
    assert not passwords.fits("violet kettle under seven stairs", None)
    assert not passwords.is_outdated(passwords.NOBODYS)


def test_no_more_than_two_passwords_are_compared_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 0.01)
    with passwords._turn(), passwords._turn(), pytest.raises(TooMany):
        passwords.fits("violet kettle under seven stairs", None)
    assert not passwords.fits("violet kettle under seven stairs", None)


def test_four_misses_are_free_and_the_wait_doubles_up_to_a_quarter_of_an_hour() -> None:
    waits = [attempts.wait(misses).total_seconds() for misses in range(13)]
    assert waits == [0, 0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 900, 900]
    assert attempts.wait(10**9) == timedelta(minutes=15)
