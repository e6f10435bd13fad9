"""Every key of the queue: many at once, people, history and places."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.articles import Articles
from tests.browser.conftest import Axe, Complaints, Service, serving, sign_in


@pytest.fixture(scope="module")
def session(browser: Browser, service: Service) -> Any:
    """What Mia's browser keeps once she has signed in."""
    context = browser.new_context()
    sign_in(context.new_page(), service)
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def desk(browser: Browser, session: Any, complaints: Complaints) -> Iterator[Page]:
    """Mia's browser, signed in."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900}, storage_state=session)
    context.set_default_timeout(10_000)
    yield complaints.listen(context.new_page())
    context.close()


@pytest.fixture
def word(request: pytest.FixtureRequest) -> str:
    """One that finds what this test wrote."""
    return f"key{abs(hash(request.node.name)) % 10**8}"


def write(service: Service, articles: Articles, word: str, number: int) -> list[dict[str, Any]]:
    return [
        service.submit("/keys", articles.url, body=f"{word} {i}", email=f"{word}{i}@example.org", name=f"N {word} {i}")
        for i in range(number)
    ]


def left(service: Service, word: str) -> int:
    return len([c for c in service.waiting() if word in c["body_source"]])


def test_x_selects_and_shift_decides_on_the_selection(
    desk: Page, service: Service, articles: Articles, word: str
) -> None:
    write(service, articles, word, 4)
    desk.goto(f"{service.url}/admin/?q={word}")
    for key in ("x", "j", "j", "x"):
        desk.keyboard.press(key)
    expect(desk.locator("#picked")).to_have_text("2 selected")
    desk.keyboard.press("Shift+S")
    expect(desk.locator("#outcome")).to_contain_text("Marked as spam: 2 comments.")
    expect(desk.locator(".entry")).to_have_count(2)
    assert left(service, word) == 2
    desk.keyboard.press("z")
    expect(desk.locator(".entry")).to_have_count(4)
    assert left(service, word) == 4


def test_shift_x_selects_all_that_match_also_on_other_pages(
    desk: Page, service: Service, articles: Articles, word: str
) -> None:
    write(service, articles, word, 6)
    desk.goto(f"{service.url}/admin/?q={word}&limit=4")
    expect(desk.locator(".entry")).to_have_count(4)
    desk.keyboard.press("Shift+X")
    expect(desk.locator("#picked")).to_have_text("6 selected, all that match")
    desk.keyboard.press("Shift+X")
    expect(desk.locator("#picked")).to_have_text("")
    desk.keyboard.press("Shift+X")
    desk.keyboard.press("Shift+D")
    expect(desk.locator("#outcome")).to_contain_text("Decided: 6 comments.")
    assert left(service, word) == 0
    desk.get_by_role("button", name="Undo").click()
    expect(desk.locator("#outcome")).to_contain_text("Undid: 6 comments.")
    assert left(service, word) == 6


def test_what_was_not_counted_to_the_end_is_before_it_is_decided(
    desk: Page, service: Service, articles: Articles, word: str
) -> None:
    write(service, articles, word, 6)
    desk.goto(f"{service.url}/admin/?q={word}&limit=4")
    desk.evaluate("Object.assign(document.getElementById('queue').dataset, { uncounted: '', total: 5 })")
    desk.keyboard.press("Shift+X")
    expect(desk.locator("#picked")).to_have_text("6 selected, all that match")
    desk.keyboard.press("Shift+S")
    expect(desk.locator("#outcome")).to_contain_text("Decided: 6 comments.")
    assert left(service, word) == 0


def test_r_approves_and_replies_in_place(desk: Page, service: Service, articles: Articles, word: str) -> None:
    write(service, articles, word, 2)
    desk.goto(f"{service.url}/admin/?q={word}")
    desk.keyboard.press("r")
    desk.keyboard.type("Let it be")
    desk.keyboard.press("Escape")
    expect(desk.locator(".answer")).to_have_count(0)
    desk.keyboard.press("r")
    desk.keyboard.type(f"An answer to {word}")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#outcome")).to_contain_text("Approved, and your reply is published.")
    expect(desk.locator(".entry")).to_have_count(1)
    assert left(service, word) == 1
    desk.goto(f"{service.url}/s/blog/thread?page=/keys")
    expect(desk.get_by_text(f"An answer to {word}")).to_be_visible()


def test_t_approves_and_trusts_and_z_takes_it_back(desk: Page, service: Service, articles: Articles, word: str) -> None:
    write(service, articles, word, 1)
    desk.goto(f"{service.url}/admin/?q={word}")
    desk.keyboard.press("t")
    expect(desk.locator("#outcome")).to_contain_text("Trusted.")
    desk.keyboard.press("z")
    expect(desk.locator("#outcome")).to_contain_text("Undid")
    desk.keyboard.press("z")
    expect(desk.locator(".entry")).to_have_count(1)
    desk.goto(f"{service.url}/admin/blocks")
    expect(desk.get_by_text(f"N {word} 0")).to_have_count(0)


def test_t_on_what_the_checks_published_leaves_a_card_to_decide_on(
    browser: Browser, articles: Articles, complaints: Complaints, tmp_path: Path, word: str
) -> None:
    with serving(articles.url, tmp_path) as fresh:  # one that has learned nothing from what other tests decide
        fresh.command("site", "settings", "blog", "moderation=none", "hold_at=50")
        (published,) = write(fresh, articles, word, 1)
        assert fresh.status(published) == "approved"
        context = browser.new_context(locale="en-GB")
        desk = complaints.listen(context.new_page())
        sign_in(desk, fresh)
        desk.goto(f"{fresh.url}/admin/?q=is:approved+{word}")
        expect(desk.locator(".entry")).to_have_count(1)
        desk.keyboard.press("t")
        expect(desk.locator("#outcome")).to_contain_text("Trusted.")
        desk.keyboard.press("s")
        expect(desk.locator(".entry")).to_have_count(0)
        expect(desk.locator("#outcome")).to_contain_text("Marked as spam: 1 comment.")
        desk.goto(f"{fresh.url}/admin/?q=is:spam+{word}")
        expect(desk.locator(".entry")).to_have_count(1)
        context.close()


def test_b_blocks_and_the_comment_is_spam(
    desk: Page, service: Service, articles: Articles, word: str, axe: Axe
) -> None:
    write(service, articles, word, 2)
    desk.goto(f"{service.url}/admin/?q={word}")
    desk.keyboard.press("b")
    expect(desk.get_by_role("heading", name=re.compile("^Block"))).to_be_visible()
    assert axe(desk) == []
    desk.get_by_label("name", exact=True).check()
    desk.get_by_label("Reason").fill("Sells pills")
    desk.get_by_label("For how long").select_option("A week")
    desk.get_by_role("button", name="Block", exact=True).click()
    expect(desk.locator("#outcome")).to_contain_text("Blocked.")
    assert left(service, word) == 1
    desk.goto(f"{service.url}/admin/blocks")
    expect(desk.get_by_text("Sells pills")).to_be_visible()
    assert axe(desk) == []


def test_h_shows_the_history_in_place(desk: Page, service: Service, articles: Articles, word: str) -> None:
    for text in ("the first", "the second"):
        service.submit("/keys", articles.url, body=f"{word} {text}", email=f"{word}@example.org")
    desk.goto(f"{service.url}/admin/?q={word}")
    desk.keyboard.press("h")
    expect(desk.locator(".entry").first.locator(".history")).to_contain_text(f"{word} the first")
    desk.keyboard.press("h")
    expect(desk.locator(".entry").first.locator(".history")).to_be_hidden()


def test_e_changes_the_text_in_place(desk: Page, service: Service, articles: Articles, word: str, axe: Axe) -> None:
    service.submit("/keys", articles.url, body=f"{word} is <rude>\n\nand long", email=f"{word}@example.org")
    desk.goto(f"{service.url}/admin/?q={word}")
    desk.keyboard.press("e")
    field = desk.get_by_role("textbox", name="Text", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_value(f"{word} is <rude>\n\nand long")
    assert axe(desk) == []
    desk.keyboard.press("Escape")
    expect(field).to_have_count(0)
    desk.keyboard.press("e")
    field.fill(f"{word} is <kind>")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#outcome")).to_contain_text("Saved.")
    expect(desk.locator(".entry .body")).to_have_text(f"{word} is <kind>")
    expect(desk.locator(".entry")).to_be_focused()
    desk.keyboard.press("a")
    expect(desk.locator(".entry")).to_have_count(0)
    expect(desk.locator("#outcome")).to_contain_text("Approved: 1 comment.")
    desk.goto(f"{service.url}/s/blog/thread?page=/keys")
    expect(desk.get_by_text(f"{word} is <kind>")).to_be_visible()


def test_o_opens_the_article_at_the_comment(desk: Page, service: Service, articles: Articles, word: str) -> None:
    [comment] = write(service, articles, word, 1)
    articles.publish(service.url, "/keys")
    desk.goto(f"{service.url}/admin/?q={word}")
    desk.keyboard.press("o")
    desk.wait_for_url(f"{articles.url}/keys#comment-{comment['id']}")


def test_p_shows_what_it_replies_to(desk: Page, service: Service, articles: Articles, word: str) -> None:
    service.submit("/keys", articles.url, body=f"The question of {word}", email=f"{word}@example.org")
    parent = service.approve(f"The question of {word}")
    service.submit("/keys", articles.url, body=f"{word} answered", email=f"{word}b@example.org", parent=parent["id"])
    desk.goto(f"{service.url}/admin/?q={word}")
    for shown in (True, False):
        desk.keyboard.press("p")
        expect(desk.get_by_text(f"The question of {word}")).to_be_visible(visible=shown)


def test_l_shows_where_links_lead(desk: Page, service: Service, articles: Articles, word: str, axe: Axe) -> None:
    service.submit("/keys", articles.url, body=f"{word} [see](http://linked.example/x)", email=f"{word}@example.org")
    desk.goto(f"{service.url}/admin/?q={word}")
    link = desk.get_by_role("link", name="http://linked.example/x")
    expect(link).to_have_count(0)
    desk.keyboard.press("l")
    expect(link).to_be_visible()
    expect(link).to_have_attribute("rel", "noreferrer nofollow noopener")
    assert axe(desk) == []


@pytest.mark.parametrize(("down", "up"), [("j", "k"), ("ArrowDown", "ArrowUp")])
def test_two_keys_move(desk: Page, service: Service, articles: Articles, word: str, down: str, up: str) -> None:
    write(service, articles, word, 3)
    desk.goto(f"{service.url}/admin/?q={word}")
    places = []
    for key in (down, down, down, up, up, up):
        desk.keyboard.press(key)
        places.append(desk.evaluate("[...document.querySelectorAll('.entry')].indexOf(document.activeElement)"))
    assert places == [1, 2, 2, 1, 0, 0]


@pytest.mark.parametrize(("key", "before", "after"), [("u", "approved", "pending"), ("u", "trash", "pending")])
def test_u_brings_it_back(
    desk: Page, service: Service, articles: Articles, word: str, key: str, before: str, after: str
) -> None:
    write(service, articles, word, 1)
    service.decide(word, before)
    desk.goto(f"{service.url}/admin/?status={before}&q={word}")
    desk.keyboard.press(key)
    expect(desk.locator("#outcome p").first).to_be_visible()
    expect(desk.locator(".entry")).to_have_count(0)
    desk.wait_for_timeout(1_200)
    assert left(service, word) == (after == "pending")


@pytest.mark.parametrize("key", ["a", "s", "d", "t", "b", "r"])
def test_a_key_that_is_held_down_removes_one(
    desk: Page, service: Service, articles: Articles, word: str, key: str
) -> None:
    write(service, articles, word, 3)
    desk.goto(f"{service.url}/admin/?q={word}")
    for repeat in (True, True):  # the finger came from another window
        desk.evaluate(
            "([key, repeat]) => document.activeElement.dispatchEvent("
            "new KeyboardEvent('keydown', { key, repeat, bubbles: true, cancelable: true }))",
            [key, repeat],
        )
    expect(desk.locator(".entry")).to_have_count(3)
    expect(desk.locator("dialog[open], .answer")).to_have_count(0)


@pytest.mark.parametrize("modifier", ["Control", "Alt", "Meta"])
def test_keys_with_a_modifier_are_the_browsers(
    desk: Page, service: Service, articles: Articles, word: str, modifier: str
) -> None:
    write(service, articles, word, 1)
    desk.goto(f"{service.url}/admin/?q={word}")
    for key in ("a", "s", "d", "t"):
        desk.locator(".entry").evaluate(
            "(card, [key, modifier]) => card.dispatchEvent(new KeyboardEvent('keydown',"
            " { key, [modifier]: true, bubbles: true, cancelable: true }))",
            [key, {"Control": "ctrlKey", "Alt": "altKey", "Meta": "metaKey"}[modifier]],
        )
    expect(desk.locator(".entry")).to_have_count(1)
    assert left(service, word) == 1


@pytest.mark.parametrize(("key", "status"), [("p", "pending"), ("a", "approved"), ("s", "spam"), ("t", "trash")])
def test_g_goes_to_places(desk: Page, service: Service, articles: Articles, word: str, key: str, status: str) -> None:
    write(service, articles, word, 1)
    desk.goto(f"{service.url}/admin/?q={word}")
    desk.keyboard.press("g")
    desk.keyboard.press(key)
    desk.wait_for_url(f"**/admin/?status={status}")
    assert left(service, word) == 1


def test_an_address_in_the_search_box_never_comes_into_a_link(desk: Page, service: Service, articles: Articles) -> None:
    service.submit("/keys", articles.url, body="From somewhere", email="findme@example.org")
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    desk.goto(f"{service.url}/admin/")
    desk.get_by_label("Search name, website and text").fill("findme@example.org")
    desk.keyboard.press("Enter")
    expect(desk.locator(".entry .body")).to_have_text("From somewhere")
    assert not [url for url in asked if "findme" in url]


def test_a_key_decides_on_a_group_and_z_brings_it_back(
    desk: Page, service: Service, articles: Articles, word: str, axe: Axe
) -> None:
    like = "Buy the very best pills at our most wonderful shop of the whole week, dear reader"
    for number in range(5):
        letters = "".join(chr(97 + int(digit)) for digit in word if digit.isdigit())
        body = f"{like} {letters} {number} {word}"
        service.submit("/keys", articles.url, body=body, email=f"{word}{number}@example.org", name=f"Seller {number}")
    desk.goto(f"{service.url}/admin/")
    card = desk.locator(".entry", has_text="and 4 like it").first
    card.get_by_text("and 4 like it").click()
    expect(card.get_by_text("Seller 3")).to_be_visible()
    assert axe(desk) == []
    before = desk.locator(".tabs [aria-current] .count").inner_text()
    card.focus()
    desk.keyboard.press("s")
    expect(desk.locator("#outcome")).to_contain_text("Marked as spam: 5 comments.")
    assert int(desk.locator(".tabs [aria-current] .count").inner_text()) == int(before) - 5
    assert left(service, word) == 0
    desk.keyboard.press("z")
    expect(desk.locator("#outcome")).to_contain_text("Undid: 5 comments.")
    assert left(service, word) == 5
    desk.keyboard.press("d")
    expect(desk.locator("#outcome")).to_contain_text("Moved to the trash: 5 comments.")
    assert left(service, word) == 0


def test_a_key_is_given_to_another_and_stays_so(
    desk: Page, service: Service, articles: Articles, word: str, axe: Axe
) -> None:
    write(service, articles, word, 3)
    desk.goto(f"{service.url}/admin/?q={word}")
    desk.keyboard.press("?")
    desk.get_by_role("button", name="approve: a").click()
    said = desk.locator("#keys-said")
    expect(said).to_contain_text("Press the new key for “approve”")
    assert axe(desk) == []
    desk.keyboard.press("j")
    expect(said).to_contain_text("“j” is for “next”")
    desk.get_by_role("button", name="approve: a").click()
    desk.keyboard.press("Escape")
    expect(said).to_have_text("It stays as it was.")
    desk.get_by_role("button", name="approve: a").click()
    desk.keyboard.press("q")
    expect(desk.get_by_role("button", name="approve: q")).to_have_text("q")
    desk.keyboard.press("Escape")
    expect(desk.locator("#help")).to_be_hidden()
    desk.locator(".entry").first.focus()
    desk.keyboard.press("a")
    expect(desk.locator(".entry")).to_have_count(3)
    desk.keyboard.press("q")
    expect(desk.locator("#outcome")).to_contain_text("Approved: 1 comment.")
    desk.reload()
    expect(desk.locator(".entry")).to_have_count(2)
    expect(desk.locator(".verb-approved").first).to_have_attribute("aria-keyshortcuts", "q")
    desk.keyboard.press("x")
    desk.keyboard.press("Shift+Q")
    expect(desk.locator(".entry")).to_have_count(1)
    desk.keyboard.press("?")
    desk.get_by_role("button", name="All keys as they came").click()
    desk.get_by_role("button", name="Close").click()
    desk.locator(".entry").first.focus()
    desk.keyboard.press("a")
    expect(desk.locator(".entry")).to_have_count(0)
    expect(desk.locator("#outcome")).to_contain_text("Approved")


def test_keys_that_were_switched_off_stay_off(desk: Page, service: Service, articles: Articles, word: str) -> None:
    write(service, articles, word, 1)
    desk.goto(f"{service.url}/admin/?q={word}")
    desk.keyboard.press("?")
    desk.get_by_label("Single keys work").uncheck()
    desk.keyboard.press("Escape")
    desk.reload()
    desk.locator(".entry").first.focus()
    desk.keyboard.press("a")
    desk.keyboard.press("?")
    expect(desk.get_by_role("heading", name="Keys")).to_be_visible()
    expect(desk.locator(".entry")).to_have_count(1)
    desk.get_by_label("Single keys work").check()
    desk.keyboard.press("Escape")
    desk.locator(".entry").first.focus()
    desk.keyboard.press("a")
    expect(desk.locator(".entry")).to_have_count(0)


@pytest.mark.parametrize("kept", ["[1", "7", "null", '{"a": 7}'])
def test_nothing_that_a_browser_kept_stops_the_keys(
    desk: Page, service: Service, articles: Articles, word: str, kept: str
) -> None:
    write(service, articles, word, 1)
    desk.goto(f"{service.url}/admin/?q={word}")
    desk.evaluate("kept => localStorage.setItem('comments:keys', kept)", kept)
    desk.reload()
    desk.keyboard.press("s")
    expect(desk.locator(".entry")).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (320, 640)])
def test_the_keys_are_shown_whole(
    desk: Page, service: Service, articles: Articles, word: str, width: int, height: int
) -> None:
    write(service, articles, word, 1)
    desk.set_viewport_size({"width": width, "height": height})
    desk.goto(f"{service.url}/admin/?q={word}")
    desk.keyboard.press("?")
    box = desk.locator("#help").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= height
    if width > 1000:
        assert desk.locator("#help").evaluate("help => help.scrollHeight <= help.clientHeight")
    desk.get_by_role("button", name="Close").click()
