"""The whole path: real articles of other people, real texts, one moderator, and the next reader."""

import csv
import json
import re
import secrets
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from comments_service.comments import form
from comments_service.errors import InvalidForm
from tests.browser.articles import Articles
from tests.browser.conftest import Service, serving, sign_in
from tests.browser.reader import HELD, Reader

PAGES = ("bootstrap", "bootstrap-rtl", "mkdocs-material", "tailwind-preflight")
MOUNT = re.compile(r'<div id="comments">\s*</div>')
SNIPPET = (
    '<div id="comments"><comments-thread site="blog" eager></comments-thread>'
    '<script async src="{service}/embed.js"></script></div>'
)
NAUGHTY = slice(20, None, 97)  # a handful from all over the list
# Every computed style of every element around the widget, but for the measures that a longer page changes.
STYLES = """() => [...document.querySelectorAll('*')]
  .filter(e => !e.closest('comments-thread, #comments, script, head'))
  .map(e => { const s = getComputedStyle(e); return e.tagName + [...s]
    .filter(p => !/^(height|block-size|width|inline-size|perspective-origin|transform-origin|inset.*|top|bottom|left|right)$/.test(p))
    .map(p => s.getPropertyValue(p)).join('|') })"""
# What a host's sheet would have to change to reach the form; fonts and colours are inherited on purpose.
FORM = """() => [...document.querySelector('comments-thread').shadowRoot.querySelectorAll('form :is(label, input, textarea, button, h2, p)')]
  .map(e => { const s = getComputedStyle(e); return [e.tagName, s.display, s.position, s.float, s.boxSizing, s.textTransform,
    s.letterSpacing, s.borderTopStyle, s.borderTopWidth, s.boxShadow, s.backgroundImage, s.visibility, s.opacity].join(' ') })"""


@pytest.fixture(params=PAGES)
def embedded(request: pytest.FixtureRequest, data: Path, articles: Articles, service: Service) -> str:
    """Somebody's article with our snippet in it."""
    folder = data / "pages" / request.param
    articles.lay_out(folder)
    html, found = MOUNT.subn(SNIPPET.format(service=service.url), (folder / "index.html").read_text())
    assert found == 1
    return articles.publish(service.url, f"/{request.param}/index.html", html)


@pytest.fixture
def texts(data: Path) -> list[str]:
    """What people wrote who were no spammers, and strings that have broken other people's software."""
    with (data / "spam" / "Youtube01-Psy.csv").open(encoding="utf-8") as file:
        ham = [row["CONTENT"] for row in csv.DictReader(file) if row["CLASS"] == "0"][:4]
    naughty = [text for text in json.loads((data / "naughty" / "blns.json").read_text())[NAUGHTY] if is_taken(text)]
    assert len(naughty) >= 3
    return ham + naughty


def is_taken(text: str) -> bool:
    """Whether the form takes `text` as a comment."""
    try:
        return bool(form.parse_body({"body": text}, str))
    except InvalidForm:
        return False


def letters(text: str) -> str:
    """The letters and digits of `text`: what no markup takes away."""
    return "".join(c for c in text if c.isalnum())


def test_from_the_snippet_to_the_next_reader(
    embedded: str, texts: list[str], page: Page, mia: Page, service: Service, browser: Browser
) -> None:
    ada, family = Reader(page).opens(embedded), f"Lovelace{secrets.token_hex(4)}"
    for number, text in enumerate(texts):
        ada.writes(text, name=f"Ada {family} {number}", email=f"ada{number}@ada-lovelace.org")
    mia.goto(f"{service.url}/admin/?q={family}")
    expect(mia.locator(".entry")).to_have_count(len(texts))
    for left in range(len(texts), 0, -1):
        expect(mia.locator(".entry")).to_have_count(left)
        mia.keyboard.press("a")
    expect(mia.get_by_text("Nothing matches.")).to_be_visible()
    expect(mia.locator("#outcome")).to_contain_text(re.compile(r"Approved: \d+ comments"))
    context = browser.new_context(locale="en-GB")
    ben = Reader(context.new_page()).opens(embedded)
    expect(ben.comments()).to_have_count(len(texts))
    for number, text in enumerate(texts[:4]):
        assert letters(text) in letters(ben.comments().nth(number).locator(".body").inner_text())
    assert ben.page.locator("comments-thread").locator("script, img, iframe, style, svg").count() == 0
    assert "ada-lovelace" not in ben.page.evaluate("document.querySelector('comments-thread').shadowRoot.innerHTML")
    context.close()


def test_the_article_around_it_stays_as_it_was(embedded: str, page: Page) -> None:
    page.route("**/bundle.*.js", lambda route: route.abort())  # a script of the article that restyles it on scrolling
    page.route("**/embed.js", lambda route: route.abort())
    page.goto(embedded)
    before = page.evaluate(STYLES)
    page.unroute("**/embed.js")
    Reader(page).opens(embedded)
    after = page.evaluate(STYLES)
    assert len(before) > 10
    assert [(b, a) for b, a in zip(before, after, strict=True) if b != a] == []


def test_the_styles_of_the_article_do_not_reach_the_form(
    embedded: str, page: Page, article: Callable[..., str]
) -> None:
    bare = Reader(page).opens(article()).page.evaluate(FORM)
    there = Reader(page).opens(embedded).page.evaluate(FORM)
    assert len(bare) > 10
    assert there == bare


def test_whom_mia_trusts_is_published_at_once_and_a_stranger_by_her_name_is_held(
    articles: Articles, page: Page, browser: Browser, tmp_path: Path
) -> None:
    # A service of its own, for who trusts somebody trusts nobody who writes as much as a test suite.
    with serving(articles.url, tmp_path) as service, closing(browser.new_context(locale="en-GB")) as desk:
        sign_in(mia := desk.new_page(), service)
        first, second = (articles.publish(service.url, path) for path in ("/trusted/first", "/trusted/second"))
        ada = Reader(page).opens(first)
        ada.page.get_by_label("Save my name").check()
        ada.writes("Nobody knows me yet")
        expect(ada.own()).to_contain_text(HELD)
        mia.goto(f"{service.url}/admin/")
        mia.keyboard.press("t")
        expect(mia.locator("#outcome")).to_contain_text("Trusted.")
        ada.opens(second).writes("Now they do")
        expect(ada.hears()).to_have_text("Thank you. Your comment is published.")
        with closing(browser.new_context(locale="en-GB")) as elsewhere:
            eve = Reader(elsewhere.new_page()).opens(second)
            expect(eve.comments()).to_contain_text("Now they do")
            eve.writes("I am Ada")
            expect(eve.own()).to_contain_text(HELD)
        mia.goto(f"{service.url}/admin/")
        expect(mia.locator(".entry")).to_have_count(1)
        expect(mia.locator(".entry")).to_contain_text("I am Ada")
        expect(mia.locator(".entry")).to_contain_text("nothing proves that it is them")
