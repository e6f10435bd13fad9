"""Mia comes in by her link or her password; Eve, who is a stranger, does not."""

import re
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from door import CAFE, CHROME, MIAS_ADDRESS, MIAS_PASSWORD, Browser, add_mia
from flask import Flask
from werkzeug.test import TestResponse

from comments_service import config, create_app, database, http
from comments_service.accounts import attempts, moderators, pages, sessions, sign_in
from comments_service.errors import InvalidForm, NotFound
from comments_service.extensions import db


@pytest.fixture
def mia(app: Flask) -> Browser:
    """Mia at home, who has a password and is not signed in."""
    add_mia()
    return Browser(app)


@pytest.fixture
def eve(app: Flask) -> Browser:
    return Browser(app, CAFE, CHROME)


@pytest.fixture
def link(app: Flask) -> str:
    """The path of Mia's one-time link; she has no password yet."""
    return f"/admin/sign-in/{add_mia(password=None)[1]}"


def cookie_of(answer: TestResponse) -> str:
    return answer.headers["Set-Cookie"]


def test_a_link_signs_mia_in_once(app: Flask, link: str) -> None:
    mia, eve = Browser(app), Browser(app, CAFE)
    answer = mia.sends(link)
    assert (answer.status_code, answer.location) == (303, "/admin/")
    assert mia.is_signed_in()
    assert eve.sends(link).status_code == 404
    assert eve.opens(link).status_code == 404
    assert not eve.is_signed_in()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_at_a_link_changes_nothing(app: Flask, link: str, method: str) -> None:
    scanner, mia = Browser(app, CAFE), Browser(app)
    for _ in range(3):
        answer = scanner.opens(link, method)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    assert not scanner.is_signed_in()
    assert mia.sends(link).status_code == 303


def test_of_two_uses_of_a_link_at_once_one_wins(app: Flask, link: str) -> None:
    token = link.rpartition("/")[2]
    db.session.remove()

    def use(network: bytes) -> bool:
        with app.app_context():
            try:
                return bool(sign_in.by_link(token, sessions.Visit("", network, None, http.now())))
            except NotFound:
                return False

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(use, [b"%d" % n for n in range(8)])).count(True) == 1


def test_a_link_is_good_for_a_day(app: Flask, link: str) -> None:
    with time_machine.travel(http.now() + timedelta(hours=24, minutes=1)):
        assert Browser(app).sends(link).status_code == 404


def test_a_new_link_ends_the_older_one(app: Flask, link: str) -> None:
    newer = f"/admin/sign-in/{add_mia(password=None)[1]}"
    assert Browser(app).sends(link).status_code == 404
    assert Browser(app).sends(newer).status_code == 303


def test_mia_signs_in_with_her_password(mia: Browser) -> None:
    assert mia.signs_in().status_code == 303
    assert mia.is_signed_in()


def test_the_address_may_be_typed_in_any_case_with_blanks_around(mia: Browser) -> None:
    assert mia.signs_in(address=f"  {MIAS_ADDRESS.upper()} ").status_code == 303


def test_an_unknown_address_is_answered_like_a_wrong_password(mia: Browser, eve: Browser) -> None:
    moderators.add("tom@tom-moderates.org", "Tom, who has no password", {}, http.sealer(), http.now())
    known = eve.signs_in("a wrong but long password", MIAS_ADDRESS)
    for address in ("nobody@nowhere-at-all.org", "tom@tom-moderates.org", "not an address", ""):
        unknown = eve.signs_in("a wrong but long password", address)
        assert unknown.status_code == known.status_code == 422
        assert eve.reads(unknown) == eve.reads(known)
        assert without_what_is_new(unknown.text, address) == without_what_is_new(known.text, MIAS_ADDRESS)


def without_what_is_new(page: str, address: str) -> str:
    """The page but for the address that was typed, and for a passkey's challenge, which is another each time."""
    page = page.replace(f'type="email" value="{address}"', 'type="email"')
    return re.sub(r'(data-options|name="token" value)="[^"]+"', "", page)


def cost(address: str, network: int) -> float:
    """Seconds of this thread's work on a wrong password, whatever else the machine does."""
    visit = sessions.Visit("", b"%d" % network, None, http.now())
    begun = time.thread_time()
    with pytest.raises(InvalidForm):
        sign_in.by_password(address, "a wrong but long password", visit, http.sealer())
    return time.thread_time() - begun


