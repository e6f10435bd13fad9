"""Mia decides: once, whatever happens at the same time, with a log of it, and back again."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from people import ORIGIN, PAGE, SITE, Commenter, Mia, Reader
from rules import change_rules
from werkzeug.test import TestResponse

from comments_service import http
from comments_service.accounts import tokens
from comments_service.accounts.actor import COMMAND_LINE
from comments_service.comments import counts
from comments_service.comments.models import Comment, EarlierBody, Status, Thread
from comments_service.extensions import db
from comments_service.moderation import decisions, events, purge, undo
from comments_service.moderation.decisions import Decision
from comments_service.moderation.models import Change, Event, Kind
from comments_service.sites import policy, registry

API = "/api/v1/moderation"


@dataclass
class Desk(Mia):
    """Mia at her desk, with everything that she can do there by program."""

    def asks(self, method: str, path: str, key: str | None = None, **data: Any) -> TestResponse:
        headers = self._headers() | ({"Idempotency-Key": key} if key else {})
        return self.client.open(f"{API}/{path}", method=method, json=data or None, headers=headers)

    def gives(self, comment_id: str, status: str, version: int, key: str | None = None) -> TestResponse:
        """Give a comment a status, having looked at `version` of it."""
        return self.asks("PATCH", f"comments/{comment_id}", key, status=status, version=version)

    def gives_all(self, wanted: Sequence[tuple[str, str, int]], key: str | None = None) -> TestResponse:
        chosen = [{"id": comment, "status": status, "version": version} for comment, status, version in wanted]
        return self.asks("POST", "decisions", key, decisions=chosen)

    def writes(self, comment_id: str, body: str, version: int) -> TestResponse:
        return self.asks("PATCH", f"comments/{comment_id}", body=body, version=version)

    def undoes(self, event: str) -> TestResponse:
        return self.asks("POST", f"events/{event}/undo")

    def purges(self, comment_id: str) -> TestResponse:
        return self.asks("DELETE", f"comments/{comment_id}")

    def log(self, **query: Any) -> Any:
        return self.client.get(f"{API}/events", query_string=query, headers=self._headers()).json["events"]

    def queued(self, **query: Any) -> list[str]:
        """Who wrote what is in the queue, newest first."""
        return [card["name"] for card in self.queue(**query)["comments"]]


@pytest.fixture
def desk(mia: Mia) -> Desk:
    return Desk(mia.client, mia.token)


def id_of(answer: TestResponse) -> str:
    return str(answer.json["comment"]["id"])


def held(ada: Commenter, number: int) -> list[str]:
    """The ids of so many comments that wait."""
    return [id_of(ada.submits(f"Comment {index}")) for index in range(number)]


def statuses() -> Counter[Status]:
    db.session.rollback()
    return Counter(db.session.scalars(sa.select(Comment.status)))


def assert_counted_right() -> None:
    """Hold what is kept of numbers against what is there."""
    db.session.rollback()
    there: dict[str, dict[Status, int]] = {site: dict.fromkeys(Status, 0) for site in (SITE,)}
    for site, status, number in db.session.execute(
        sa.select(Comment.site_id, Comment.status, sa.func.count()).group_by(Comment.site_id, Comment.status)
    ):
        there[site][status] = number
    assert counts.by_status([SITE]) == there
    approved = Counter(db.session.scalars(sa.select(Comment.thread_id).where(Comment.status == Status.APPROVED)))
    for thread in db.session.scalars(sa.select(Thread)):
        assert thread.comment_count == approved[thread.id]


# One decision


@pytest.mark.parametrize("status", ["approved", "spam", "trash", "pending"])
def test_mia_gives_any_status_and_takes_it_back(ada: Commenter, desk: Desk, thread: Reader, status: str) -> None:
    first = "approved" if status == "pending" else "pending"
    comment = held(ada, 1)[0]
    version = desk.gives(comment, first, 1).json["version"]
    moved = desk.gives(comment, status, version)
    assert (moved.status_code, moved.json["status"], moved.json["version"]) == (200, status, version + 1)
    assert thread.names() == (["Ada"] if status == "approved" else [])
    assert desk.gives(comment, first, version + 1).json["status"] == first
    assert_counted_right()


def test_a_decision_says_who_made_it(ada: Commenter, desk: Desk) -> None:
    comment = held(ada, 1)[0]
    assert desk.sees(comment)["decided_by"] is None
    with time_machine.travel(http.now() + timedelta(hours=1), tick=False):
        decided = desk.gives(comment, "approved", 1).json
        assert decided["decided_by"] == "Mia"
        assert datetime.fromisoformat(decided["decided_at"]) == http.now()


def test_an_old_version_is_told_how_things_stand_and_changes_nothing(ada: Commenter, desk: Desk) -> None:
    comment = held(ada, 1)[0]
    desk.gives(comment, "approved", 1)
    late = desk.gives(comment, "spam", 1)
    assert (late.status_code, late.mimetype) == (409, "application/problem+json")
    assert late.json["code"] == "conflict"
    assert late.json["current"] == desk.sees(comment)
    assert (late.json["current"]["status"], late.json["current"]["version"]) == ("approved", 2)
    assert late.json["detail"].startswith("Mia changed")
    assert len(desk.log()) == 1
    assert_counted_right()


def test_a_version_that_is_still_to_come_is_not_believed(ada: Commenter, desk: Desk) -> None:
    comment = held(ada, 1)[0]
    assert desk.gives(comment, "approved", 2).status_code == 409
    assert statuses() == {Status.PENDING: 1}


def test_adas_own_edit_makes_an_older_look_stale(ada: Commenter, desk: Desk) -> None:
    answer = ada.submits("Nice article")
    comment = id_of(answer)
    desk.gives(comment, "approved", 1)
    ada.changes(answer, "Buy my pills")
    late = desk.gives(comment, "spam", 2)
    assert late.status_code == 409
    assert late.json["current"]["body_source"] == "Buy my pills"
    assert "Mia" not in late.json["detail"]  # it was not Mia who changed it


def test_who_asks_for_what_is_so_already_is_content(ada: Commenter, desk: Desk) -> None:
    comment = held(ada, 1)[0]
    desk.gives(comment, "approved", 1)
    again = desk.gives(comment, "approved", 1)
    assert (again.status_code, again.json["status"], again.json["version"]) == (200, "approved", 2)
    assert len(desk.log()) == 1


@pytest.mark.parametrize(
    "wish",
    [
        {"status": "approved"},
        {"status": "approved", "version": 0},
        {"status": "approved", "version": True},
        {"status": "approved", "version": "1"},
        {"status": "published", "version": 1},
        {"status": None, "version": 1},
        {"version": 1},
        {"body": "", "version": 1},
        {"body": "Only the text"},
    ],
)
def test_a_wish_that_is_none_is_refused(ada: Commenter, desk: Desk, wish: dict[str, Any]) -> None:
    comment = held(ada, 1)[0]
    answer = desk.asks("PATCH", f"comments/{comment}", **wish)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid-form")
    assert (desk.sees(comment)["version"], desk.log()) == (1, [])


def test_a_comment_that_is_not_there_is_not_found(desk: Desk) -> None:
    nothing = uuid4()
    answers = [
        desk.asks("GET", f"comments/{nothing}"),
        desk.gives(str(nothing), "approved", 1),
        desk.writes(str(nothing), "Text", 1),
        desk.purges(str(nothing)),
        desk.undoes(str(nothing)),
        desk.asks("POST", f"comments/{nothing}/reply", body="Hello"),
        desk.asks("PATCH", f"threads/{nothing}", locked=True),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)


# Many decisions


def test_a_batch_is_one_event(ada: Commenter, desk: Desk) -> None:
    comments = held(ada, 5)
    answer = desk.gives_all([(comment, "approved", 1) for comment in comments[:3]] + [(comments[3], "spam", 1)])
    assert answer.json["changed"] == 4
    assert answer.json["conflicts"] == []
    (event,) = desk.log()
    assert event["id"] == answer.json["event"]
    assert {(change["comment"], change["to"]) for change in event["changes"]} == {
        *((comment, "approved") for comment in comments[:3]),
        (comments[3], "spam"),
    }
    assert statuses() == {Status.APPROVED: 3, Status.SPAM: 1, Status.PENDING: 1}
    assert_counted_right()


def test_a_batch_does_what_it_can_and_tells_the_rest(ada: Commenter, desk: Desk) -> None:
    comments = held(ada, 3)
    desk.gives(comments[0], "trash", 1)
    answer = desk.gives_all([(comment, "approved", 1) for comment in [*comments, str(uuid4())]])
    assert answer.json["changed"] == 2
    assert [(card["id"], card["status"]) for card in answer.json["conflicts"]] == [(comments[0], "trash")]
    assert_counted_right()


def test_a_batch_of_nothing_new_makes_no_event(ada: Commenter, desk: Desk) -> None:
    comment = held(ada, 1)[0]
    assert desk.gives_all([(comment, "pending", 1)]).json == {"event": None, "changed": 0, "conflicts": []}
    assert desk.gives_all([]).json == {"event": None, "changed": 0, "conflicts": []}
    assert desk.log() == []


def test_a_batch_sent_twice_is_carried_out_once(ada: Commenter, desk: Desk) -> None:
    comments = held(ada, 3)
    wanted = [(comment, "approved", 1) for comment in comments]
    first = desk.gives_all(wanted, key="batch-1")
    desk.gives(comments[0], "trash", 2)
    again = desk.gives_all(wanted, key="batch-1")
    assert again.json == first.json
    assert len(desk.log()) == 2
    assert statuses() == {Status.APPROVED: 2, Status.TRASH: 1}


def test_one_key_from_two_programs_is_two_keys(app: Flask, ada: Commenter, desk: Desk) -> None:
    """Also for names and keys as long as they may be."""
    comments = held(ada, 2)
    name, key = "M" * 100, "k" * 99
    long = Desk(app.test_client(), tokens.add(name, [SITE], http.now()))
    assert long.gives(comments[0], "approved", 1, key=key + "1").json["status"] == "approved"
    assert long.gives(comments[1], "approved", 1, key=key + "2").json["status"] == "approved"
    assert desk.gives(comments[0], "spam", 2, key=key + "1").json["status"] == "spam"


def test_a_thousand_are_decided_at_once_and_no_more(desk: Desk) -> None:
    wanted = [(str(uuid4()), "spam", 1) for _ in range(decisions.MOST + 1)]
    assert desk.gives_all(wanted[:-1]).status_code == 200
    refused = desk.gives_all(wanted)
    assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, "too-many")


@pytest.mark.parametrize(
    "wanted", [None, {}, "all", [None], [[]], [{}], [{"id": "x", "status": "spam", "version": 1}], [{"id": 7}]]
)
def test_a_batch_that_is_none_is_refused(desk: Desk, ada: Commenter, wanted: object) -> None:
    answer = desk.asks("POST", "decisions", decisions=wanted)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid-form")


# Two moderators at once


def test_two_who_decide_otherwise_at_once_lose_nothing(app: Flask, ada: Commenter, desk: Desk) -> None:
    comments = held(ada, 12)
    other = tokens.add("Noah", [SITE], http.now())
    start = Barrier(2)

    def decide(token: str, status: str) -> list[tuple[str, int, str]]:
        me = Desk(app.test_client(), token)
        start.wait(timeout=30)
        answers = [(comment, me.gives(comment, status, 1)) for comment in comments]
        return [(comment, answer.status_code, answer.json.get("detail", "")) for comment, answer in answers]

    with ThreadPoolExecutor(2) as pool:
        mias = pool.submit(decide, desk.token, "approved")
        noahs = pool.submit(decide, other, "trash")
    for (comment, mia_told, mia_detail), (_, noah_told, noah_detail) in zip(mias.result(), noahs.result(), strict=True):
        assert sorted((mia_told, noah_told)) == [200, 409]
        winner, status = ("Mia", "approved") if mia_told == 200 else ("Noah", "trash")
        assert (mia_detail or noah_detail).startswith(f"{winner} changed")
        seen = desk.sees(comment)
        assert (seen["status"], seen["version"], seen["decided_by"]) == (status, 2, winner)
    changed = [change["comment"] for event in desk.log() for change in event["changes"]]
    assert sorted(changed) == sorted(comments)
    assert_counted_right()


def test_two_opposite_batches_at_once_divide_the_comments(app: Flask, ada: Commenter, desk: Desk) -> None:
    comments = held(ada, 20)
    start = Barrier(2)

    def decide(status: str, order: list[str]) -> Any:
        me = Desk(app.test_client(), desk.token)
        start.wait(timeout=30)
        return me.gives_all([(comment, status, 1) for comment in order]).json

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.submit(decide, "approved", comments), pool.submit(decide, "trash", comments[::-1])
    outcomes = [one.result(), two.result()]
    assert sum(outcome["changed"] for outcome in outcomes) == 20
    assert sum(len(outcome["conflicts"]) for outcome in outcomes) == 20
    assert sum(len(event["changes"]) for event in desk.log()) == 20
    assert_counted_right()


def test_a_batch_sent_by_eight_at_once_is_one_event(app: Flask, ada: Commenter, desk: Desk) -> None:
    comments = held(ada, 4)
    start = Barrier(8)

    def send(_: int) -> Any:
        me = Desk(app.test_client(), desk.token)
        start.wait(timeout=30)
        return me.gives_all([(comment, "spam", 1) for comment in comments], key="once").json

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["changed"] == 4
    assert len(desk.log()) == 1


def test_an_event_undone_by_two_at_once_is_undone_once(app: Flask, ada: Commenter, desk: Desk) -> None:
    comments = held(ada, 6)
    event = desk.gives_all([(comment, "approved", 1) for comment in comments]).json["event"]
    start = Barrier(2)

    def undoes(_: int) -> Any:
        me = Desk(app.test_client(), desk.token)
        start.wait(timeout=30)
        return me.undoes(event).json

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(undoes, range(2)), key=lambda answer: answer["changed"])
    assert [(answer["changed"], len(answer["conflicts"])) for answer in answers] == [(0, 6), (6, 0)]
    assert statuses() == {Status.PENDING: 6}
    assert_counted_right()


# Back again


@pytest.mark.parametrize("status", ["approved", "spam", "trash"])
def test_any_decision_is_undone(ada: Commenter, desk: Desk, thread: Reader, status: str) -> None:
    comment = held(ada, 1)[0]
    desk.gives(comment, status, 1)
    (event,) = desk.log()
    undone = desk.undoes(event["id"])
    assert undone.json["changed"] == 1
    assert (desk.sees(comment)["status"], desk.sees(comment)["version"]) == ("pending", 3)
    assert thread.names() == []
    latest, first = desk.log()
    assert (latest["kind"], latest["undoes"], latest["undone"]) == ("undo", event["id"], False)
    assert first["undone"] is True
    assert_counted_right()


def test_a_batch_is_undone_to_what_each_was(ada: Commenter, desk: Desk) -> None:
    comments = held(ada, 4)
    desk.gives(comments[0], "approved", 1)
    desk.gives(comments[1], "spam", 1)
    event = desk.gives_all([(c, "trash", v) for c, v in zip(comments, (2, 2, 1, 1), strict=True)]).json["event"]
    assert statuses() == {Status.TRASH: 4}
    assert desk.undoes(event).json["changed"] == 4
    assert [desk.sees(comment)["status"] for comment in comments] == ["approved", "spam", "pending", "pending"]
    assert_counted_right()


def test_what_moved_on_since_stays_and_is_told(ada: Commenter, desk: Desk) -> None:
    comments = held(ada, 3)
    event = desk.gives_all([(comment, "spam", 1) for comment in comments]).json["event"]
    desk.gives(comments[1], "approved", 2)
    undone = desk.undoes(event).json
    assert undone["changed"] == 2
    assert [(card["id"], card["status"]) for card in undone["conflicts"]] == [(comments[1], "approved")]
    assert [desk.sees(comment)["status"] for comment in comments] == ["pending", "approved", "pending"]
    assert_counted_right()


def test_what_ada_changed_since_is_not_published_by_an_undo(ada: Commenter, desk: Desk, thread: Reader) -> None:
    answer = ada.submits("Kind words")
    desk.gives(id_of(answer), "approved", 1)
    event = desk.gives_all([(id_of(answer), "pending", 2)]).json["event"]
    ada.changes(answer, "Unkind words")
    assert desk.undoes(event).json["changed"] == 0
    assert thread.names() == []


def test_an_undo_of_what_is_gone_changes_nothing(ada: Commenter, desk: Desk) -> None:
    comments = held(ada, 2)
    event = desk.gives_all([(comment, "spam", 1) for comment in comments]).json["event"]
    desk.purges(comments[0])
    assert desk.undoes(event).json["changed"] == 1
    assert statuses() == {Status.PENDING: 1}
    assert_counted_right()


def test_an_undo_is_undone(ada: Commenter, desk: Desk, thread: Reader) -> None:
    comments = held(ada, 2)
    event = desk.gives_all([(comment, "approved", 1) for comment in comments]).json["event"]
    undone = desk.undoes(event).json["event"]
    assert thread.names() == []
    again = desk.undoes(undone).json
    assert again["changed"] == 2
    assert thread.names() == ["Ada", "Ada"]
    assert desk.undoes(again["event"]).json["changed"] == 2
    assert statuses() == {Status.PENDING: 2}
    assert_counted_right()


def test_an_event_is_undone_once(ada: Commenter, desk: Desk) -> None:
    comment = held(ada, 1)[0]
    desk.gives(comment, "spam", 1)
    (event,) = desk.log()
    desk.undoes(event["id"])
    again = desk.undoes(event["id"]).json
    assert (again["event"], again["changed"], len(again["conflicts"])) == (None, 0, 1)
    assert len(desk.log()) == 2


def test_an_event_is_undone_in_a_year(ada: Commenter, desk: Desk) -> None:
    comment = held(ada, 1)[0]
    desk.gives(comment, "trash", 1)
    (event,) = desk.log()
    with time_machine.travel(http.now() + timedelta(days=366), tick=False):
        assert desk.undoes(event["id"]).json["changed"] == 1
    assert statuses() == {Status.PENDING: 1}


def test_an_edit_and_a_purge_are_not_undone(ada: Commenter, desk: Desk) -> None:
    comments = held(ada, 2)
    desk.writes(comments[0], "Better", 1)
    desk.gives(comments[1], "trash", 1)
    desk.purges(comments[1])
    desk.asks("PATCH", f"threads/{desk.sees(comments[0])['thread']['id']}", locked=True)
    kinds = {event["kind"]: event["id"] for event in desk.log()}
    assert set(kinds) == {"edit", "decide", "purge", "lock"}
    for kind in ("edit", "purge"):
        assert desk.undoes(kinds[kind]).status_code == 409


# For good


@pytest.mark.parametrize("status", ["trash", "spam"])
def test_a_purge_is_for_good(ada: Commenter, desk: Desk, client: FlaskClient, status: str) -> None:
    key = uuid4().hex
    answer = ada.submits("A secret", key=key)
    comment = id_of(answer)
    desk.writes(comment, "A changed secret", 1)
    desk.gives(comment, status, 2)
    assert desk.purges(comment).status_code == 204
    assert desk.purges(comment).status_code == 404
    assert desk.asks("GET", f"comments/{comment}").status_code == 404
    assert ada.looks_at(answer).status_code == 404
    assert ada.submits("A secret", key=key).status_code == 409
    assert db.session.scalars(sa.select(Comment)).all() == []
    assert db.session.scalars(sa.select(EarlierBody)).all() == []
    assert "secret" not in client.get(f"{API}/events", headers={"Authorization": f"Bearer {desk.token}"}).text
    assert_counted_right()


@pytest.mark.parametrize("status", ["pending", "approved"])
def test_only_trash_and_spam_are_purged(ada: Commenter, desk: Desk, status: str) -> None:
    comment = held(ada, 1)[0]
    desk.gives(comment, status, 1)
    refused = desk.purges(comment)
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")
    assert desk.sees(comment)["status"] == status


def test_one_that_may_not_be_purged_keeps_all_of_them(ada: Commenter, desk: Desk) -> None:
    comments = held(ada, 2)
    desk.gives(comments[0], "trash", 1)
    with pytest.raises(Exception, match="trash or spam"):
        purge.purge([UUID(comment) for comment in comments], COMMAND_LINE, http.now())
    assert sum(statuses().values()) == 2


def test_replies_to_what_is_purged_stay_and_stand_alone(
    ada: Commenter, ben: Commenter, desk: Desk, thread: Reader
) -> None:
    first = ada.submits("Question?")
    desk.approves(first)
    reply = ben.submits("Answer", parent=id_of(first))
    desk.approves(reply)
    desk.gives(id_of(first), "trash", 2)
    assert [(c["name"], c["parent"]) for c in thread.opens().json["comments"]] == [("Ben", None)]
    assert desk.sees(id_of(reply))["parent"]["status"] == "trash"
    desk.purges(id_of(first))
    assert [(c["name"], c["parent"]) for c in thread.opens().json["comments"]] == [("Ben", None)]
    assert desk.sees(id_of(reply))["parent"] is None
    assert desk.queued(status="approved") == ["Ben"]
    again = ada.submits("Thanks", parent=id_of(reply))
    desk.approves(again)
    assert [c["name"] for c in thread.opens().json["comments"]] == ["Ben", "Ada"]
    assert_counted_right()


def test_the_log_remembers_a_purge(ada: Commenter, desk: Desk) -> None:
    comment = held(ada, 1)[0]
    desk.gives(comment, "spam", 1)
    desk.purges(comment)
    assert [(e["kind"], e["changes"]) for e in desk.log()] == [
        ("purge", [{"comment": comment, "from": "spam", "to": None}]),
        ("decide", [{"comment": comment, "from": "pending", "to": "spam"}]),
    ]


# What Mia writes


def test_an_edit_keeps_what_stood_there(ada: Commenter, desk: Desk, thread: Reader) -> None:
    answer = ada.submits("Frist!")
    desk.approves(answer)
    with time_machine.travel(http.now() + timedelta(hours=1), tick=False):
        edited = desk.writes(id_of(answer), "First **of all**", 2)
        assert (edited.status_code, edited.json["version"], edited.json["status"]) == (200, 3, "approved")
        assert desk.writes(id_of(answer), "First", 3).status_code == 200
        assert [earlier["body"] for earlier in desk.sees(id_of(answer))["earlier"]] == ["Frist!", "First **of all**"]
    (shown,) = thread.opens().json["comments"]
    assert shown["body"] == [["p", "First"]]
    assert shown["edited_at"] is not None
    assert "Frist" not in thread.opens().text
    assert [event["kind"] for event in desk.log()] == ["edit", "edit", "decide"]
    assert_counted_right()


def test_an_edit_of_an_older_version_is_refused(ada: Commenter, desk: Desk) -> None:
    answer = ada.submits("Frist!")
    ada.changes(answer, "First!")
    late = desk.writes(id_of(answer), "Second!", 1)
    assert late.status_code == 409
    assert (late.json["current"]["body_source"], late.json["current"]["version"]) == ("First!", 2)
    assert desk.sees(id_of(answer))["body_source"] == "First!"
    assert desk.log() == []


def test_mia_answers_and_approves_with_it(ada: Commenter, desk: Desk, thread: Reader) -> None:
    question = ada.submits("Question?")
    answered = desk.asks("POST", f"comments/{id_of(question)}/reply", body="An *answer*")
    assert answered.status_code == 201
    assert (answered.json["role"], answered.json["email"], answered.json["name"]) == ("moderator", None, "Mia")
    assert [(c["name"], c["role"], c["parent"]) for c in thread.opens().json["comments"]] == [
        ("Ada", None, None),
        ("Mia", "moderator", id_of(question)),
    ]
    answer, event = desk.log()
    assert (answer["kind"], answer["detail"]["to"]) == ("reply", id_of(question))
    assert event["changes"] == [{"comment": id_of(question), "from": "pending", "to": "approved"}]
    assert_counted_right()


def test_mia_answers_in_a_locked_discussion_and_deeper_down(
    ada: Commenter, ben: Commenter, desk: Desk, thread: Reader
) -> None:
    first = ada.submits("One")
    desk.approves(first)
    reply = ben.submits("Two", parent=id_of(first))
    desk.approves(reply)
    locked = desk.asks("PATCH", f"threads/{desk.sees(id_of(first))['thread']['id']}", locked=True)
    assert locked.json["locked"] is True
    assert ada.submits("Too late").json["code"] == "thread-closed"
    assert desk.asks("POST", f"comments/{id_of(reply)}/reply", body="Three").status_code == 201
    assert thread.names() == ["Ada", "Ben", "Mia"]
    assert thread.opens().json["state"] == "locked"


def test_an_empty_answer_approves_nothing(ada: Commenter, desk: Desk) -> None:
    comment = held(ada, 1)[0]
    assert desk.asks("POST", f"comments/{comment}/reply", body="  ").status_code == 422
    assert desk.sees(comment)["status"] == "pending"


def test_a_lock_is_logged_once(ada: Commenter, desk: Desk, thread: Reader) -> None:
    found = desk.sees(held(ada, 1)[0])["thread"]["id"]
    for locked in (True, True, False, False):
        assert desk.asks("PATCH", f"threads/{found}", locked=locked).json["locked"] is locked
    assert [(e["kind"], e["thread"]) for e in desk.log()] == [("unlock", found), ("lock", found)]
    assert thread.opens().json["state"] == "open"
    assert desk.asks("PATCH", f"threads/{found}", locked="yes").status_code == 422


# The log


def test_the_log_says_who_when_what_and_whence(ada: Commenter, desk: Desk, app: Flask) -> None:
    noah = Desk(app.test_client(), tokens.add("Noah", [SITE], http.now()))
    comment = held(ada, 1)[0]
    with time_machine.travel("2027-01-02T03:04:05Z", tick=False):
        desk.gives(comment, "spam", 1)
    with time_machine.travel("2027-01-02T03:05:00Z", tick=False):
        noah.gives(comment, "approved", 2)
    told = [(e["by"], e["at"], e["site"], e["changes"][0]["from"], e["changes"][0]["to"]) for e in desk.log()]
    assert sorted(told) == [
        ("Mia", "2027-01-02T03:04:05Z", SITE, "pending", "spam"),
        ("Noah", "2027-01-02T03:05:00Z", SITE, "spam", "approved"),
    ]


def test_the_log_is_read_page_by_page(ada: Commenter, desk: Desk) -> None:
    comment = held(ada, 1)[0]
    for version in range(1, events.PAGE + 11):
        desk.gives(comment, "spam" if version % 2 else "pending", version)
    first = desk.asks("GET", "events").json
    second = desk.client.get(f"{API}/events?after={first['next']}", headers=desk._headers()).json
    assert (len(first["events"]), len(second["events"]), second["next"]) == (events.PAGE, 10, None)
    assert len({event["id"] for event in first["events"] + second["events"]}) == events.PAGE + 10
    ids = [event["id"] for event in first["events"] + second["events"]]
    assert ids == sorted(ids, reverse=True)


def test_a_page_of_the_log_never_parts_an_event_of_two_sites(blog: str, app: Flask, client: FlaskClient) -> None:
    registry.add("shop", ["https://shop.example"], policy.Policy(), http.now())
    ada = Commenter(client, "Ada", "ada@ada-lovelace.org")
    here = id_of(ada.submits("Here"))
    ada.site, ada.origin = "shop", "https://shop.example"
    there = id_of(ada.submits("There"))
    boss = Desk(client, tokens.add("Boss", [], http.now()))
    both = boss.gives_all([(here, "spam", 1), (there, "spam", 1)]).json["event"]
    for version in range(2, events.PAGE + 1):
        boss.gives(here, "spam" if version % 2 else "pending", version)
    first = boss.asks("GET", "events").json
    rest = boss.client.get(f"{API}/events", query_string={"after": first["next"] or ""}, headers=boss._headers()).json
    listed = first["events"] + (rest["events"] if first["next"] else [])
    assert sorted(event["site"] for event in listed if event["id"] == both) == [SITE, "shop"]
    assert len(listed) == events.PAGE + 1
    assert boss.undoes(both).json["changed"] == 1  # the one in the shop; the other has moved on
    assert boss.sees(there)["status"] == "pending"


# The queue


def test_the_queue_says_why_each_one_is_held(ada: Commenter, ben: Commenter, desk: Desk) -> None:
    change_rules(hold_at=0.5)
    token = ada.touches_the_form()
    with time_machine.travel(http.now() + timedelta(seconds=30), tick=False):
        ada.submits("Calm", token=token)
        ben.submits("<https://a.example> <https://b.example> <https://c.example>", token=token)
        ben.submits("Without a token")
        ben.submits("A robot", token=token, subject_line="Buy!")
    cards = {card["body_source"]: card for card in desk.queue(status="")["comments"]}
    reasons = {body: [reason["check"] for reason in card["reasons"]] for body, card in cards.items()}
    assert reasons["Calm"] == ["policy"]
    assert reasons["Without a token"] == ["timing"]
    assert [check for body, checks in reasons.items() if body.startswith("<https") for check in checks] == ["links"]
    assert "honeypot" in reasons["A robot"]
    assert cards["A robot"]["status"] == "spam"
    assert all(reason["evidence"] for card in cards.values() for reason in card["reasons"])
    for card in cards.values():
        assert card["score"] == pytest.approx(sum(reason["points"] for reason in card["reasons"]))


def test_the_queue_has_all_that_a_decision_needs(ada: Commenter, ben: Commenter, desk: Desk) -> None:
    first = ada.submits("Question?", website="https://ada.example/")
    desk.approves(first)
    desk.approves(ada.submits("Question again?", name="Ada L."))
    reply = ada.submits("More", parent=id_of(first))
    (card,) = desk.queue(status="pending")["comments"]
    assert card["id"] == id_of(reply)
    assert (card["site"], card["page"], card["email"]) == (SITE, PAGE, "ada@ada-lovelace.org")
    assert (card["thread"]["title"], card["thread"]["url"]) == ("Bread", f"{ORIGIN}{PAGE}")
    assert card["parent"] == {
        "id": id_of(first),
        "name": "Ada",
        "body_source": "Question?",
        "status": "approved",
    }
    known = card["commenter"]
    assert (known["approved"], known["pending"], known["spam"], known["trash"]) == (2, 1, 0, 0)
    assert known["names"] == ["Ada", "Ada L."]
    assert desk.sees(id_of(first))["website"] == "https://ada.example/"


def test_the_queue_is_asked_for_by_status_words_and_site(ada: Commenter, ben: Commenter, desk: Desk) -> None:
    bread = ada.submits("About sourdough")
    ben.submits("About 100% rye", website="https://rye.example/")
    desk.gives(id_of(bread), "spam", 1)
    assert desk.queued(status="pending") == ["Ben"]
    assert desk.queued(status="spam") == ["Ada"]
    assert desk.queued(status="trash") == []
    assert desk.queued() == desk.queued(status="") == ["Ben", "Ada"]
    assert desk.queued(q="SOURDOUGH about") == ["Ada"]
    assert desk.queued(q="sourdough rye") == []
    assert desk.queued(q="rye.example") == desk.queued(q="100%") == desk.queued(q="ben") == ["Ben"]
    assert desk.queued(q="_") == desk.queued(q="%rye%") == []
    assert desk.queued(q="ada-lovelace.org") == []  # an address is sealed, and so not searched
    assert desk.queued(site=SITE, status="spam", q="about") == ["Ada"]
    assert desk.queue(q="about")["total"] == 2
    assert desk.queue(status="pending")["total"] == 1


@pytest.mark.parametrize("wrong", ["status=open", "limit=0", "limit=201", "limit=x", "limit=²", "after=x"])
def test_a_queue_that_cannot_be_meant_is_refused(desk: Desk, wrong: str) -> None:
    answer = desk.client.get(f"{API}/comments?{wrong}", headers=desk._headers())
    assert (answer.status_code, answer.json["code"]) == (422, "invalid-form")


def pages_of(desk: Desk, between: Any, **query: Any) -> Iterator[str]:
    """The ids of the queue's pages one after the other, with something happening between them."""
    after = ""
    while True:
        page = desk.queue(after=after, limit=3, **query)
        assert len(page["comments"]) <= 3
        yield from (card["id"] for card in page["comments"])
        if page["next"] is None:
            return
        after = page["next"]
        between()


