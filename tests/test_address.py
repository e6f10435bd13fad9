"""An address is taken when mail can be sent to it, and asked about when it looks mistyped."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from address_outcomes import ACCEPTED, OUTCOMES, REFUSED, TOO_LONG_A_NAME
from hypothesis import given, settings
from hypothesis import strategies as st
from people import PAGE

from comments_service.comments import address, form
from comments_service.errors import InvalidForm


def outcome(typed: str) -> str:
    """What the form says to an address: 'accepted', or 'refused' by name."""
    try:
        form.parse({"page": PAGE, "name": "Ada", "email": typed, "body": "Hi"}, str)
    except InvalidForm as wrong:
        return "refused" if {error.field for error in wrong.errors} == {"email"} else "refused by another name"
    return "accepted"


@pytest.fixture(scope="session")
def isemail(data: Path) -> dict[int, str]:
    """The isemail addresses by the number of their test; pictures of controls (U+2400 and after) stand for them."""
    tests = ElementTree.parse(data / "email" / "isemail-tests.xml").iter("test")
    return {int(test.attrib["id"]): _with_controls(test.findtext("address") or "") for test in tests}


def _with_controls(text: str) -> str:
    return re.sub("[\u2400-\u241f]", lambda found: chr(ord(found[0]) - 0x2400), text)


def test_every_address_has_the_outcome_written_down_for_it(isemail: dict[int, str]) -> None:
    assert set(isemail) == set(OUTCOMES)
    expected = {number: said for number, said in OUTCOMES.items() if number != TOO_LONG_A_NAME}
    assert {number: outcome(isemail[number]) for number in expected} == expected


def test_no_address_has_two_outcomes() -> None:
    written = [number for ids in (*ACCEPTED.values(), *REFUSED.values(), (TOO_LONG_A_NAME,)) for number in ids]
    assert len(written) == len(set(written))


def test_a_name_of_more_than_64_letters_is_refused() -> None:
    assert outcome("a" * 65 + "@ada-lovelace.org") == "refused"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada@ada-lovelace.org", "ada@ada-lovelace.org"),
        ("Ada.Lovelace@Ada-Lovelace.ORG", "Ada.Lovelace@ada-lovelace.org"),
        ("ada+blog@ada-lovelace.org", "ada+blog@ada-lovelace.org"),
        ("o'neil@ada-lovelace.org", "o'neil@ada-lovelace.org"),
        ("ädä@bücher.de", "ädä@bücher.de"),
        ("a\u0308da@bu\u0308cher.de", "äda@bücher.de"),
        ("ada@xn--bcher-kva.de", "ada@bücher.de"),
        ("用户@例子.广告", "用户@例子.广告"),
    ],
)
def test_an_address_has_one_spelling(typed: str, kept: str) -> None:
    assert address.normalise(typed) == kept
    assert address.normalise(kept) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "ada@a.org, ben@b.org",
        "ada@a.org;ben@b.org",
        "Friends: ada@a.org, ben@b.org;",
        "Ada <ada@a.org>",
        "<ada@a.org>",
        "mailto:ada@a.org",
        "ada@a.org\r\nBcc: ben@b.org",
        "ada@a.org%0aBcc:ben@b.org",
        "ada@a.org ben@b.org",
        "(" * 10_000 + "ada@a.org",
        "ada@a.org:25",
        "ada@a.org/x",
        "ada@127.0.0.1",
        "ada@[127.0.0.1]",
        "ada@localhost",
        "ada@a.org?subject=x",
        "ada@a_b.org",
    ],
)
def test_more_than_one_address_and_less_than_one_is_refused(typed: str) -> None:
    assert outcome(typed) == "refused"


@settings(max_examples=300, deadline=None)
@given(st.text() | st.text('ada@.org,;:<>()[]"\\ \r\n-é', max_size=30) | st.emails())
def test_any_text_is_an_address_or_none(typed: str) -> None:
    try:
        kept = address.normalise(typed)
    except address.NotAnAddress:
        return
    assert address.normalise(kept) == kept
    assert kept.count("@") == 1
    assert not re.search(r"[\s,;<>()\"\\]", kept)


# Suggestions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmali.com", "gmail.com"),
        ("gamil.com", "gmail.com"),
        ("gnail.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gmal.com", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmail.cm", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.comm", "gmail.com"),
        ("gmail.cmo", "gmail.com"),
        ("gmail.vom", "gmail.com"),
        ("gmail,com", "gmail.com"),
        ("gmail..com", "gmail.com"),
        ("gmail.com.", "gmail.com"),
        ("gmail.com,", "gmail.com"),
        ("gmail", "gmail.com"),
        ("GMIAL.COM", "gmail.com"),
        ("hotmail.con", "hotmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("outlok.com", "outlook.com"),
        ("yaho.com", "yahoo.com"),
        ("yahooo.com", "yahoo.com"),
        ("icloud.co", "icloud.com"),
        ("protonmial.com", "protonmail.com"),
        ("ada-lovelace.ogr", "ada-lovelace.org"),
        ("ada-lovelace,org", "ada-lovelace.org"),
    ],
)
def test_a_slip_is_answered_with_what_was_likely_meant(typed: str, meant: str) -> None:
    assert address.suggest(f"Ada.B@{typed}") == f"Ada.B@{meant}"
    assert address.suggest(f"Ada.B@{meant}") is None


@pytest.mark.parametrize(
    "domain",
    [
        *("gmail.com", "googlemail.com", "gmx.de", "gmx.net", "gmx.at", "web.de", "mail.com", "email.com", "ymail.com"),
        *("proton.me", "pm.me", "me.com", "mac.com", "icloud.com", "hey.com", "aol.com", "aol.de", "live.com"),
        *("hotmail.de", "hotmail.co.uk", "hotmail.fr", "outlook.de", "yahoo.de", "yahoo.fr", "yahoo.co.uk", "live.nl"),
        *("fastmail.com", "fastmail.fm", "zoho.com", "posteo.de", "mailbox.org", "t-online.de", "mail.de", "fmail.com"),
        *("yandex.ru", "yandex.com", "mail.ru", "ya.ru", "bk.ru", "qq.com", "163.com", "naver.com", "daum.net"),
        *("orange.fr", "free.fr", "libero.it", "seznam.cz", "wp.pl", "o2.pl", "protonmail.ch", "gml.com"),
        *("ada-lovelace.org", "acme.co", "acme.io", "acme.company", "uni-bonn.de", "cam.ac.uk", "apple.com"),
        *("example.com", "bücher.de", "xn--bcher-kva.de", "mail.acme.com", "gmail.acme.com"),
    ],
)
def test_an_address_that_is_right_is_not_doubted(domain: str) -> None:
    assert address.suggest(f"ada@{domain}") is None


@pytest.mark.parametrize("typed", ["", "ada", "@gmial.com", "ada@", "@", "ada@@gmial.com", "a,b@gmial.com"])
def test_what_no_suggestion_would_mend_gets_none(typed: str) -> None:
    assert address.suggest(typed) is None


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["ada@gmial.con", "ada@gmail..com"]) | st.text("gmailcoyhtu.,@ é\x00", max_size=30) | st.text())
def test_a_suggestion_is_an_address_that_is_not_doubted(typed: str) -> None:
    suggestion = address.suggest(typed)
    if suggestion is not None:
        assert address.normalise(suggestion) == suggestion
        assert address.suggest(suggestion) is None