def test_an_unknown_address_takes_the_time_of_a_wrong_password(mia: Browser) -> None:
    moderators.add("tom@tom-moderates.org", "Tom, who has no password", {}, http.sealer(), http.now())
    addresses = (MIAS_ADDRESS, "nobody@nowhere-at-all.org", "tom@tom-moderates.org", "not an address")
    costs = {address: statistics.median(cost(address, n) for n in range(7)) for address in addresses}
    assert max(costs.values()) < 1.5 * min(costs.values()), costs


def test_misses_from_everywhere_lock_nobody_out(mia: Browser) -> None:
    for network in range(40):
        cost(MIAS_ADDRESS, network)
    assert mia.signs_in().status_code == 303


def test_sixty_misses_are_slowed_down_and_mia_elsewhere_still_comes_in(mia: Browser, eve: Browser) -> None:
    answers = [eve.signs_in(f"guess number {n} of sixty") for n in range(60)]
    assert [answer.status_code for answer in answers[:5]] == [422] * 5
    assert {answer.status_code for answer in answers[5:]} == {429}
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert eve.signs_in().status_code == 429
    assert mia.signs_in().status_code == 303


def test_misses_at_once_get_no_further_than_one_after_the_other(app: Flask, mia: Browser) -> None:
    guessers = [Browser(app, CAFE) for _ in range(12)]
    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda guesser: guesser.signs_in("a wrong but long password").status_code, guessers))
    assert sorted(codes) == [422] * 5 + [429] * 7


def test_an_attempt_that_is_counted_after_a_later_one_is_not_refused(app: Flask) -> None:
    attempts.count(b"x" * 16, http.now())
    attempts.count(b"x" * 16, http.now() - timedelta(seconds=1))


def test_who_waited_may_try_again_and_the_right_password_ends_the_wait(mia: Browser) -> None:
    for _ in range(5):
        mia.signs_in("a wrong but long password")
    assert mia.signs_in().status_code == 429
    with time_machine.travel(http.now() + attempts.FIRST_WAIT + timedelta(seconds=1)):
        assert mia.signs_in().status_code == 303
        assert mia.signs_in("a wrong but long password").status_code == 422


def test_one_network_may_try_ten_times_a_minute_whatever_the_address(instance: Path, database_url: str) -> None:
    strict = create_app(config.Settings(instance_path=instance, database_url=database_url))
    with time_machine.travel(http.now(), tick=False), strict.app_context():
        database.upgrade()
        eve, mia = Browser(strict, CAFE), Browser(strict)
        codes = [eve.signs_in("a wrong but long password", f"{n}@nowhere-at-all.org").status_code for n in range(12)]
        assert codes == [422] * 10 + [429] * 2
        assert mia.signs_in("a wrong but long password").status_code == 422
        db.session.remove()
        db.engine.dispose()


FOREIGN = [
    {},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "https://localhost"},
    {"Origin": "http://localhost:8001"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
    {"Sec-Fetch-Site": "", "Origin": "http://localhost"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_eves_website_cannot_make_mias_browser_do_anything(app: Flask, mia: Browser, headers: dict[str, str]) -> None:
    link = f"/admin/sign-in/{add_mia(password=None)[1]}"
    stranger = Browser(app)
    form = {"address": MIAS_ADDRESS, "password": MIAS_PASSWORD}
    assert stranger.sends("/admin/sign-in", headers, **form).status_code == 403
    assert stranger.sends(link, headers).status_code == 403
    mia.signs_in()
    for path in ("/admin/sign-out", "/admin/account/password", "/admin/account/sessions/end-others"):
        assert mia.sends(path, headers).status_code == 403
    assert mia.is_signed_in()
    assert not stranger.is_signed_in()


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://localhost"}],
    ids=str,
)
def test_our_own_forms_are_taken(mia: Browser, headers: dict[str, str]) -> None:
    answer = mia.sends("/admin/sign-in", headers, address=MIAS_ADDRESS, password=MIAS_PASSWORD)
    assert answer.status_code == 303


def test_signing_out_ends_the_session_for_good(app: Flask, mia: Browser) -> None:
    mia.signs_in()
    stolen = mia.client.get_cookie("comments")
    assert stolen is not None
    answer = mia.sends("/admin/sign-out")
    assert (answer.status_code, answer.location) == (303, "/admin/sign-in")
    assert "Max-Age=0" in cookie_of(answer)
    eve = Browser(app, CAFE)
    eve.client.set_cookie("comments", stolen.value)
    assert not eve.is_signed_in()


def test_signing_in_again_replaces_the_session(app: Flask, mia: Browser) -> None:
    mia.signs_in()
    older = mia.client.get_cookie("comments")
    mia.signs_in()
    newer = mia.client.get_cookie("comments")
    assert older is not None
    assert newer is not None
    assert older.value != newer.value
    replay = Browser(app)
    replay.client.set_cookie("comments", older.value)
    assert not replay.is_signed_in()
    assert mia.is_signed_in()


def test_a_session_ends_after_eight_idle_hours_and_after_seven_days(mia: Browser) -> None:
    start = http.now()
    mia.signs_in()
    with time_machine.travel(start, tick=False) as clock:
        for _ in range(23):
            clock.shift(timedelta(hours=7))
            assert mia.is_signed_in()
        clock.shift(timedelta(hours=7, seconds=1))
        assert not mia.is_signed_in()
        mia.signs_in()
        clock.shift(timedelta(hours=8, seconds=1))
        assert not mia.is_signed_in()


def test_over_plain_http_the_cookie_works_without_secure(mia: Browser) -> None:
    name, *flags = cookie_of(mia.signs_in()).split("; ")
    assert re.fullmatch(r"comments=[\w-]{43}", name)
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags)
    assert "Secure" not in flags