def test_no_comment_is_paged_twice_or_left_out_while_new_ones_come(ada: Commenter, ben: Commenter, desk: Desk) -> None:
    there = held(ada, 10)
    found = list(pages_of(desk, lambda: ben.submits(f"New {uuid4()}"), status="pending"))
    assert found == there[::-1]


def test_nothing_is_left_out_while_comments_are_decided(ada: Commenter, desk: Desk) -> None:
    there = held(ada, 10)
    found = []

    def decide() -> None:
        desk.gives_all([(comment, "approved", 1) for comment in found[-3:]])

    for comment in pages_of(desk, decide, status="pending"):
        found.append(comment)
    assert found == there[::-1]


def test_the_same_counts_are_told_with_a_word_and_what_came_is_counted(ada: Commenter, desk: Desk) -> None:
    ada.submits("First!")
    newest = desk.queue()["comments"][0]["id"]
    path = f"{API}/arrivals?status=pending&after={newest}"
    first = ada.client.get(path, headers=desk._headers())
    assert (first.json["new"], first.json["counts"][SITE]["pending"]) == (0, 1)
    asked_again = desk._headers() | {"If-None-Match": first.headers["ETag"]}
    again = ada.client.get(path, headers=asked_again)
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "private, no-cache"
    ada.submits("Second!")
    ada.submits("Third!", page="/elsewhere")
    later = ada.client.get(path, headers=asked_again)
    assert (later.status_code, later.json["new"], later.json["counts"][SITE]["pending"]) == (200, 2, 3)
    assert ada.client.get(f"{API}/arrivals?site=another", headers=desk._headers()).status_code == 404
    assert ada.client.get(f"{API}/arrivals", headers={}).status_code == 401


