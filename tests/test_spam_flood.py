"""A flood teaches its sender nothing, fills no disk, and mails nobody four hundred times."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from overheard import overhearing
from people import ORIGIN, SITE, Commenter, Mia
from rules import change_rules
from werkzeug.test import TestResponse

from comments_service import config, delivery, housekeeping, http
from comments_service.comments.models import Comment, EarlierBody, Status
from comments_service.extensions import db
from comments_service.moderation import purge, sealing
from comments_service.notify import outbox
from comments_service.notify.models import OutboxMessage
from comments_service.sites import policy, registry

SECRETS = {"id", "created_at", "receipt", "editable_until", "edited_at", "body", "body_source"}
PILLS = "Buy pills"


@pytest.fixture
def rules(blog: str) -> Callable[..., None]:
    """Change the blog's policy."""
    return change_rules


@contextmanager
def statements() -> Iterator[list[str]]:
    """What the database is asked meanwhile, commits included."""
    seen: list[str] = []
    with overhearing(db.engine, seen.append):
        yield seen


def spams(somebody: Commenter, body: str = PILLS) -> TestResponse:
    """Fill in the field that people do not see."""
    return somebody.submits(body, subject_line="yes")


def shape(value: object) -> object:
    """What can be told of an answer, but for what tells each comment from the next."""
    if isinstance(value, dict):
        return {key: shape(inner) if key not in SECRETS else type(inner).__name__ for key, inner in value.items()}
    return value


def outside(answer: TestResponse) -> tuple[object, ...]:
    """The answer as far as its sender could compare it with another."""
    headers = {name: value for name, value in answer.headers.items() if not name.startswith("RateLimit")}
    lengths = {name: len(value) if name in {"Content-Length"} else value for name, value in headers.items()}
    return answer.status_code, lengths, shape(answer.json)


def statuses() -> list[str]:
    db.session.rollback()
    return [status.value for status in db.session.scalars(sa.select(Comment.status).order_by(Comment.id))]


def counted(mia: Mia, status: str) -> int:
    """How many comments have the status, by the kept count and by the rows, which agree."""
    total = mia.queue(status=status)["total"]
    assert total == statuses().count(status)
    return int(total)


def test_spam_is_answered_like_what_waits(ada: Commenter, mia: Mia) -> None:
    held, spam = ada.submits("Hello all"), spams(ada, "Buy pills")
    assert statuses() == ["pending", "spam"]
    assert outside(held) == outside(spam)
    assert len(held.data) == len(spam.data)


def test_spam_looks_like_waiting_to_its_sender_ever_after(ada: Commenter) -> None:
    held, spam = ada.submits("Hello all"), spams(ada, "Buy pills")
    assert outside(ada.looks_at(held)) == outside(ada.looks_at(spam))
    assert ada.looks_at(spam).json["status"] == "pending"
    with time_machine.travel(http.now() + timedelta(days=3)):
        assert outside(ada.changes(held, "Hello alle")) == outside(ada.changes(spam, "Buy pillse"))
    assert statuses() == ["pending", "spam"]
    assert outside(ada.withdraws(held)) == outside(ada.withdraws(spam))
    assert statuses() == []


def test_what_is_sent_again_is_answered_alike(ada: Commenter) -> None:
    ada.submits("Hello all", key="one")
    spams(ada, "Buy pills")
    assert outside(ada.submits("Hello all")) == outside(spams(ada, "Buy pills"))
    assert outside(ada.submits("Hello all", key="one")) == outside(spams(ada, "Buy more!"))


def test_spam_costs_as_many_questions_as_what_waits(ada: Commenter) -> None:
    ada.submits("To begin the thread")
    with statements() as for_held:
        ada.submits("Hello all")
    with statements() as for_spam:
        spams(ada)
    assert statuses()[1:] == ["pending", "spam"]
    assert for_held.count("COMMIT") == for_spam.count("COMMIT") == 1
    assert 0 <= len(for_held) - len(for_spam) <= 1, "but for the notice, which spam has none of"


def test_beyond_the_clients_number_everything_goes_to_spam(
    ada: Commenter, ben: Commenter, mia: Mia, rules: Callable[..., None]
) -> None:
    rules(client_pending=3)
    answers = [ada.submits(f"Number {number}") for number in range(5)]
    assert [answer.json["status"] for answer in answers] == ["pending"] * 5
    assert statuses() == ["pending"] * 3 + ["spam"] * 2
    why = mia.sees(answers[4].json["comment"]["id"])["reasons"][-1]
    assert (why["check"], why["points"]) == ("queue-full", 0)
    assert why["evidence"] == "3 comments from the same place wait already."
    ben.submits("I am somebody else")
    assert statuses()[-1] == "pending"


def test_the_next_day_she_may_again(ada: Commenter, rules: Callable[..., None]) -> None:
    rules(client_pending=1)
    ada.submits("One")
    ada.submits("Two")
    with time_machine.travel(http.now() + timedelta(hours=25)):
        ada.submits("Three")
    assert statuses() == ["pending", "spam", "pending"]


