"""Time removes little: the trash after the days that a site says, each time as an event, and never anything else."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from people import SITE, Commenter, Mia, Reader
from rules import change_rules

from comments_service import housekeeping, http
from comments_service.comments import counts
from comments_service.comments.models import Comment
from comments_service.extensions import db
from comments_service.moderation import records, sealing

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(BEGIN, tick=False) as traveller:
        yield traveller


def after(clock: Any, days: float) -> None:
    """Let days go by, and keep house."""
    clock.shift(timedelta(days=days))
    db.session.rollback()
    housekeeping.keep_house(http.now())
    db.session.rollback()


def left() -> set[str]:
    return {comment.body for comment in db.session.scalars(sa.select(Comment))}


def events(mia: Mia) -> list[Any]:
    return list(mia.client.get("/api/v1/moderation/events", headers=mia._headers()).json["events"])


def write_one_of_each(clock: Any, ada: Commenter, mia: Mia) -> None:
    for status in ("pending", "approved", "spam", "trash"):
        answer = ada.submits(f"A comment that is {status}")
        if status != "pending":
            mia.decides(answer, status)


def test_only_the_trash_is_emptied_and_only_after_thirty_days(clock: Any, ada: Commenter, mia: Mia) -> None:
    write_one_of_each(clock, ada, mia)
    after(clock, 29.9)
    assert len(left()) == 4
    after(clock, 0.2)
    assert left() == {"A comment that is pending", "A comment that is approved", "A comment that is spam"}
    after(clock, 3000)
    assert len(left()) == 3
    assert counts.by_status([SITE])[SITE] == {"pending": 1, "approved": 1, "spam": 1, "trash": 0}


def test_each_removal_stands_in_the_log(clock: Any, ada: Commenter, mia: Mia) -> None:
    write_one_of_each(clock, ada, mia)
    before = len(events(mia))
    after(clock, 31)
    newest, *others = events(mia)
    assert (newest["kind"], newest["by"], newest["note"]) == ("purge", "system", "In the trash for 30 days")
    assert [(change["from"], change["to"]) for change in newest["changes"]] == [("trash", None)]
    assert len(others) == before
    after(clock, 31)
    assert len(events(mia)) == before + 1
    db.session.rollback()
    assert [log.broken for log in sealing.verify()] == [None]


def test_what_was_thrown_away_lately_stays_however_old_it_is(clock: Any, ada: Commenter, mia: Mia) -> None:
    answer = ada.submits("Written long ago")
    mia.approves(answer)
    clock.shift(timedelta(days=400))
    mia.decides(answer, "trash")
    after(clock, 29)
    assert left() == {"Written long ago"}
    after(clock, 2)
    assert left() == set()


@pytest.mark.parametrize("days", [0, 7])
def test_a_site_says_how_long_its_trash_is_kept(clock: Any, ada: Commenter, mia: Mia, days: int) -> None:
    change_rules(trash_days=days)
    mia.decides(ada.submits("In the trash"), "trash")
    after(clock, 6)
    assert left() == {"In the trash"}
    after(clock, 2)
    assert left() == (set() if days else {"In the trash"})


def test_what_was_brought_back_is_what_it_was_before_and_stays(
    clock: Any, ada: Commenter, mia: Mia, thread: Reader
) -> None:
    answer = ada.submits("Back again")
    mia.approves(answer)
    mia.decides(answer, "trash")
    event = events(mia)[0]["id"]
    mia.client.post(f"/api/v1/moderation/events/{event}/undo", headers=mia._headers())
    after(clock, 100)
    assert thread.names() == ["Ada"]


def test_much_is_removed_in_parts(clock: Any, ada: Commenter, mia: Mia, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 3)
    answers = [ada.submits(f"Number {number}", email=f"a{number}@example.org") for number in range(7)]
    for answer in answers:
        mia.decides(answer, "trash")
    after(clock, 31)
    assert left() == set()
    purges = [event["changed"] for event in events(mia) if event["kind"] == "purge"]
    assert purges == [1, 3, 3]


def test_networks_are_forgotten_in_parts_and_what_tells_them(
    clock: Any, ada: Commenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 3)
    for number in range(7):
        ada.submits(f"Nice {number}", email=f"a{number}@example.org")
    long = "How long does it take in a cold kitchen, and does the flour matter at all?"
    ada.submits(long)
    clock.shift(timedelta(days=29))
    ada.submits("Nice, later", page="/later")
    after(clock, 2)
    rows = {c.body: c for c in db.session.scalars(sa.select(Comment))}
    assert {body for body, row in rows.items() if row.network_key} == {"Nice, later"}
    assert {body for body, row in rows.items() if row.group_key} == {"Nice, later", long}


def test_a_moderator_s_reply_is_an_event_that_can_be_taken_back(ada: Commenter, mia: Mia, thread: Reader) -> None:
    first = ada.submits("A question")
    mia.approves(first)
    path = f"/api/v1/moderation/comments/{first.json['comment']['id']}/reply"
    reply = mia.client.post(path, json={"body": "An answer"}, headers=mia._headers()).json["id"]
    event = events(mia)[0]
    assert (event["kind"], event["by"]) == ("reply", "Mia")
    assert (event["detail"]["reply"], event["detail"]["name"]) == (reply, "Ada")
    undo = "/api/v1/moderation/events/{}/undo"
    undone = mia.client.post(undo.format(event["id"]), headers=mia._headers()).json["event"]
    assert thread.names() == ["Ada"]
    assert mia.sees(reply)["status"] == "trash"
    assert mia.client.post(undo.format(event["id"]), headers=mia._headers()).status_code == 409
    mia.client.post(undo.format(undone), headers=mia._headers())
    assert thread.names() == ["Ada", "Mia"]
    db.session.rollback()
    assert [log.broken for log in sealing.verify()] == [None]


def test_of_a_busy_address_no_more_is_read_than_tells_something(
    ada: Commenter, ben: Commenter, mia: Mia, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        mia.approves(ada.submits(f"Comment {number}", name=f"Ada {number}"))
    ada.submits("One that waits")
    ben.submits("Of somebody else")
    monkeypatch.setattr(records, "MOST", 2)
    known = {card["name"]: card["commenter"] for card in mia.queue(status="pending")["comments"]}
    monkeypatch.setattr(records, "READ", 3)
    same = {card["name"]: card["commenter"] for card in mia.queue(status="pending")["comments"]}
    assert same == known
    monkeypatch.setattr(records, "COUNTED", 3)
    assert {card["name"]: card["commenter"] for card in mia.queue(status="pending")["comments"]} == known
    assert (known["Ada"]["approved"], known["Ada"]["pending"], known["Ben"]["pending"]) == (2, 1, 1)
    assert known["Ada"]["names"] == ["Ada", "Ada 0", "Ada 1", "Ada 2"]
