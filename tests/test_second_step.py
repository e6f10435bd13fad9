"""Mia signs in with her password and a code of her phone; Eve, who has come by the password alone, does not."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
import sqlalchemy as sa
import time_machine
from door import CAFE, CHROME, MIAS_ADDRESS, MIAS_PASSWORD, Browser, add_mia
from flask import Flask
from test_people_pages import everything

from comments_service import cli, http
from comments_service.accounts import attempts, moderators, second_step, sessions
from comments_service.accounts.models import RecoveryCode, SecondStep
from comments_service.errors import InvalidForm, TooMany
from comments_service.extensions import db


class Phone:
    """Mia's app: it has read the key, and makes codes."""

    def __init__(self, key: str) -> None:
        self.app = pyotp.TOTP(key)

    def code(self, steps: int = 0) -> str:
        return self.app.at(http.now(), counter_offset=steps)


@pytest.fixture
def mia(app: Flask) -> Browser:
    """Mia at home, signed in by her password."""
    add_mia()
    browser = Browser(app)
    browser.signs_in()
    return browser


def sets_up(browser: Browser, current: str = MIAS_PASSWORD) -> tuple[Phone, list[str]]:
    """Scan the picture and show a code; the phone, and the recovery codes."""
    page = browser.opens("/admin/account/codes").text
    key = re.search(r'<code id="key">([A-Z2-7 ]+)</code>', page)
    draft = re.search(r'name="draft" value="([0-9a-f]+)"', page)
    assert key is not None
    assert draft is not None
    phone = Phone(key[1].replace(" ", ""))
    answer = browser.sends("/admin/account/codes/on", draft=draft[1], current=current, code=phone.code())
    assert answer.status_code == 200
    return phone, re.findall(r"<li><code>([^<]+)</code></li>", answer.text)


@pytest.fixture
def later() -> Iterator[time_machine.Traveller]:
    """A clock that stands still, and can be moved on."""
    with time_machine.travel(http.now(), tick=False) as clock:
        yield clock


@pytest.fixture
def phone(mia: Browser, later: time_machine.Traveller) -> Phone:
    """Mia's phone, whose codes are asked for; the next code is a new one."""
    made, _ = sets_up(mia)
    later.shift(60)
    return made


def types(browser: Browser, code: str, **form: str) -> int:
    return browser.sends("/admin/code", code=code, **form).status_code


def test_the_password_opens_the_form_for_the_code_and_the_code_opens_the_rest(app: Flask, phone: Phone) -> None:
    mia = Browser(app, CAFE, CHROME)
    sent = mia.signs_in(next="/admin/events")
    assert sent.location == "/admin/code?next=/admin/events"
    assert not mia.is_signed_in()
    assert 'value="/admin/events"' in mia.opens(sent.location).text
    done = mia.sends("/admin/code", code=phone.code(), next="/admin/events")
    assert (done.status_code, done.location) == (303, "/admin/events")
    assert mia.is_signed_in()


def test_after_a_sign_in_link_a_code_is_asked_for_as_well(app: Flask, phone: Phone) -> None:
    mia = Browser(app, CAFE)
    assert mia.sends(f"/admin/sign-in/{add_mia(password=None)[1]}").location.startswith("/admin/code")
    assert not mia.is_signed_in()
    assert types(mia, phone.code()) == 303
    assert "Present password" not in mia.opens("/admin/account").text


def test_between_the_two_steps_no_page_and_no_api_opens(app: Flask, phone: Phone) -> None:
    eve = Browser(app, CAFE)
    eve.signs_in()
    before = everything()
    for path in ("/admin/", "/admin/account", "/admin/account/codes", "/admin/events", "/admin/people"):
        assert eve.opens(path).location.startswith("/admin/sign-in"), path
    for path in ("/admin/account/codes/off", "/admin/account/password", "/admin/account/sessions/end-others"):
        assert eve.sends(path, code=phone.code(), current=MIAS_PASSWORD).location.startswith("/admin/sign-in"), path
    assert eve.opens("/api/v1/moderation/comments").status_code == 401
    assert everything() == before


