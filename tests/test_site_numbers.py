"""Mia looks at her numbers: what came of comments, how long they waited, and how often she overruled her rules."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa
import time_machine
from door import Browser, add_mia
from flask import Flask
from people import ORIGIN, SITE, Commenter, Mia

from comments_service import http
from comments_service.accounts.actor import SYSTEM, Actor
from comments_service.administration import charts, numbers, numbers_pages
from comments_service.comments import counts
from comments_service.comments.models import Comment, DayCount, Status
from comments_service.errors import NotFound
from comments_service.extensions import db
from comments_service.sites import policy, registry

MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
LINKS = "See http://a.example and http://b.example and http://c.example"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as clock:
        yield clock


def told(days: int = 30) -> numbers.Numbers:
    db.session.rollback()
    return numbers.of(SITE, days, SYSTEM, http.now())


def on(day: date) -> dict[str, int]:
    """What the days' counts say of the comments that came on `day`."""
    db.session.rollback()
    found = counts.by_day(SITE, day).get(day, {})
    return {status.value: number for status, number in found.items() if number}


def test_each_day_tells_what_came_of_its_comments(
    clock: time_machine.Traveller, ada: Commenter, ben: Commenter, mia: Mia
) -> None:
    first, second = ada.submits("One"), ben.submits("Two")
    assert on(MONDAY.date()) == {"pending": 2}
    clock.shift(timedelta(days=1))
    mia.approves(first)
    mia.decides(second, "spam")
    ada.submits("Three")
    assert on(MONDAY.date()) == {"approved": 1, "spam": 1}
    assert on(MONDAY.date() + timedelta(days=1)) == {"pending": 1}
    found = told()
    assert [day.day for day in found.days] == [MONDAY.date() - timedelta(days=28 - n) for n in range(30)]
    assert (found.total(), found.total(Status.APPROVED), found.total(Status.SPAM)) == (3, 1, 1)


def test_a_day_ends_at_midnight_in_utc(clock: time_machine.Traveller, ada: Commenter) -> None:
    clock.move_to(datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC))
    ada.submits("One")
    clock.move_to(datetime(2026, 11, 24, 0, 0, 1, tzinfo=UTC))
    ada.submits("Two")
    assert on(date(2026, 11, 23)) == on(date(2026, 11, 24)) == {"pending": 1}


def test_what_is_removed_stays_counted_unless_it_waited(
    clock: time_machine.Traveller, ada: Commenter, ben: Commenter, mia: Mia
) -> None:
    spam, waiting = ben.submits("Pills"), ada.submits("Never mind")
    mia.decides(spam, "spam")
    gone = mia.client.delete(
        f"/api/v1/moderation/comments/{spam.json['comment']['id']}", headers={"Authorization": f"Bearer {mia.token}"}
    )
    assert gone.status_code == 204
    assert ada.withdraws(waiting).status_code == 204
    assert on(MONDAY.date()) == {"spam": 1}
    assert (told().wait, told().oldest) == (0, None)


def test_what_waits_is_told_by_age(clock: time_machine.Traveller, ada: Commenter) -> None:
    for number, days in enumerate((40, 20, 5, 3, 1, 0, 0)):
        clock.move_to(MONDAY - timedelta(days=days))
        ada.submits(f"Number {number}")
    clock.move_to(MONDAY + timedelta(hours=1))
    found = told()
    assert [part.number for part in found.waiting] == [2, 1, 2, 1, 1]
    assert found.wait == 7
    assert found.oldest == timedelta(days=40, hours=1)


def test_the_time_to_a_decision_is_that_of_what_waited(clock: time_machine.Traveller, ada: Commenter, mia: Mia) -> None:
    answers = [ada.submits(f"Number {number}") for number in range(4)]
    for answer, wait in zip(answers, (5, 30, 300, 60 * 24 * 3), strict=True):
        clock.move_to(MONDAY + timedelta(minutes=wait))
        mia.approves(answer)
    mia.decides(answers[0], "spam")  # no wait: it was published
    found = told()
    assert [part.number for part in found.times] == [1, 1, 1, 0, 1, 0]
    assert found.median == timedelta(minutes=300)


def test_an_overruled_rule_is_told(clock: time_machine.Traveller, ada: Commenter, ben: Commenter, mia: Mia) -> None:
    mia.approves(ben.submits(LINKS))
    mia.decides(ben.submits(f"{LINKS} and more"), "spam")
    mia.approves(ada.submits("Friendly words"))
    rules = {rule.check: (rule.held, rule.overruled, rule.percent) for rule in told().rules}
    assert rules["links"] == (2, 1, 50)
    assert rules["timing"] == (3, 2, 67)
    assert "trusted" not in rules


def test_an_undone_decision_overrules_nothing(clock: time_machine.Traveller, ada: Commenter, mia: Mia) -> None:
    answer = ada.submits(LINKS)
    mia.decides(answer, "spam")
    headers = {"Authorization": f"Bearer {mia.token}"}
    event = mia.client.get("/api/v1/moderation/events", headers=headers).json["events"][0]["id"]
    mia.client.post(f"/api/v1/moderation/events/{event}/undo", headers=headers)
    mia.approves(answer)
    (links,) = [rule for rule in told().rules if rule.check == "links"]
    assert (links.held, links.overruled) == (2, 1)


