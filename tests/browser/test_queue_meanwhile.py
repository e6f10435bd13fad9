"""What others do while Mia looks at the queue: it comes to her, and nothing moves under her hands."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.articles import Articles
from tests.browser.conftest import Axe, Complaints, Service, serving, sign_in
from tests.browser.test_queue import still_waiting

MORE = 4_300


@pytest.fixture
def word(request: pytest.FixtureRequest) -> str:
    """One that finds what this test wrote."""
    return f"meanwhile{abs(hash(request.node.name)) % 10**8}"


@pytest.fixture
def mia(browser: Browser, service: Service, complaints: Complaints) -> Iterator[Page]:
    """The moderator, signed in, in a browser that takes its time."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(10_000)
    page = complaints.listen(context.new_page())
    sign_in(page, service)
    yield page
    context.close()


def write(
    service: Service, articles: Articles, word: str, number: int, page: str = "/meanwhile"
) -> list[dict[str, Any]]:
    return [
        service.submit(page, articles.url, body=f"{word} {i}", email=f"{word}{i}@example.org", name=f"N {i}")
        for i in range(number)
    ]


def looks_again(page: Page, hidden: bool = False) -> None:
    """Let the tab be looked at again, or not."""
    page.evaluate("hidden => Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })", hidden)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_what_is_new_waits_behind_its_number(
    mia: Page, service: Service, articles: Articles, word: str, axe: Axe
) -> None:
    write(service, articles, word, 2)
    mia.goto(f"{service.url}/admin/")
    before = mia.locator(".entry").count()
    shown = mia.locator(".tabs [aria-current] .count")
    waiting = int(shown.inner_text())
    mia.locator(".entry").nth(1).focus()
    write(service, articles, f"{word}new", 3, "/elsewhere")
    looks_again(mia)
    expect(mia.get_by_role("link", name="3 new")).to_be_visible()
    expect(shown).to_have_text(str(waiting + 3))
    expect(mia.locator(".entry")).to_have_count(before)
    expect(mia.locator(".entry").nth(1)).to_be_focused()
    assert axe(mia) == []
    mia.get_by_role("link", name="3 new").click()
    expect(mia.locator(".entry .body").first).to_have_text(f"{word}new 2")
    expect(mia.get_by_role("link", name="3 new")).to_have_count(0)


def test_the_counts_are_asked_for_cheaply_and_only_while_they_are_seen(
    mia: Page, service: Service, articles: Articles, word: str
) -> None:
    write(service, articles, word, 1)
    mia.goto(f"{service.url}/admin/")
    session = mia.context.new_cdp_session(mia)
    session.send("Network.enable")
    statuses: list[int] = []
    session.on("Network.responseReceivedExtraInfo", lambda event: statuses.append(event["statusCode"]))
    asked: list[str] = []
    mia.on("request", lambda request: asked.append(request.url) if "arrivals" in request.url else None)
    for _ in range(2):
        with mia.expect_response(re.compile("arrivals")):
            looks_again(mia)
    mia.wait_for_timeout(200)
    assert statuses[-2:] == [200, 304]
    looks_again(mia, hidden=True)
    mia.wait_for_timeout(300)
    assert len(asked) == 2


def test_a_page_that_was_empty_says_what_came(browser: Browser, articles: Articles, tmp_path: Path) -> None:
    with serving(articles.url, tmp_path) as service:
        page = browser.new_context(locale="en-GB").new_page()
        sign_in(page, service)
        expect(page.get_by_text("Nothing waits. Well done.")).to_be_visible()
        service.submit("/first", articles.url, body="The first of all")
        looks_again(page)
        page.get_by_role("link", name="1 new").click()
        expect(page.locator(".entry .body")).to_have_text("The first of all")
        page.context.close()


def test_who_comes_second_is_told_who_was_first_and_decides_on_what_is_there(
    mia: Page, service: Service, articles: Articles, word: str
) -> None:
    write(service, articles, word, 1)
    mia.goto(f"{service.url}/admin/?q={word}")
    service.decide(f"{word} 0", "spam")
    mia.keyboard.press("a")
    told = mia.locator(".entry.unsaved")
    expect(told).to_have_attribute("data-unsaved", re.compile(r"^Mia marked this as spam (now|\d+ seconds? ago)\.$"))
    told.focus()
    mia.keyboard.press("a")
    expect(mia.locator("#outcome")).to_contain_text("Approved: 1 comment.")
    expect(mia.locator(".entry")).to_have_count(0)