def test_signing_in_by_code_renews_the_session(app: Flask, phone: Phone) -> None:
    mia = Browser(app, CAFE)
    mia.signs_in()
    older = mia.client.get_cookie("comments").value
    types(mia, phone.code())
    assert mia.client.get_cookie("comments").value != older
    replay = Browser(app, CAFE)
    replay.client.set_cookie("comments", older)
    assert types(replay, phone.code(1)) == 303
    assert not replay.is_signed_in()


def test_a_code_is_taken_once_in_whatever_browser(app: Flask, phone: Phone) -> None:
    mia, eve = Browser(app), Browser(app, CAFE)
    mia.signs_in()
    eve.signs_in()
    code = phone.code()
    assert types(mia, code) == 303
    assert types(eve, code) == 422
    assert not eve.is_signed_in()


def test_the_code_that_set_it_up_does_not_sign_in(app: Flask, mia: Browser, later: time_machine.Traveller) -> None:
    phone, _ = sets_up(mia)
    mia.signs_in()
    assert types(mia, phone.code()) == 422
    assert types(mia, phone.code(1)) == 303


def test_of_two_uses_of_a_code_at_once_one_wins(app: Flask, phone: Phone) -> None:
    moderator, code, now = add_mia(password=None)[0].id, phone.code(), http.now()
    db.session.remove()

    def use(network: bytes) -> bool:
        with app.app_context():
            try:
                second_step.check(moderator, code, sessions.Visit("", network, None, now), http.sealer())
            except InvalidForm:
                return False
            return True

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(use, [b"%d" % n for n in range(6)])).count(True) == 1


@pytest.mark.parametrize(("steps", "status"), [(-2, 422), (-1, 303), (0, 303), (1, 303), (2, 422)])
def test_a_phone_may_be_half_a_minute_wrong(app: Flask, mia: Browser, phone: Phone, steps: int, status: int) -> None:
    mia.signs_in()
    db.session.execute(sa.update(SecondStep).values(last_step=0))
    db.session.commit()
    assert types(mia, phone.code(steps)) == status


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "٣٤٥٦٧٨", "x" * 10_000, "\0", "-" * 14])
def test_what_is_no_code_is_refused_beside_its_field(app: Flask, mia: Browser, phone: Phone, typed: str) -> None:
    mia.signs_in()
    answer = mia.sends("/admin/code", code=typed)
    assert answer.status_code == 422
    assert re.search(r'id="code"[^>]*aria-invalid="true"[^>]*aria-describedby="code-note"', answer.text)


def test_the_two_halves_of_a_code_may_be_apart(app: Flask, mia: Browser, phone: Phone) -> None:
    mia.signs_in()
    code = phone.code()
    assert types(mia, f" {code[:3]} {code[3:]} ") == 303


def test_the_form_for_the_code_waits_ten_minutes(app: Flask, mia: Browser, phone: Phone, later) -> None:
    mia.signs_in()
    later.shift(601)
    assert mia.sends("/admin/code", code=phone.code()).location.startswith("/admin/sign-in")
    assert not mia.is_signed_in()


def test_without_the_first_step_there_is_no_second(app: Flask, phone: Phone) -> None:
    eve = Browser(app, CAFE)
    assert eve.opens("/admin/code").location.startswith("/admin/sign-in")
    assert eve.sends("/admin/code", code=phone.code()).location.startswith("/admin/sign-in")
    assert not eve.is_signed_in()


def test_who_signs_in_elsewhere_leaves_a_waiting_form_alone(app: Flask, phone: Phone) -> None:
    mia, tablet = Browser(app), Browser(app, CAFE)
    mia.signs_in()
    tablet.signs_in()
    assert types(mia, phone.code()) == 303
    assert types(tablet, phone.code(1)) == 303


# Guessing


def test_guessing_is_slowed_down_and_mia_elsewhere_still_comes_in(app: Flask, phone: Phone) -> None:
    eve, mia = Browser(app, CAFE), Browser(app)
    eve.signs_in()
    assert [types(eve, f"{n:06}") for n in range(7)] == [422] * 5 + [429] * 2
    assert types(eve, phone.code()) == 429
    mia.signs_in()
    assert types(mia, phone.code()) == 303


