"""Mia's account: her password, her name, her browsers; and what every admin page has around it."""

import re

import pytest
from door import CAFE, CHROME, MIAS_PASSWORD, Browser, add_mia
from flask import Flask

from comments_service import http
from comments_service.accounts import moderators, passwords

NEW_PASSWORD = "eleven quiet herons by the weir"


@pytest.fixture
def mia(app: Flask) -> Browser:
    """Mia at home, signed in by her password."""
    add_mia()
    browser = Browser(app)
    browser.signs_in()
    return browser


@pytest.fixture
def phone(app: Flask, mia: Browser) -> Browser:
    """Mia's other browser, signed in."""
    browser = Browser(app, CAFE, CHROME)
    browser.signs_in()
    return browser


def changes(browser: Browser, current: str, new: str, repeated: str | None = None) -> int:
    form = {"current": current, "password": new, "repeated": new if repeated is None else repeated}
    return browser.sends("/admin/account/password", **form).status_code


def test_changing_the_password_ends_the_other_sessions(app: Flask, mia: Browser, phone: Browser) -> None:
    assert changes(mia, MIAS_PASSWORD, NEW_PASSWORD) == 303
    assert mia.is_signed_in()
    assert not phone.is_signed_in()
    assert phone.signs_in(MIAS_PASSWORD).status_code == 422
    assert phone.signs_in(NEW_PASSWORD).status_code == 303


def test_whoever_sits_down_at_mias_browser_cannot_change_her_password(mia: Browser) -> None:
    assert changes(mia, "not her present password", NEW_PASSWORD) == 422
    assert changes(mia, "", NEW_PASSWORD) == 422
    assert changes(mia, MIAS_PASSWORD, NEW_PASSWORD, "eleven quiet herons") == 422
    assert mia.signs_in(MIAS_PASSWORD).status_code == 303


def test_guessing_the_present_password_is_slowed_down_too(mia: Browser) -> None:
    codes = [changes(mia, f"guess number {n} of seven", NEW_PASSWORD) for n in range(7)]
    assert codes == [422] * 5 + [429] * 2


@pytest.mark.parametrize("password", ["too short", "mia@mia-moderates.org1", "a" * 20])
def test_a_weak_password_is_refused_beside_its_field(mia: Browser, password: str) -> None:
    answer = mia.sends("/admin/account/password", current=MIAS_PASSWORD, password=password, repeated=password)
    assert answer.status_code == 422
    assert re.search(r'id="password"[^>]*aria-invalid="true"[^>]*aria-describedby="password-note"', answer.text)
    assert password not in answer.text


def test_who_forgot_the_password_comes_by_link_and_sets_another_once(app: Flask) -> None:
    link = f"/admin/sign-in/{add_mia()[1]}"
    mia = Browser(app)
    mia.sends(link)
    assert "Present password" not in mia.opens("/admin/account").text
    assert changes(mia, "", NEW_PASSWORD) == 303
    assert "Present password" in mia.opens("/admin/account").text
    assert changes(mia, "", MIAS_PASSWORD) == 422


def test_mia_ends_one_browser_of_two(mia: Browser, phone: Browser) -> None:
    page = mia.opens("/admin/account").text
    assert page.count("Signed in <time") == 2
    [other] = re.findall(r'action="(/admin/account/sessions/[0-9a-f]{64}/end)"', page)
    assert "Chrome on Windows" in page
    assert mia.sends(other).status_code == 303
    assert mia.is_signed_in()
    assert not phone.is_signed_in()


def test_mia_ends_all_browsers_but_this(mia: Browser, phone: Browser) -> None:
    assert phone.sends("/admin/account/sessions/end-others").status_code == 303
    assert phone.is_signed_in()
    assert not mia.is_signed_in()


def test_tom_cannot_end_mias_session(app: Flask, mia: Browser, phone: Browser) -> None:
    link = moderators.add("tom@tom-moderates.org", "Tom", {}, http.sealer(), http.now())[1]
    [mias] = re.findall(r'action="(/admin/account/sessions/[0-9a-f]{64}/end)"', mia.opens("/admin/account").text)
    tom = Browser(app, CAFE)
    tom.sends(f"/admin/sign-in/{link}")
    tom.sends(mias)
    tom.sends("/admin/account/sessions/end-others")
    assert phone.is_signed_in()


