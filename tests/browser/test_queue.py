"""Mia at her desk: a key decides, and every decision can be taken back."""

import json
import re
import time

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.articles import Articles
from tests.browser.conftest import Service, sign_in


@pytest.fixture
def waiting(service: Service, articles: Articles, request: pytest.FixtureRequest) -> str:
    """A hundred comments of this test, one word in each that finds them."""
    word = f"word{abs(hash(request.node.name)) % 10**8}"
    for number in range(100):
        service.submit(
            "/desk", articles.url, body=f"{word} {number}", email=f"e{number}@example.org", name=f"N{number}"
        )
    return word


def test_a_hundred_comments_take_a_hundred_keys_and_few_requests(mia: Page, waiting: str, service: Service) -> None:
    mia.goto(f"{service.url}/admin/?q={waiting}")
    asked: list[Request] = []
    mia.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - Playwright takes no builtins
    pressed = 0
    for left in range(100, 0, -1):
        if left % 50 == 0:
            expect(mia.locator(".entry")).to_have_count(50)
        mia.keyboard.press("a")
        pressed += 1
    expect(mia.get_by_text("Nothing matches.")).to_be_visible()
    expect(mia.locator("#outcome")).to_contain_text(re.compile(r"Approved: \d+ comments"))
    assert pressed == 100
    assert still_waiting(service, waiting, 0) == 0
    decisions = [r for r in asked if r.method == "POST"]
    assert len(decisions) <= 15
    assert len({request.headers["idempotency-key"] for request in decisions}) == len(decisions)


def still_waiting(service: Service, what: str, expected: int) -> int:
    """How many of these wait, once it is the expected number; the last batch may be on its way."""
    until = time.monotonic() + 5
    while True:
        number = sum(what in comment["body_source"] for comment in service.waiting())
        if number == expected or time.monotonic() > until:
            return number


def test_z_takes_back_what_was_decided_last(mia: Page, waiting: str, service: Service) -> None:
    mia.goto(f"{service.url}/admin/?q={waiting}")
    first = mia.locator(".entry").first
    name = first.get_attribute("id")
    mia.keyboard.press("s")
    expect(mia.locator(f"#{name}")).to_have_count(0)
    expect(mia.locator("#outcome")).to_contain_text("Marked as spam")
    mia.keyboard.press("z")
    expect(mia.locator(f"#{name}")).to_be_visible()
    expect(mia.locator(f"#{name}")).to_be_focused()
    assert still_waiting(service, waiting, 100) == 100


def test_the_last_thirty_are_taken_back(mia: Page, waiting: str, service: Service) -> None:
    mia.goto(f"{service.url}/admin/?q={waiting}")
    for _ in range(50):
        mia.keyboard.press("a")
    expect(mia.locator(".entry")).to_have_count(50)
    last = [entry.get_attribute("data-id") for entry in mia.locator(".entry").all()[20:]]
    for _ in range(20):
        mia.keyboard.press("s")
    assert still_waiting(service, waiting, 30) == 30
    for _ in range(30):
        mia.keyboard.press("d")
    assert still_waiting(service, waiting, 0) == 0
    while still_waiting(service, waiting, 30) < 30:
        told = mia.locator("#outcome").inner_text()
        mia.keyboard.press("z")
        expect(mia.locator("#outcome")).not_to_have_text(told)
    expect(mia.locator(".entry")).to_have_count(30)
    assert {comment["id"] for comment in service.waiting() if waiting in comment["body_source"]} == set(last)
    found = service._ask(f"comments?q={waiting}&limit=200")["comments"]
    assert sorted(comment["status"] for comment in found) == ["approved"] * 50 + ["pending"] * 30 + ["spam"] * 20


def test_whoever_leaves_with_unsent_decisions_is_asked(mia: Page, waiting: str, service: Service) -> None:
    mia.goto(f"{service.url}/admin/?q={waiting}")
    asked: list[str] = []
    mia.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    mia.route("**/api/v1/moderation/decisions", lambda route: None)  # a line that hangs
    mia.locator(".entry").first.click()
    mia.keyboard.press("a")
    mia.reload()
    assert asked == ["beforeunload"]