@pytest.fixture
def noah(browser: Browser, service: Service, complaints: Complaints) -> Iterator[Page]:
    """The other moderator."""
    context: BrowserContext = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    page = complaints.listen(context.new_page())
    page.goto(service.command("moderator", "add", "noah@desk.example", "--name", "Noah").split()[-1])
    page.get_by_role("button", name="Sign in").click()
    yield page
    context.close()


def test_two_decide_the_same_fifty_at_once_in_opposite_ways(
    mia: Page, noah: Page, service: Service, articles: Articles, word: str
) -> None:
    ids = {comment["id"] for comment in write(service, articles, word, 50)}
    for page in (mia, noah):
        page.goto(f"{service.url}/admin/?q={word}")
        expect(page.locator(".entry")).to_have_count(50)
    for _ in range(10):
        for _ in range(5):
            mia.keyboard.press("a")
            noah.keyboard.press("s")
        mia.wait_for_timeout(150)
    assert still_waiting(service, word, 0) == 0
    for page, lost in ((mia, "Noah marked this as spam"), (noah, "Mia approved this")):
        expect(page.locator("#outcome p").first).to_contain_text(re.compile(r": \d+ comments?|Approved|Marked"))
        page.wait_for_timeout(1_500)
        for entry in page.locator(".entry.unsaved").all():
            expect(entry).to_have_attribute("data-unsaved", re.compile(f"^{lost}"))
    of_mia, of_noah = (page.locator(".entry.unsaved").count() for page in (mia, noah))
    assert of_mia + of_noah == 50, "each was decided once, and told to whoever came second"
    found = service._ask(f"comments?q={word}&limit=200&status=")["comments"]
    assert {comment["id"] for comment in found} == ids
    assert sorted(comment["version"] for comment in found) == [2] * 50
    by = [(comment["status"], comment["decided_by"]) for comment in found]
    assert set(by) <= {("approved", "Mia"), ("spam", "Noah")}
    assert by.count(("spam", "Noah")) == of_mia


def multiply(database: Path, number: int) -> None:
    """Put copies of the one comment there is into the database, so many."""
    with closing(sqlite3.connect(database)) as connection, connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(comment)")]
        values = {name: name for name in columns}
        values["id"] = "substr(c.id, 1, 24) || printf('%08x', n.number)"
        values |= dict.fromkeys(("fingerprint", "group_key", "address_sealed", "address_key"), "NULL")
        connection.execute(
            "WITH RECURSIVE n (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM n WHERE number < ?)"
            f" INSERT INTO comment ({', '.join(columns)})"
            f" SELECT {', '.join(v if v != name else f'c.{name}' for name, v in values.items())} FROM comment c, n",
            (number,),
        )
        connection.execute("UPDATE status_count SET number = number + ? WHERE status = 'pending'", (number,))


def test_progress_is_told_while_very_many_are_decided(browser: Browser, articles: Articles, tmp_path: Path) -> None:
    with serving(articles.url, tmp_path) as service:
        service.submit("/many", articles.url, body="One of very many")
        multiply(tmp_path / "comments.sqlite3", MORE)
        page = browser.new_context(locale="en-GB").new_page()
        sign_in(page, service)
        page.evaluate(
            "new MutationObserver(() => (sessionStorage.told += document.getElementById('said').textContent + '|'))"
            ".observe(document.getElementById('said'), { childList: true })"
        )
        page.keyboard.press("Shift+X")
        expect(page.locator("#picked")).to_have_text("4,301 selected, all that match")
        page.keyboard.press("Shift+S")
        expect(page.locator("#outcome")).to_contain_text("Decided: 4,301 comments.", timeout=60_000)
        told = page.evaluate("sessionStorage.told").split("|")
        assert any(re.fullmatch(r"[1-4],\d{3} of 4,301 so far", line) for line in told), told
        page.context.close()