def test_the_kept_counts_are_those_of_the_table(
    clock: time_machine.Traveller, ada: Commenter, ben: Commenter, mia: Mia
) -> None:
    for number in range(20):
        clock.shift(timedelta(hours=7))
        answer = (ada if number % 2 else ben).submits(f"Number {number}")
        if number % 3:
            mia.decides(answer, ["approved", "spam", "trash"][number % 3])
    db.session.rollback()
    rows = db.session.execute(sa.select(Comment.created_at, Comment.status)).all()
    expected: dict[tuple[date, Status], int] = {}
    for at, status in rows:
        expected[at.date(), status] = expected.get((at.date(), status), 0) + 1
    kept = db.session.execute(
        sa.select(DayCount.day, DayCount.status, sa.func.sum(DayCount.number)).group_by(DayCount.day, DayCount.status)
    )
    assert {(day, status): number for day, status, number in kept if number} == expected


def test_another_site_s_numbers_are_nobody_else_s(blog: str) -> None:
    noah = Actor(None, "Noah", frozenset({"shop"}))
    with pytest.raises(NotFound):
        numbers.of(SITE, 30, noah, http.now())


# The page


@pytest.fixture
def browser(app: Flask, blog: str) -> Browser:
    add_mia()
    browser = Browser(app)
    browser.signs_in()
    return browser


def drawn(page: str) -> list[Any]:
    """The charts of a page, each as XML."""
    parts = page.split('<svg class="chart')[1:]
    found = []
    for part in parts:
        text, depth, end = '<svg class="chart' + part, 0, 0
        while True:
            opening, closing = text.find("<svg", end), text.find("</svg>", end)
            depth, end = (depth + 1, opening + 4) if -1 < opening < closing else (depth - 1, closing + 6)
            if not depth:
                break
        found.append(ElementTree.fromstring(text[:end]))
    return found


def test_a_site_without_comments_has_a_page_too(browser: Browser) -> None:
    answer = browser.opens("/admin/numbers")
    assert answer.status_code == 200
    words = browser.reads(answer)
    assert "Nothing waits. Well done." in words
    assert "Nothing was decided yet." in words
    assert len(drawn(answer.text)) == 1


def test_each_chart_is_told_in_words_and_has_its_table(
    browser: Browser, ada: Commenter, ben: Commenter, mia: Mia
) -> None:
    mia.approves(ada.submits("Friendly words"))
    mia.decides(ben.submits(LINKS), "spam")
    ada.submits("More words")
    page = browser.opens("/admin/numbers").text
    pictures = drawn(page)
    assert len(pictures) == page.count("<table>") == 4
    for picture in pictures:
        assert picture.get("role") == "img"
        ids = {element.get("id"): element.text for element in picture if element.get("id")}
        assert all(ids[name] for name in picture.get("aria-labelledby").split())
    assert "In 30 days 3 comments came: 1 approved, 1 waiting, 1 spam, 0 trash." in page
    blocks = [e for e in pictures[0].iter("rect") if e.get("class") in {"approved", "pending", "spam", "trash"}]
    assert sorted(e.get("class") for e in blocks) == ["approved", "pending", "spam"]
    assert " style=" not in page


@pytest.mark.parametrize(
    ("query", "status"), [("days=90", 200), ("days=31", 422), ("days=x", 422), ("site=nowhere", 404), ("site=%00", 404)]
)
def test_what_cannot_be_asked_for_is_refused(browser: Browser, query: str, status: int) -> None:
    assert browser.opens(f"/admin/numbers?{query}").status_code == status


def test_who_has_several_sites_chooses_one(browser: Browser, ada: Commenter) -> None:
    ada.submits("One")
    registry.add("shop", [ORIGIN], policy.Policy(), http.now())
    assert "In 30 days 1 comment came" in browser.opens("/admin/numbers?site=blog").text
    shop = browser.opens("/admin/numbers?site=shop").text
    assert "Numbers of shop" in shop
    assert "In 30 days 0 comments came" in shop


def test_a_stranger_signs_in_first(app: Flask, blog: str) -> None:
    assert "/admin/sign-in" in Browser(app).opens("/admin/numbers").location


# The drawing


def test_the_highest_column_fits_below_a_round_number() -> None:
    assert [charts.ceiling(most) for most in (0, 1, 2, 3, 7, 9, 29, 30, 31, 99, 101, 1234)] == [
        2, 2, 2, 4, 8, 10, 30, 30, 40, 100, 200, 2000,
    ]  # fmt: skip


def test_columns_stand_side_by_side_and_their_parts_on_each_other() -> None:
    made = charts.columns([[10, 5], [0, 0], [0, 20]])
    first, second, third = made.columns
    assert 0 < first.x < first.end < second.x < second.end < third.x < third.end < 100
    bottom, top = first.blocks
    assert bottom.y + bottom.height + charts.GAP == pytest.approx(charts.HEIGHT)
    assert top.y + top.height + charts.GAP == pytest.approx(bottom.y)
    assert second.blocks == ()
    assert [block.kind for block in third.blocks] == [1]
    assert third.blocks[0].y == 0
    assert [(line.y, line.number) for line in made.lines] == [(0, 20), (charts.HEIGHT / 2, 10)]


def test_the_widest_bar_takes_the_whole_room() -> None:
    wide, narrow, none = charts.bars([("a", 8, 4), ("b", 2, 2), ("c", 0, None)])
    assert (wide.width, wide.marked_width) == (100, 50)
    assert (narrow.width, narrow.marked_width) == (25, 25)
    assert (none.width, none.marked) == (0, None)
    assert charts.bars([("a", 0, 0)])[0].width == 0


def test_a_span_of_time_is_said_in_a_word_or_two() -> None:
    spans = [None, timedelta(seconds=5), timedelta(minutes=1), timedelta(hours=5), timedelta(days=2000)]
    assert [numbers_pages.words(span) for span in spans] == ["–", "under a minute", "1 minute", "5 hours", "2,000 days"]