def test_a_comment_that_somebody_else_decided_comes_back_and_says_so(mia: Page, waiting: str, service: Service) -> None:
    mia.goto(f"{service.url}/admin/?q={waiting}")
    first = mia.locator(".entry").first
    [comment] = [c for c in service.waiting() if c["id"] == first.get_attribute("data-id")]
    service.decide(comment["body_source"], "spam")
    mia.keyboard.press("a")
    expect(mia.locator(".entry.unsaved")).to_have_attribute("data-unsaved", re.compile("^Mia marked this as spam"))


def test_decisions_that_could_not_be_sent_come_back(mia: Page, waiting: str, service: Service) -> None:
    mia.goto(f"{service.url}/admin/?q={waiting}")
    mia.route("**/api/v1/moderation/decisions", lambda route: route.fulfill(status=400, body="{}"))
    mia.keyboard.press("a")
    expect(mia.locator(".entry.unsaved")).to_have_count(1)
    expect(mia.locator("#outcome")).to_contain_text("Not saved")


def test_keys_are_for_the_queue_only(mia: Page, waiting: str, service: Service) -> None:
    mia.goto(f"{service.url}/admin/?q={waiting}")
    mia.keyboard.press("/")
    mia.keyboard.type("asd")
    mia.keyboard.press("Control+a")
    expect(mia.locator(".entry")).to_have_count(50)
    mia.locator(".entry").first.focus()
    mia.keyboard.press("?")
    expect(mia.get_by_role("heading", name="Keys")).to_be_visible()
    mia.get_by_label("Single keys work").uncheck()
    mia.keyboard.press("Escape")
    mia.locator(".entry").first.focus()
    mia.keyboard.press("a")
    expect(mia.locator(".entry")).to_have_count(50)


def test_the_queue_works_without_scripts(browser: Browser, waiting: str, service: Service) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    sign_in(page, service)
    page.goto(f"{service.url}/admin/?q={waiting}")
    for entry in page.locator(".entry").all()[:3]:
        entry.get_by_label("Approve").check()
    page.locator(".entry").nth(3).get_by_label("Spam").check()
    page.get_by_role("button", name="Save all").click()
    expect(page.locator("#outcome")).to_contain_text("4 comments")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#outcome")).to_contain_text("Undid: 4 comments.")
    assert still_waiting(service, waiting, 100) == 100
    context.close()


def test_a_hundred_are_cleared_without_scripts(browser: Browser, waiting: str, service: Service) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    sign_in(page, service)
    page.goto(f"{service.url}/admin/?q={waiting}")
    for _ in range(2):
        for number, entry in enumerate(page.locator(".entry").all()):
            entry.get_by_label("Spam" if number % 10 == 0 else "Approve").check()
        page.get_by_role("button", name="Save all").click()
        expect(page.locator("#outcome")).to_contain_text("50 comments")
    expect(page.get_by_text("Nothing matches.")).to_be_visible()
    found = service._ask(f"comments?q={waiting}&limit=200")["comments"]
    assert sorted(comment["status"] for comment in found) == ["approved"] * 90 + ["spam"] * 10
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#outcome")).to_contain_text("Undid: 50 comments.")
    assert still_waiting(service, waiting, 50) == 50
    context.close()


def test_hostile_words_are_words(mia: Page, service: Service, articles: Articles) -> None:
    mia.add_init_script("window.alert = () => { window.struck = true }")
    body = "</p><script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1)) hostile-words"
    service.submit("/desk", articles.url, body=body, name='"><svg onload=alert(1)>', email="h@example.org")
    mia.goto(f"{service.url}/admin/?q=hostile-words")
    expect(mia.locator(".entry .body")).to_have_text(body)
    assert mia.evaluate("window.struck") is None
    assert json.loads(mia.evaluate("JSON.stringify([...document.querySelectorAll('.entry a')].map(a => a.protocol))"))
    assert mia.locator(".entry img, .entry svg[onload], .entry script").count() == 0