def test_the_last_page_is_known_as_the_last(ada: Commenter, desk: Desk) -> None:
    held(ada, 6)
    assert len(list(pages_of(desk, lambda: None))) == 6
    assert desk.queue(limit=6)["next"] is None


# The numbers


class Walk:
    """People who do anything at all, one thing after the other."""

    def __init__(self, seed: int, ada: Commenter, ben: Commenter, desk: Desk) -> None:
        self.random = random.Random(seed)
        self.commenters, self.desk = (ada, ben), desk
        self.answers: list[tuple[Commenter, TestResponse]] = []

    def step(self) -> None:
        deeds = (self.submit, self.decide, self.decide, self.batch, self.undo, self.purge, self.write, self.reply)
        self.random.choice((*deeds, self.change, self.withdraw))()

    def comments(self) -> list[Comment]:
        db.session.rollback()
        return list(db.session.scalars(sa.select(Comment).order_by(Comment.id)))

    def one(self) -> Comment | None:
        there = self.comments()
        return self.random.choice(there) if there else None

    def submit(self) -> None:
        who, page = self.random.choice(self.commenters), self.random.choice(["/one", "/two"])
        parents = [c for c in self.comments() if c.status is Status.APPROVED]
        parent = self.random.choice(parents) if parents and self.random.random() < 0.5 else None
        answer = who.submits(
            f"Text {self.random.random()}",
            page=db.session.get_one(Thread, (SITE, parent.thread_id)).page if parent else page,
            parent=str(parent.id) if parent else None,
            subject_line=self.random.choice(["", "", "", "Buy!"]),
        )
        assert answer.status_code == 202
        self.answers.append((who, answer))

    def wish(self, comment: Comment) -> tuple[str, str, int]:
        stale = self.random.random() < 0.2
        return str(comment.id), self.random.choice(list(Status)).value, comment.version + stale

    def decide(self) -> None:
        if comment := self.one():
            assert self.desk.gives(*self.wish(comment)).status_code in {200, 409}

    def batch(self) -> None:
        there = self.comments()
        chosen = self.random.sample(there, self.random.randint(0, len(there)))
        assert self.desk.gives_all([self.wish(comment) for comment in chosen]).status_code == 200

    def undo(self) -> None:
        log = self.desk.log()
        if log:
            assert self.desk.undoes(self.random.choice(log)["id"]).status_code in {200, 409}

    def purge(self) -> None:
        if comment := self.one():
            assert self.desk.purges(str(comment.id)).status_code in {204, 409}

    def write(self) -> None:
        if comment := self.one():
            assert self.desk.writes(str(comment.id), "Better", comment.version).status_code == 200

    def reply(self) -> None:
        if comment := self.one():
            assert self.desk.asks("POST", f"comments/{comment.id}/reply", body="Answer").status_code == 201

    def change(self) -> None:
        if self.answers:
            who, answer = self.random.choice(self.answers)
            assert who.changes(answer, f"Changed {self.random.random()}").status_code in {200, 403, 404}

    def withdraw(self) -> None:
        if self.answers:
            who, answer = self.random.choice(self.answers)
            assert who.withdraws(answer).status_code in {204, 403, 404}