def test_guessing_from_many_networks_is_slowed_down_too(app: Flask, phone: Phone) -> None:
    moderator = add_mia(password=None)[0].id
    for number in range(second_step.FREE_ANYWHERE + 1):
        visit = sessions.Visit("", b"%d" % number, None, http.now())
        with pytest.raises(InvalidForm):
            second_step.check(moderator, "000000", visit, http.sealer())
    with pytest.raises(TooMany):
        second_step.check(moderator, "000000", sessions.Visit("", b"new", None, http.now()), http.sealer())
    later = sessions.Visit("", b"new", None, http.now() + attempts.FIRST_WAIT)
    second_step.check(moderator, phone.code(), later, http.sealer())


def test_a_right_code_ends_the_wait(app: Flask, phone: Phone, later: time_machine.Traveller) -> None:
    mia = Browser(app)
    mia.signs_in()
    for _ in range(5):
        types(mia, "000000")
    later.shift(attempts.FIRST_WAIT)
    assert types(mia, phone.code()) == 303
    mia.signs_in()
    assert types(mia, "000000") == 422
    assert types(mia, "000000") == 422


def test_who_does_not_know_the_password_learns_nothing_of_the_second_step(app: Flask, phone: Phone) -> None:
    eve = Browser(app, CAFE)
    with_step = eve.signs_in("a wrong but long password", MIAS_ADDRESS)
    without = eve.signs_in("a wrong but long password", "nobody@nowhere-at-all.org")
    assert with_step.status_code == without.status_code == 422
    assert eve.reads(with_step) == eve.reads(without)


# Recovery


def test_a_recovery_code_stands_in_for_the_phone_once(app: Flask, mia: Browser) -> None:
    _, codes = sets_up(mia)
    assert len(set(codes)) == 10
    other = Browser(app, CAFE)
    other.signs_in()
    assert types(other, codes[3].upper().replace("-", " ")) == 303
    assert "9 recovery codes are left" in other.reads(other.opens("/admin/account"))
    other.signs_in()
    assert types(other, codes[3]) == 422
    assert types(other, codes[4]) == 303


def test_of_two_uses_of_a_recovery_code_at_once_one_wins(app: Flask, mia: Browser) -> None:
    _, codes = sets_up(mia)
    moderator = add_mia(password=None)[0].id
    db.session.remove()

    def use(network: bytes) -> bool:
        with app.app_context():
            try:
                second_step.check(moderator, codes[0], sessions.Visit("", network, None, http.now()), http.sealer())
            except InvalidForm:
                return False
            return True

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(use, [b"%d" % n for n in range(6)])).count(True) == 1


def test_new_recovery_codes_end_the_old_ones(app: Flask, mia: Browser, phone: Phone) -> None:
    code = phone.code()
    assert mia.sends("/admin/account/codes/renew", current=MIAS_PASSWORD, code="000000").status_code == 422
    answer = mia.sends("/admin/account/codes/renew", current=MIAS_PASSWORD, code=code)
    new = re.findall(r"<li><code>([^<]+)</code></li>", answer.text)
    assert len(db.session.scalars(sa.select(RecoveryCode)).all()) == 10
    mia.signs_in()
    assert types(mia, new[0]) == 303


def test_anothers_recovery_code_is_none(app: Flask, mia: Browser) -> None:
    _, codes = sets_up(mia)
    tom, _ = moderators.add("tom@tom-moderates.org", "Tom", {}, http.sealer(), http.now())
    db.session.execute(sa.update(RecoveryCode).values(moderator_id=tom.id))
    db.session.commit()
    with pytest.raises(InvalidForm):
        second_step.check(tom.id, codes[0], sessions.Visit("", b"", None, http.now()), http.sealer())


# Setting up


def test_an_app_that_does_not_know_the_key_turns_nothing_on(mia: Browser) -> None:
    page = mia.opens("/admin/account/codes").text
    draft = re.search(r'name="draft" value="([0-9a-f]+)"', page)[1]
    wrong = mia.sends("/admin/account/codes/on", draft=draft, current=MIAS_PASSWORD, code="000000")
    assert wrong.status_code == 422
    assert f'value="{draft}"' in wrong.text
    assert db.session.scalars(sa.select(SecondStep)).all() == []


