"""Near-identical comments that wait are one card: Mia decides once, and it is one event with one undo."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from door import MIAS_PASSWORD, Browser, add_mia
from flask import Flask
from people import SITE, Commenter, Mia
from rules import change_rules
from test_queue_pages import Page, opens, stored
from werkzeug.test import TestResponse

from comments_service import housekeeping, http
from comments_service.accounts.actor import SYSTEM
from comments_service.comments.models import Status
from comments_service.extensions import db
from comments_service.moderation import decisions, groups, queue
from comments_service.moderation.models import Event
from comments_service.sites.models import Site

PILLS = "Buy the very best pills at our most wonderful shop, number {} of the day!"


@pytest.fixture(autouse=True)
def patient(blog: str) -> None:
    """A blog on which nothing is spam by itself."""
    change_rules(spam_at=100)


@pytest.fixture
def desk(app: Flask, blog: str) -> Browser:
    """Mia's browser, signed in."""
    add_mia()
    browser = Browser(app)
    browser.signs_in(MIAS_PASSWORD)
    return browser


@pytest.fixture
def flood(ada: Commenter, ben: Commenter) -> list[str]:
    """What Ada wrote, fourteen times the same of many, and what Ben wrote; gives the ids."""
    first = ada.submits("How long does it take in a cold kitchen, and does the flour matter at all?")
    pills = [ada.submits(PILLS.format(n), email=f"s{n}@pills.example", name=f"Seller {n}") for n in range(14)]
    last = ben.submits("Mine took five hours, in a drawer below the oven that nobody else uses.")
    return [str(answer.json["comment"]["id"]) for answer in (first, *pills, last)]


def cards(page: Page) -> list[str]:
    return [article.attributes["data-id"] for article in page.all("article")]


def fold(**wanted: Any) -> queue.Page:
    db.session.rollback()
    return queue.page(queue.Query(fold=True, **wanted), SYSTEM)


RETOLD = (
    "Great article! Come and visit my shop, we sell cheap watches and bags for the whole family, shipped today.",
    "Nice article! Come and visit my shop, we sell cheap watches and shoes for the whole family, shipped today.",
    "Nice article! Come and visit our shop, we sell cheap watches and shoes for the whole family, shipped at once.",
)


def test_a_text_with_a_few_words_changed_is_on_the_same_card(ada: Commenter, ben: Commenter, desk: Browser) -> None:
    for number, body in enumerate((*RETOLD, RETOLD[1])):
        ada.submits(body, email=f"s{number}@watches.example", name=f"Seller {number}", page=f"/2026/{number}")
    ben.submits("Great article! I shop for the whole family, and cheap bags are what we sell least of at my place.")
    page = opens(desk)
    assert len(cards(page)) == 2
    assert "and 3 like it" in page.words
    assert "Spam all 4" in page.buttons() or "Approve all 4" in page.words
    later = http.now() + housekeeping.NETWORK_LIFETIME * 2
    housekeeping.keep_house(later)
    assert len(cards(opens(desk))) == 2, "they stay together when their networks are forgotten"


def test_the_same_text_from_many_is_one_card_with_its_number(flood: list[str], desk: Browser) -> None:
    page = opens(desk)
    assert cards(page) == [flood[15], flood[14], flood[0]]
    assert "and 13 like it" in page.words
    assert "Seller 12 Buy the very best pills" in page.words
    assert "Pending 16" in page.words
    each = page.follows("Each of them")
    assert cards(each) == flood[14:0:-1]


@pytest.mark.parametrize(
    ("button", "status", "told"),
    [("Approve all 14", "approved", "Approved"), ("Spam all 14", "spam", "Marked as spam")],
)
def test_one_button_decides_on_all_as_one_event(
    flood: list[str], desk: Browser, button: str, status: str, told: str
) -> None:
    page = opens(desk).presses(button)
    assert f"{told}: 14 comments." in page.words
    assert [c.status for c in stored()] == ["pending", *[status] * 14, "pending"]
    assert len(db.session.scalars(sa.select(Event)).all()) == 1
    assert "Undid: 14 comments." in page.presses("Undo").words
    assert [c.status for c in stored()] == ["pending"] * 16


def test_a_choice_on_a_group_is_saved_with_the_others(flood: list[str], desk: Browser) -> None:
    choices = {f"choice-{flood[15]}": f"approved:{flood[15]}:1", f"choice-{flood[14]}": f"trash:{flood[14]}:1:like"}
    page = opens(desk)
    assert all(page.all("input", type="radio", value=value) for value in choices.values())
    page = page.presses("Save all", **choices)
    assert [c.status for c in stored()] == ["pending", *["trash"] * 14, "approved"]
    assert "Undid: 15 comments." in page.presses("Undo").words


def test_what_came_after_the_page_is_not_decided(flood: list[str], ada: Commenter, desk: Browser) -> None:
    page = opens(desk)
    ada.submits(PILLS.format(99), email="late@pills.example")
    page.presses("Spam all 14")
    assert [c.status for c in stored()][-1] == "pending"


def test_what_somebody_decided_meanwhile_stays_so(flood: list[str], desk: Browser) -> None:
    page = opens(desk)
    third = next(c for c in stored() if str(c.id) == flood[3])
    decisions.decide([decisions.Decision(third.id, Status.APPROVED, 1)], SYSTEM, http.now())
    assert "Marked as spam: 13 comments." in page.presses("Spam all 14").words
    assert [c.status for c in stored()][3] == "approved"