@pytest.mark.parametrize("seed", range(4))
def test_every_number_is_right_after_whatever_anybody_did(
    ada: Commenter, ben: Commenter, desk: Desk, seed: int
) -> None:
    walk = Walk(seed, ada, ben, desk)
    for _ in range(80):
        walk.step()
        assert_counted_right()
    totals = desk.asks("GET", "counts").json
    assert totals == {SITE: {status.value: statuses()[status] for status in Status}}
    for status in Status:
        assert desk.queue(status=status.value)["total"] == statuses()[status]
    assert statuses().total() > 0


def test_every_change_of_a_status_has_its_line_in_the_log(ada: Commenter, ben: Commenter, desk: Desk) -> None:
    """Read from its beginning, the log ends at what is there."""
    comments = held(ada, 4)
    random_ = random.Random(7)
    for _ in range(40):
        comment = random_.choice(comments)
        desk.gives(comment, random_.choice(list(Status)).value, desk.sees(comment)["version"])
    lines = list(db.session.scalars(sa.select(Change).order_by(Change.event_id)))
    now = dict.fromkeys(map(UUID, comments), Status.PENDING)
    for line in lines:
        assert line.status_from is now[line.comment_id]
        assert line.status_to is not None
        now[line.comment_id] = line.status_to
    assert {UUID(c): desk.sees(c)["status"] for c in comments} == now