def test_a_decision_makes_room_in_the_queue(ada: Commenter, mia: Mia, rules: Callable[..., None]) -> None:
    rules(client_pending=1)
    mia.approves(ada.submits("One"))
    ada.submits("Two")
    assert statuses() == ["approved", "pending"]


def test_without_a_number_of_the_site_a_client_fills_two_days_of_its_limit(app: Flask) -> None:
    settings = replace(app.extensions["settings"], submit_limits="5 per minute; 30 per hour; 100 per day")
    assert settings.client_a_day == 100
    assert replace(settings, submit_limits="2 per hour").client_a_day == 48
    assert replace(settings, submit_limits="3 per month").client_a_day == 3


def test_the_queue_of_a_site_has_an_end(ada: Commenter, ben: Commenter, rules: Callable[..., None], mia: Mia) -> None:
    rules(site_pending=4)
    for number in range(3):
        ada.submits(f"Number {number}")
        answer = ben.submits(f"Nummer {number}")
    assert statuses() == ["pending"] * 4 + ["spam"] * 2
    reasons = mia.sees(answer.json["comment"]["id"])["reasons"]
    assert reasons[-1]["evidence"] == "4 comments of this site wait already."


def test_of_spam_the_oldest_goes_first(ada: Commenter, mia: Mia, rules: Callable[..., None]) -> None:
    rules(spam_kept=40)
    first = [spams(ada, f"Buy {number}") for number in range(50)]
    assert 40 <= counted(mia, "spam") <= 42
    kept = [row.body for row in db.session.scalars(sa.select(Comment).order_by(Comment.id))]
    assert kept == [f"Buy {number}" for number in range(50)][-len(kept) :]
    assert ada.looks_at(first[0]).status_code == 404
    assert ada.looks_at(first[-1]).status_code == 200


def test_a_clean_house_has_no_more_than_its_number(ada: Commenter, mia: Mia, rules: Callable[..., None]) -> None:
    waiting = ada.submits("I wait")
    changed, *_ = [spams(ada, f"Buy {number}") for number in range(6)]
    ada.changes(changed, "Buy anew")
    assert db.session.scalars(sa.select(EarlierBody.comment_id)).all() == [UUID(changed.json["comment"]["id"])]
    rules(spam_kept=2)
    assert housekeeping.make_room(http.now()) == 4
    assert housekeeping.make_room(http.now()) == 0
    assert counted(mia, "spam") == 2
    assert counted(mia, "pending") == 1
    assert ada.looks_at(waiting).status_code == 200
    assert db.session.scalars(sa.select(EarlierBody.comment_id)).all() == []


def test_removed_spam_stands_in_the_log_once_and_the_log_is_whole(
    ada: Commenter, mia: Mia, rules: Callable[..., None], settings: config.Settings
) -> None:
    for number in range(6):
        spams(ada, f"Buy {number}")
    rules(spam_kept=2)
    assert housekeeping.make_room(http.now()) == 4
    waits = db.session.scalars(sa.select(OutboxMessage).where(OutboxMessage.kind == outbox.REMOVED)).one()
    purge.tell_capped(SITE, 4, str(waits.id), http.now())  # by a worker that died before it could say so
    delivery.deliver(settings, http.sealer(), http.now())
    delivery.deliver(settings, http.sealer(), http.now())
    events = ada.client.get("/api/v1/moderation/events", headers=mia._headers()).json["events"]
    told = [(event["kind"], event["by"], event["note"]) for event in events]
    assert told == [("purge", "system", "4 of the oldest spam, beyond what is kept")]
    assert [log.broken for log in sealing.verify()] == [None]
    assert db.session.scalars(sa.select(OutboxMessage).where(OutboxMessage.kind == outbox.REMOVED)).all() == []


def test_a_decision_on_removed_spam_is_undone_for_the_rest(
    ada: Commenter, mia: Mia, rules: Callable[..., None]
) -> None:
    answers = [ada.submits(f"Number {number}") for number in range(3)]
    decided = [mia.decides(answer, "spam") for answer in answers]
    assert [one.status_code for one in decided] == [200] * 3
    rules(spam_kept=1)
    housekeeping.make_room(http.now())
    events = ada.client.get("/api/v1/moderation/events", headers=mia._headers()).json["events"]
    for event in events:
        answer = ada.client.post(f"/api/v1/moderation/events/{event['id']}/undo", headers=mia._headers())
        assert answer.status_code == 200
    assert statuses() == ["pending"]


def test_one_sites_flood_leaves_the_others_alone(ada: Commenter, rules: Callable[..., None]) -> None:
    registry.add("other", [ORIGIN], policy.Policy(), http.now())
    elsewhere = Commenter(ada.client, "Ada", ada.email, site="other")
    spams(elsewhere)
    rules(spam_kept=1)
    for number in range(5):
        spams(ada, f"Buy {number}")
    rows = db.session.execute(sa.select(Comment.site_id, Comment.body).where(Comment.status == Status.SPAM)).all()
    assert sorted(map(tuple, rows)) == [("blog", "Buy 4"), ("other", PILLS)]