@pytest.mark.parametrize("nonsense", ["x", "0" * 63, "zz" * 32])
def test_a_session_that_cannot_be_is_ended_without_a_fuss(mia: Browser, nonsense: str) -> None:
    assert mia.sends(f"/admin/account/sessions/{nonsense}/end").status_code == 303


def test_mia_changes_the_name_beside_her_replies(mia: Browser) -> None:
    assert mia.sends("/admin/account/name", name="  Mia   Weber ").status_code == 303
    assert 'value="Mia Weber"' in mia.opens("/admin/account").text
    assert mia.sends("/admin/account/name", name=" ").status_code == 422
    assert mia.sends("/admin/account/name", name="x" * 101).status_code == 422


def test_mia_chooses_a_language_and_no_other_is_taken(mia: Browser) -> None:
    def chosen() -> list[str]:
        return re.findall(r'<option value="([^"]*)"[^>]* selected', mia.opens("/admin/account").text)

    assert chosen() == []
    assert mia.sends("/admin/account/language", language="de").status_code == 303
    assert chosen() == ["de"]
    assert mia.sends("/admin/account/language", language="tlh").status_code == 422
    assert chosen() == ["de"]
    assert mia.sends("/admin/account/language", language="").status_code == 303
    assert chosen() == []


def test_a_hostile_name_is_only_text(mia: Browser) -> None:
    mia.sends("/admin/account/name", name="<img src=x onerror=alert(1)>\"'")
    assert "<img" not in mia.opens("/admin/account").text


PATHS = ["/admin/sign-in", "/admin/account", "/admin/sign-in/nonsense", "/admin/there-is-no-such-page"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_every_admin_answer_is_closed_to_other_websites(mia: Browser, path: str, method: str) -> None:
    mia.headers["Origin"] = "https://evil.example"
    answer = mia.opens(path, method)
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy)
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "Cookie" in answer.headers["Vary"]
    assert not [name for name in dict(answer.headers) if name.startswith("Access-Control")]


@pytest.mark.parametrize("path", ["/admin/sign-in/nonsense", "/admin/there-is-no-such-page"])
def test_people_are_refused_with_a_page_and_programs_with_a_problem(app: Flask, path: str) -> None:
    person = Browser(app).opens(path)
    assert (person.status_code, person.mimetype) == (404, "text/html")
    assert "<h1>Nothing is here</h1>" in person.text
    program = app.test_client().get(path)
    assert (program.status_code, program.mimetype) == (404, "application/problem+json")


def test_eve_sees_nothing_of_mias_in_a_refusal(app: Flask, mia: Browser) -> None:
    assert mia.sends("/admin/account/name", {"Origin": "https://evil.example"}, name="Eve").mimetype == "text/html"
    assert 'value="Mia"' in mia.opens("/admin/account").text


def test_the_pages_need_no_script_and_no_style_of_their_own(mia: Browser) -> None:
    for page in (mia.opens("/admin/account").text, Browser(mia.client.application).opens("/admin/sign-in").text):
        assert not re.search(r"<style|\sstyle=|\son\w+=|https?://(?!www\.w3\.org)", page)
        # Passkeys alone need a script: a file of ours, and its form is hidden without it.
        ours = r'<script type="module" src="/admin/static/passkeys\.js\?v=\w+"></script>'
        assert "<script" not in re.sub(ours, "", page)
        assert page.count('id="passkey"') == len(re.findall(r'id="passkey"[^>]* hidden>', page))


def test_the_stylesheet_may_be_kept_for_ever_because_its_address_changes(app: Flask) -> None:
    browser = Browser(app)
    [address] = re.findall(r'rel="stylesheet" href="([^"]+)"', browser.opens("/admin/sign-in").text)
    sheet = browser.opens(address)
    assert sheet.mimetype == "text/css"
    assert sheet.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert browser.opens(address.partition("?")[0]).headers["Cache-Control"] == "no-cache"
    assert browser.opens("/admin/static/../pages.py").status_code == 404
    assert browser.opens("/admin/static/nothing.css?v=1").headers["Cache-Control"] == "no-store"


def test_the_form_and_the_rule_name_the_same_length(mia: Browser) -> None:
    page = mia.opens("/admin/account").text
    assert f'minlength="{passwords.MIN_LENGTH}"' in page
    assert f"At least {passwords.MIN_LENGTH} characters" in page
