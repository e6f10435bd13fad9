"""Every page of the moderators in each of its states: light, dark, narrow, in forced colours, and from right to left.

axe finds nothing on any of them, nothing sticks out at the side, and what is pressed is as large as a thumb.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from comments_service import config
from comments_service.moderation import by_mail
from comments_service.signing import Signer
from tests.browser.articles import Articles
from tests.browser.conftest import Axe, Service
from tests.browser.test_queue_meanwhile import looks_again

LIKE = "Watches and bags for every wrist and shoulder, straight from our workshop in the hills, lot {}"


@dataclass(frozen=True)
class Look:
    """How somebody looks at the pages."""

    name: str
    scheme: str = "light"
    width: int = 1280
    language: str = "en"
    forced: bool = False

    def context(self, browser: Browser) -> BrowserContext:
        seen: dict[str, Any] = {"color_scheme": self.scheme, "forced_colors": "active" if self.forced else "none"}
        context = browser.new_context(
            viewport={"width": self.width, "height": 900}, locale=self.language, reduced_motion="reduce", **seen
        )
        context.set_default_timeout(10_000)
        return context


LOOKS = (
    Look("light"),
    Look("dark, narrow", "dark", 320),
    Look("forced colours, right to left, narrow", width=320, language="ar", forced=True),
)


@dataclass
class Desk:
    """A moderator's browser that goes from state to state; each is named as it is reached."""

    page: Page
    service: Service
    articles: Articles
    word: str

    def opens(self, path: str) -> None:
        self.page.goto(self.service.url + path)

    def sends(self, selector: str) -> None:
        """Send a form as it is, whatever the browser thinks of what was typed."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.evaluate("form => { form.noValidate = true; form.requestSubmit() }")

    def writes(self, body: str, who: str, **fields: Any) -> dict[str, Any]:
        return self.service.submit("/looks", self.articles.url, body=body, email=f"{who}@example.org", **fields)

    def states(self) -> Iterator[str]:
        yield from self._door()
        yield from self._queue()
        yield from self._comments()
        yield from self._owner()
        yield from self._account()
        yield from self._mail()

    def _door(self) -> Iterator[str]:
        self.opens("/admin/sign-in")
        yield "sign in"
        self.page.locator("#address").fill("nobody@example.org")
        self.page.locator("#password").fill("not the password at all")
        self.sends("main form")
        yield "sign in, refused"
        self.opens("/admin/sign-in/used-up")
        yield "a link that was used"
        self.page.goto(self.service.invites())
        yield "a link"
        self.sends("main form")

    def _queue(self) -> Iterator[str]:
        word = self.word
        self.writes(f"The question of {word}", f"{word}q")
        parent = self.service.approve(f"The question of {word}")
        for number in range(3):
            self.writes(f"{LIKE.format(number)} {word}", f"{word}{number}", name=f"Seller {number}")
        links = f"{word} [bank](http://exаmple.com/a) http://bit.ly/x http://c.example/{'long' * 20}"
        self.writes(links, f"{word}q", name="Cy", website="https://cy.example", parent=parent["id"])
        self.writes(f"{word} last", f"{word}z")
        self.opens(f"/admin/?q={word}")
        yield "queue"
        self.page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
        self.page.keyboard.press("j")
        for key in ("h", "x", "r"):
            self.page.keyboard.press(key)
        expect(self.page.locator(".answer")).to_have_count(1)
        yield "queue, everything open, one selected, an answer begun"
        self.opens(f"/admin/?q={word}")
        self.page.keyboard.press("?")
        yield "keys"
        self.page.locator("#help .key").first.click()
        yield "keys, one waited for"
        self.opens(f"/admin/?q={word}")
        self.page.keyboard.press("b")
        yield "block"
        self.page.locator("#block-cancel").click()
        self.page.route("**/decisions", lambda route: route.fulfill(status=400, body="{}"))
        self.page.keyboard.press("a")
        expect(self.page.locator(".entry.unsaved")).to_have_count(1)
        yield "queue, one not saved"
        self.page.unroute("**/decisions")
        self.page.keyboard.press("s")
        expect(self.page.locator("#outcome button")).to_be_visible()
        yield "queue, one decided"
        self.opens("/admin/")
        self.writes(f"{word} fresh", f"{word}f")
        looks_again(self.page)
        expect(self.page.locator("#fresh")).to_be_visible()
        yield "queue, new ones wait"
        for name, query in (("nothing found", "q=nothing-like-it"), ("a wrong search", "q=link:x+colour:red")):
            self.opens(f"/admin/?{query}")
            yield name
        for status in ("approved", "spam", "trash", ""):
            self.opens(f"/admin/?status={status}")
            yield f"queue, {status or 'any status'}"

    def _comments(self) -> Iterator[str]:
        card = next(one for one in self.service.waiting() if f"{self.word} last" in one["body_source"])
        self.opens(f"/admin/comments/{card['id']}")
        yield "comment"
        self.page.locator("#body").fill("")
        self.sends("form:has(#body)")
        yield "comment, refused"
        self.opens(f"/admin/threads/{self.service.thread(card)}")
        yield "discussion"
        self.page.locator("#page").fill("/no-such-page")
        with self.page.expect_navigation():
            self.page.locator("button[value=merge]").click()
        yield "discussion, refused"
        self.page.locator("button[value=pin]").first.click()
        yield "discussion, one pinned"
        self.opens("/admin/blocks")
        self.page.locator("#what").fill(f"{self.word}.example")
        self.page.locator("#kind").select_option("domain")
        self.page.locator("#reason").fill("Sells pills")
        self.page.locator("#days").select_option("7")
        self.sends("form:has(#what)")
        yield "blocks, one blocked"
        self.page.locator("#what").fill("nothing")
        self.sends("form:has(#what)")
        yield "blocks, refused"
        self.opens("/admin/events")
        self.page.locator("main li form button").first.click()
        yield "log, one undone"
        self.opens("/admin/nowhere")
        yield "nowhere"

    def _mail(self) -> Iterator[str]:
        """What a link in a mail opens, to whoever is not signed in."""
        self.page.context.clear_cookies()
        card = self.writes(f"{self.word} by mail", f"{self.word}m")
        with closing(sqlite3.connect(self.service.place / "comments.sqlite3")) as connection:
            [(mia,)] = connection.execute("SELECT id FROM moderator WHERE name = 'Mia'").fetchall()
        signer = Signer(config.Settings(instance_path=self.service.place).keys())
        token = by_mail.token(UUID(card["id"]), 1, UUID(mia), signer, datetime.now(UTC))
        self.opens(f"/admin/mail/{token}")
        yield "a letter"
        with self.page.expect_navigation():
            self.page.locator(".verb-approved").click()
        yield "a letter, decided"

    def _owner(self) -> Iterator[str]:
        self.opens("/admin/numbers")
        for summary in self.page.locator("summary").all():
            summary.click()
        yield "numbers"
        self.opens("/admin/settings")
        yield "settings"
        with self.page.expect_navigation():
            self.page.locator("button[formaction*=try]").click()
        yield "settings, tried"
        self.page.locator("#origins").fill("nowhere")
        self.sends("form.groups")
        yield "settings, refused"
        self.opens("/admin/people")
        self.page.locator("#name").fill("Ida")
        self.page.locator("#email").fill(f"{self.word}@desk.example")
        self.sends("form:has(#email)")
        yield "people, one invited"
        link = self.page.locator("pre code").inner_text()
        self.page.locator("#name").fill("Ida")
        self.page.locator("#email").fill("ida")
        self.sends("form:has(#email)")
        yield "people, refused"
        self.page.goto(link)
        yield "invitation"

    def _account(self) -> Iterator[str]:
        self.opens("/admin/account")
        yield "account"
        self.sends("form:has(#password)")
        yield "account, refused"
        self.sends("form:has(#language)")
        yield "account, changed"
        self.opens("/admin/account/codes")
        yield "second step"
        self.sends("form:has(#code)")
        yield "second step, refused"
        self.opens("/admin/account/passkeys")
        yield "passkeys"


@pytest.fixture
def word(request: pytest.FixtureRequest) -> str:
    """One that finds what this test wrote."""
    return f"looks{abs(hash(request.node.name)) % 10**8}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_axe_finds_nothing_in_any_state(
    browser: Browser, service: Service, articles: Articles, axe: Axe, word: str, look: Look
) -> None:
    context = look.context(browser)
    page = context.new_page()
    desk, reached = Desk(page, service, articles, word), 0
    for state in desk.states():
        assert (state, axe(page)) == (state, [])
        assert (state, page.evaluate("document.documentElement.scrollWidth <= innerWidth")) == (state, True)
        root = page.locator("html")
        assert (root.get_attribute("lang"), root.get_attribute("dir")) == (look.language, way(look.language)), state
        reached += 1
    assert reached > 35
    context.close()


def way(language: str) -> str:
    return "rtl" if language in {"ar", "he"} else "ltr"


@pytest.mark.parametrize("language", ["en", "de", "ja"])
def test_what_is_pressed_in_the_queue_is_as_large_as_a_thumb(
    browser: Browser, service: Service, articles: Articles, word: str, language: str
) -> None:
    service.submit("/looks", articles.url, body=word, email=f"{word}@example.org")
    context = Look("narrow", width=320, language=language).context(browser)
    page = context.new_page()
    page.goto(service.invites())
    page.locator("main form button").click()
    page.goto(f"{service.url}/admin/?q={word}")
    for pressed in page.locator(".entry .actions :is(button, .button):visible, .tabs a, .search button, .bar a").all():
        box = pressed.bounding_box()
        assert box
        assert box["height"] >= 44, pressed.inner_text()
    assert re.search(r"\S", page.locator(".entry .verb-approved").inner_text())
    assert page.locator("[role=status]:visible, [role=alert]:visible").count() <= 1, "one region tells what happened"
    context.close()