# The use cases, without a browser


def test_one_decision_on_two_sites_is_one_event_in_both_logs(blog: str, client: FlaskClient) -> None:
    registry.add("shop", ["https://shop.example"], policy.Policy(), http.now())
    ada = Commenter(client, "Ada", "ada@ada-lovelace.org")
    ids = [UUID(id_of(ada.submits("Here")))]
    ada.site, ada.origin = "shop", "https://shop.example"
    ids.append(UUID(id_of(ada.submits("There"))))
    wanted = [Decision(comment, Status.SPAM, 1) for comment in ids]
    outcome = decisions.decide(wanted, COMMAND_LINE, http.now(), note="cleaning up")
    logged = list(db.session.scalars(sa.select(Event).order_by(Event.site_id)))
    assert [(e.site_id, e.id, e.kind, e.actor, e.note) for e in logged] == [
        (SITE, outcome.event, Kind.DECIDE, "command line", "cleaning up"),
        ("shop", outcome.event, Kind.DECIDE, "command line", "cleaning up"),
    ]
    assert outcome.event is not None
    assert len(undo.undo(outcome.event, COMMAND_LINE, http.now()).changed) == 2
    assert counts.by_status([SITE, "shop"]) == {
        site: {**dict.fromkeys(Status, 0), Status.PENDING: 1} for site in (SITE, "shop")
    }