@pytest.fixture
def public(settings: config.Settings) -> Flask:
    """The service behind https."""
    return create_app(replace(settings, public_url="https://comments.example.org"))


def test_over_https_the_cookie_is_bound_to_the_host(app: Flask, public: Flask) -> None:
    add_mia()
    browser = Browser(public)
    answer = browser.sends(
        "/admin/sign-in",
        {"Origin": "https://comments.example.org"},
        address=MIAS_ADDRESS,
        password=MIAS_PASSWORD,
    )
    name, *flags = cookie_of(answer).split("; ")
    assert re.fullmatch(r"__Host-comments=[\w-]{43}", name)
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags)
    assert not any(flag.startswith("Domain") for flag in flags)


@pytest.mark.parametrize(
    "header", ["=__Host-comments={}", "comments={}", "__host-comments={}", "; =; =__Host-comments={}"]
)
def test_a_cookie_that_only_resembles_ours_is_not_taken(app: Flask, public: Flask, header: str) -> None:
    token = sign_in.by_link(add_mia()[1], sessions.Visit("", b"", None, http.now()))
    client = public.test_client(use_cookies=False)
    right = client.get("/admin/account", headers={"Cookie": f"__Host-comments={token}"})
    wrong = client.get("/admin/account", headers={"Cookie": header.format(token)})
    assert (right.status_code, wrong.status_code) == (200, 303)


LOCAL = ["/admin/", "/admin/?status=spam&q=a%20b", "/admin/thread/0193-af?x=/admin/"]
ELSEWHERE = [
    "",
    "https://evil.example/",
    "//evil.example/admin/",
    "/\\evil.example/admin/",
    "\\\\evil.example",
    "https:evil.example",
    "https:/admin/",
    "http://localhost@evil.example/admin/",
    "/admin",
    "/adminevil",
    "/admin/../../evil",
    "/admin/\\..\\evil",
    "/admin/\r\nSet-Cookie: a=b",
    "/admin/\t//evil.example",
    " /admin/",
    "javascript:alert(1)",
    "/s/blog/thread",
]


@pytest.mark.parametrize("goal", LOCAL)
def test_after_signing_in_mia_is_where_she_wanted_to_be(mia: Browser, goal: str) -> None:
    assert mia.signs_in(next=goal).location == goal


@pytest.mark.parametrize("goal", ELSEWHERE)
def test_nobody_is_sent_anywhere_else(app: Flask, mia: Browser, goal: str) -> None:
    link = f"/admin/sign-in/{add_mia(password=None)[1]}"
    assert pages.local(goal) == "/admin/"
    assert mia.signs_in(next=goal).location == "/admin/"
    assert Browser(app).sends(link, next=goal).location == "/admin/"


def test_a_page_for_moderators_sends_to_the_door_and_back(mia: Browser) -> None:
    sent = mia.opens("/admin/account?done=name")
    assert (sent.status_code, sent.location) == (303, "/admin/sign-in?next=/admin/account?done%3Dname")
    form = mia.opens(sent.location)
    assert 'value="/admin/account?done=name"' in form.text
    assert mia.signs_in(next="/admin/account?done=name").location == "/admin/account?done=name"
