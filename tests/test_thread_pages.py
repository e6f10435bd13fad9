"""The page of a discussion: plain forms for everything that Mia does with it as a whole."""

import pytest
from door import MIAS_PASSWORD, Browser, add_mia
from flask import Flask
from people import PAGE, Commenter, Reader
from test_queue_pages import HOSTILE, Page, decided_elsewhere, id_of, opens, stored

from comments_service.comments.models import Status

CAKE = "/2026/cake"


@pytest.fixture
def mia(app: Flask, blog: str) -> Browser:
    """Mia's browser, signed in."""
    add_mia()
    browser = Browser(app)
    browser.signs_in(MIAS_PASSWORD)
    return browser


@pytest.fixture
def discussion(ada: Commenter, ben: Commenter, mia: Browser) -> Page:
    """The page of a discussion of two, which a card of the queue leads to."""
    ada.submits("Bread one")
    ben.submits("Bread two")
    path = opens(mia).all("article")[0].attributes["id"].removeprefix("c-")
    decided_elsewhere(Status.APPROVED)
    return opens(mia, f"/admin/comments/{path}").follows("The whole discussion")


def test_a_card_leads_to_its_discussion(ada: Commenter, mia: Browser) -> None:
    ada.submits("First!")
    page = opens(mia).follows("Discussion")
    assert [h.text.strip() for h in page.all("h1")] == ["Bread"]
    assert "Open" in page.words
    assert "First!" in page.words


def test_mia_locks_and_unlocks_it(discussion: Page, thread: Reader) -> None:
    page = discussion.presses("Lock")
    assert "Saved." in page.words
    assert thread.opens().json["state"] == "locked"
    page = page.presses("Unlock")
    assert thread.opens().json["state"] == "open"
    assert thread.opens().json["state"] == "open"
    page.presses("Undo")
    assert thread.opens().json["state"] == "locked"


def test_mia_lets_it_close_by_age(discussion: Page) -> None:
    page = discussion.presses("Save", days="30")
    assert "Closes" in page.words
    assert [field.attributes["value"] for field in page.all("input", name="days")] == ["30"]
    page = page.presses("Save", days="")
    assert "Closes" not in page.words


@pytest.mark.parametrize("days", ["soon", "-1", "1.5", "99999", "٣"])
def test_what_is_no_number_of_days_is_said_and_kept(discussion: Page, days: str) -> None:
    answer = discussion.sends("Save", days=days)
    assert answer.status_code == 422
    page = Page(discussion.browser, discussion.path, answer)
    assert page.all("p", role="alert")
    assert [field.attributes["value"] for field in page.all("input", name="days")] == [days]


def test_mia_pins_and_unpins_a_comment(discussion: Page, thread: Reader) -> None:
    page = discussion.presses("Pin the comment by Ben")
    assert thread.names() == ["Ben", "Ada"]
    assert [badge.text for badge in page.all("span") if badge.attributes.get("class") == "badge"] == ["pinned"]
    page.presses("Unpin")
    assert thread.names() == ["Ada", "Ben"]


def test_mia_moves_it_and_takes_it_back(discussion: Page, thread: Reader) -> None:
    page = discussion.presses("Move there", page=f"https://blog.example{CAKE}")
    assert f"Also found at {PAGE}" in page.words
    assert thread.names(CAKE) == thread.names() == ["Ada", "Ben"]
    page.presses("Undo")
    assert thread.names(CAKE) == []


def test_mia_merges_it_and_is_led_to_the_other(discussion: Page, ada: Commenter, mia: Browser, thread: Reader) -> None:
    ada.submits("Cake", page=CAKE, title="Cake")
    decided_elsewhere(Status.APPROVED)
    page = discussion.presses("Merge", page=CAKE)
    assert [h.text.strip() for h in page.all("h1")] == ["Cake"]
    assert "3 comments" in page.words
    log = opens(mia, "/admin/events")
    assert f"Merged two discussions {PAGE} into {CAKE}: 2 comments" in log.words
    log.presses("Undo")
    assert (thread.names(), thread.names(CAKE)) == (["Ada", "Ben"], ["Ada"])
    assert f"Undid {PAGE} taken out of {CAKE}: 2 comments" in opens(mia, "/admin/events").words


@pytest.mark.parametrize(("button", "page", "said"), [
    ("Merge", "/nowhere", "no other discussion"),
    ("Merge", PAGE, "no other discussion"),
    ("Move", "https://evil.example/", "not a page of this site"),
    ("Move", " ", "missing"),
])  # fmt: skip
def test_a_page_that_cannot_be_is_said_and_kept(discussion: Page, button: str, page: str, said: str) -> None:
    answer = discussion.sends(button, page=page)
    assert answer.status_code == 422
    again = Page(discussion.browser, discussion.path, answer)
    assert said in again.words
    assert [field.attributes["value"] for field in again.all("input", name="page")] == [page]


def test_a_taken_page_is_told_and_changes_nothing(discussion: Page, ada: Commenter, thread: Reader) -> None:
    ada.submits("Cake", page=CAKE)
    answer = discussion.sends("Move", page=CAKE)
    assert answer.status_code == 409
    assert "Merge the two." in discussion.browser.reads(answer)
    assert thread.names() == ["Ada", "Ben"]


def test_nothing_else_can_be_done(discussion: Page, mia: Browser) -> None:
    assert mia.sends(discussion.path, do="burn").status_code == 422
    assert mia.sends(discussion.path).status_code == 422
    assert mia.sends(discussion.path, do="pin", comment="x").status_code == 422
    assert mia.opens("/admin/threads/0195f3a0-0000-7000-8000-000000000000").status_code == 404
    assert mia.opens(f"{discussion.path}?after=x").status_code == 422


def test_what_people_wrote_is_only_text_here_too(ada: Commenter, mia: Browser) -> None:
    answer = ada.submits(HOSTILE, name=HOSTILE[:90], title=HOSTILE, page=f"/x?{HOSTILE}")
    page = opens(mia, f"/admin/comments/{id_of(answer)}").follows("The whole discussion")
    assert not page.all("script")
    assert not page.all("img")


def test_long_discussions_come_in_pages(ada: Commenter, mia: Browser) -> None:
    for number in range(52):
        ada.submits(f"Comment {number}", email=f"ada{number}@ada-lovelace.org")
    page = opens(mia, f"/admin/threads/{stored()[0].thread_id}")
    assert len(page.all("p", dir="auto")) == 50
    assert len(page.follows("Older comments").all("p", dir="auto")) == 2