@pytest.mark.parametrize("draft", ["", "x", "00", "ff" * 40])
def test_nobody_chooses_the_key(mia: Browser, draft: str) -> None:
    form = {"draft": draft, "current": MIAS_PASSWORD, "code": "000000"}
    assert mia.sends("/admin/account/codes/on", **form).status_code == 422
    assert db.session.scalars(sa.select(SecondStep)).all() == []


def test_whoever_sits_down_at_mias_browser_neither_turns_it_on_nor_off(mia: Browser) -> None:
    draft = re.search(r'name="draft" value="([0-9a-f]+)"', mia.opens("/admin/account/codes").text)[1]
    refused = mia.sends("/admin/account/codes/on", draft=draft, current="not her password", code="000000")
    assert 'id="current-note"' in refused.text
    phone, _ = sets_up(mia)
    assert mia.sends("/admin/account/codes/off", current=MIAS_PASSWORD, code="000000").status_code == 422
    assert mia.sends("/admin/account/codes/off", current="not hers", code=phone.code(1)).status_code == 422
    assert len(db.session.scalars(sa.select(SecondStep)).all()) == 1


def test_turning_it_on_signs_the_other_browsers_out(app: Flask, mia: Browser) -> None:
    other = Browser(app, CAFE, CHROME)
    other.signs_in()
    sets_up(mia)
    assert mia.is_signed_in()
    assert not other.is_signed_in()


def test_a_second_app_does_not_replace_the_first_unasked(mia: Browser, phone: Phone) -> None:
    draft = second_step.draw(add_mia(password=None)[0].id, http.sealer())
    form = {"draft": draft.sealed.hex(), "current": MIAS_PASSWORD, "code": Phone(draft.secret).code()}
    assert mia.sends("/admin/account/codes/on", **form).status_code == 409
    assert 'name="draft"' not in mia.opens("/admin/account/codes").text


def test_mia_takes_it_off_with_her_password_and_a_code(app: Flask, mia: Browser, phone: Phone) -> None:
    done = mia.sends("/admin/account/codes/off", current=MIAS_PASSWORD, code=phone.code())
    assert done.location == "/admin/account?done=codes"
    assert Browser(app).signs_in().location == "/admin/"
    assert db.session.scalars(sa.select(RecoveryCode)).all() == []


def test_the_administrator_takes_it_off_when_the_phone_is_lost(app: Flask, mia: Browser, phone: Phone) -> None:
    db.session.remove()
    done = app.test_cli_runner().invoke(cli.reset_codes, [MIAS_ADDRESS.upper()])
    assert (done.exit_code, done.exception) == (0, None)
    assert not mia.is_signed_in()
    assert mia.signs_in().location == "/admin/"


def test_key_and_codes_are_nowhere_in_the_clear(app: Flask, mia: Browser, caplog: pytest.LogCaptureFixture) -> None:
    phone, codes = sets_up(mia)
    kept = repr(everything()) + caplog.text
    assert phone.app.secret not in kept
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)
    (step,) = db.session.scalars(sa.select(SecondStep)).all()
    assert phone.app.secret.encode() not in step.secret_sealed
    assert http.sealer().open_secret(step.secret_sealed, step.moderator_id) == phone.app.secret
    for page in ("/admin/account", "/admin/account/codes"):
        text = mia.opens(page).text
        assert phone.app.secret not in text.replace(" ", "")
        assert not any(code in text for code in codes)


def test_the_picture_names_no_address_and_needs_neither_script_nor_style(mia: Browser) -> None:
    page = mia.opens("/admin/account/codes").text
    assert re.search(r'role="img" aria-label="[^"]+"><svg[^>]*viewBox', page)
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|https?://(?!www\.w3\.org)", page)
    draft = second_step.draw(add_mia(password=None)[0].id, http.sealer())
    assert "mia-moderates" not in draft.uri("Mia", "Comments at comments.example.org")