def test_a_card_that_moved_on_takes_nobody_along(flood: list[str], desk: Browser, mia: Mia) -> None:
    page = opens(desk)
    body = {"body": "Something else entirely, on second thoughts", "version": 1}
    path = f"/api/v1/moderation/comments/{flood[14]}"
    assert mia.client.patch(path, json=body, headers=mia._headers()).status_code == 200
    assert "Nothing was changed. 1 comment had been changed" in page.presses("Spam all 14").words
    assert {c.status for c in stored()} == {"pending"}
    assert cards(opens(desk)) == [flood[15], flood[14], flood[13], flood[0]]


def decide(mia: Mia, *chosen: dict[str, Any], key: str = "once") -> TestResponse:
    headers = {**mia._headers(), "Idempotency-Key": key}
    return mia.client.post("/api/v1/moderation/decisions", json={"decisions": chosen}, headers=headers)


def test_a_program_decides_on_a_group_too_and_once(flood: list[str], mia: Mia) -> None:
    wish = {"id": flood[14], "status": "spam", "version": 1, "like": True}
    first = decide(mia, wish).json
    assert first["changed"] == 14
    assert decide(mia, wish).json == first
    alone = {"id": flood[0], "status": "spam", "version": 1, "like": True}
    assert decide(mia, alone, key="two").json["changed"] == 1


def test_more_than_a_thousand_are_still_one_event(flood: list[str], mia: Mia, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "MOST", 5)
    wish = {"id": flood[14], "status": "spam", "version": 1, "like": True}
    done = decide(mia, wish).json
    assert done["changed"] == 14
    assert decide(mia, wish).json == done
    assert len(db.session.scalars(sa.select(Event)).all()) == 1
    path = f"/api/v1/moderation/events/{done['event']}/undo"
    assert mia.client.post(path, headers=mia._headers()).json["changed"] == 14


def test_a_number_that_was_not_counted_to_the_end_says_so(
    flood: list[str], desk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "COUNTED", 5)
    page = opens(desk)
    assert "and 13+ like it" in page.words
    page.presses("Spam all")
    assert [c.status for c in stored()] == ["pending", *["spam"] * 14, "pending"]


@pytest.mark.parametrize("wrong", ["x:y:1:like", "spam:0:1:like", ":::like", "like"])
def test_only_a_decision_is_one(desk: Browser, wrong: str) -> None:
    assert desk.sends("/admin/decide", decision=wrong).status_code == 422


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Nice!", "nice", True),
        ("Look: https://pills.example/a", "So good, https://www.pills.example/b?x", True),
        ("Look: https://pills.example/a", "Look: https://bread.example/a", False),
        ("Nice!", "Well said", False),
        ("\U0001f600", "\U0001f600", True),
    ],
)
def test_short_texts_are_alike_when_they_come_from_one_place(ada: Commenter, one: str, other: str, alike: bool) -> None:
    ada.submits(one, page="/1", email="one@example.org")
    ada.submits(other, page="/2", email="two@example.org")
    elsewhere = Commenter(ada.client, "Cy", "cy@example.org", address="198.51.100.77")
    elsewhere.submits(one, page="/3")
    assert len(fold().cards) == (2 if alike else 3)


def test_pages_of_groups_show_each_of_them_once(ada: Commenter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "SCANNED", 7)
    texts = (
        "There is nothing in the world that I like as much as a warm oven in winter",
        "Whoever forgets the salt will remember it with the first bite, my aunt says",
        "A pan of iron keeps its heat while somebody looks for the gloves again",
        "Our mill grinds on Thursdays only, so that we bake whenever Friday comes",
        "Yeast from the fridge wakes up slowly and wants to be left in peace",
        "Knives that cut crusts are long, toothed and never where they should be",
    )
    for number in range(60):
        body = (
            f"{texts[number % 6]}, {number}"
            if number % 10
            else f"A thing of its own, called {chr(97 + number // 10) * 30}"
        )
        ada.submits(body, email=f"a{number}@example.org", page=f"/{number}")
    everything = {comment.id for comment in stored()}
    for limit in (1, 2, 3, 50):
        seen: list[UUID] = []
        number, after = 0, None
        for _ in range(60):
            page = fold(limit=limit, after=after)
            seen += [card.comment.id for card in page.cards]
            number += sum(1 + card.like for card in page.cards)
            after = page.next
            if after is None:
                break
        assert len(seen) == len(set(seen)) == 12, limit
        assert number == len(everything) == 60
        assert seen == sorted(seen, reverse=True)


def test_groups_of_two_sites_are_two(flood: list[str], app: Flask) -> None:
    db.session.rollback()
    site = db.session.get_one(Site, SITE)
    db.session.add(Site(id="shop", origins=["https://shop.example"], policy=site.policy, created_at=http.now()))
    db.session.commit()
    shop = Commenter(
        app.test_client(use_cookies=False), "S", "s@shop.example", origin="https://shop.example", site="shop"
    )
    shop.submits(PILLS.format(1))
    shop.submits(PILLS.format(2), email="t@shop.example")
    assert [(card.comment.site_id, card.like) for card in fold().cards] == [
        ("shop", 1),
        (SITE, 0),
        (SITE, 13),
        (SITE, 0),
    ]
