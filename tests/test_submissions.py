"""Ada writes, and what she is answered is true."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from people import ORIGIN, PAGE, SITE, Commenter, Mia, Reader
from sqlalchemy.exc import IntegrityError

from comments_service import database, http
from comments_service.comments.models import Comment, Status, StatusCount, Thread
from comments_service.extensions import db
from comments_service.notify.models import OutboxMessage
from comments_service.sites import registry

LATER = timedelta(minutes=16)


def stored() -> list[Comment]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Comment).order_by(Comment.id)))


def test_a_comment_is_held_and_its_writer_told(ada: Commenter, thread: Reader) -> None:
    answer = ada.submits("Hello *you*")
    assert answer.status_code == 202
    assert answer.json["status"] == "pending"
    assert answer.json["comment"]["name"] == "Ada"
    assert answer.json["comment"]["body"] == [["p", "Hello ", ["em", "you"]]]
    assert thread.names() == []


def test_a_held_comment_appears_after_approval(ada: Commenter, mia: Mia, thread: Reader) -> None:
    held = ada.submits("First!")
    assert mia.approves(held).status_code == 200
    assert thread.names() == ["Ada"]
    assert ada.looks_at(held).json["status"] == "approved"


def test_a_site_that_holds_nothing_publishes_at_once(
    ada: Commenter, thread: Reader, holds: Callable[..., None]
) -> None:
    holds(moderation="none")
    answer = ada.submits(token=ada.touches_the_form())
    assert answer.status_code == 202  # written faster than anybody writes
    with time_machine.travel(http.now() + timedelta(seconds=30), tick=False):
        token = ada.touches_the_form()
    with time_machine.travel(http.now() + timedelta(seconds=60), tick=False):
        answer = ada.submits("Slowly now", token=token)
    assert answer.status_code == 201
    assert thread.names() == ["Ada"]


def test_a_first_comment_is_held_and_the_next_is_not(
    ada: Commenter, mia: Mia, thread: Reader, holds: Callable[..., None]
) -> None:
    holds(moderation="first")
    token = ada.touches_the_form()
    with time_machine.travel(http.now() + timedelta(seconds=30), tick=False):
        first = ada.submits("First", token=token)
        assert first.status_code == 202
        assert [r["check"] for r in mia.sees(first.json["comment"]["id"])["reasons"]] == ["first-comment"]
        mia.approves(first)
        assert ada.submits("Second", token=token).status_code == 201


def test_a_page_whose_own_key_is_as_long_as_may_be_takes_comments(
    ada: Commenter, thread: Reader, holds: Callable[..., None]
) -> None:
    holds(moderation="none")
    page = "".join(chr(0x20000 + 40 * number) for number in range(512))
    token = ada.touches_the_form(page)
    with time_machine.travel(http.now() + timedelta(seconds=30), tick=False):
        assert ada.submits(page=page, token=token).status_code == 201
    assert thread.names(page) == ["Ada"]


def test_every_wrong_field_is_named_at_once(ada: Commenter) -> None:
    answer = ada.submits("", name=" ", email="ada@gmail,com", website="javascript:alert(1)")
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert [(e["field"], e["code"]) for e in answer.json["errors"]] == [
        ("body", "required"),
        ("name", "required"),
        ("email", "invalid-email"),
        ("website", "invalid-website"),
    ]
    assert answer.json["errors"][2]["suggestion"] == "ada@gmail.com"
    assert stored() == []


def test_a_doubtful_address_is_asked_about_once(ada: Commenter) -> None:
    doubt = ada.submits(email="ada@gmial.com")
    assert [(e["code"], e["suggestion"]) for e in doubt.json["errors"]] == [("unlikely-email", "ada@gmail.com")]
    assert ada.submits(email="ada@gmial.com", email_as_typed="ada@gmial.com").status_code == 202


def test_the_same_key_gives_the_first_answer_again(ada: Commenter) -> None:
    key = uuid4().hex
    first, second = ada.submits(key=key), ada.submits(key=key)
    assert first.json == second.json
    assert len(stored()) == 1


def test_the_same_key_with_another_text_is_refused(ada: Commenter) -> None:
    key = uuid4().hex
    ada.submits("One", key=key)
    answer = ada.submits("Two", key=key)
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency-key-reused")


def test_the_first_answer_stays_after_approval(ada: Commenter, mia: Mia) -> None:
    key = uuid4().hex
    first = ada.submits(key=key)
    mia.approves(first)
    again = ada.submits(key=key)
    assert (again.status_code, again.json["status"]) == (202, "pending")


def test_a_key_that_is_none_is_refused_by_name(ada: Commenter) -> None:
    answer = ada.submits(key="a b")
    assert (answer.status_code, answer.json["field"]) == (422, "Idempotency-Key")


def test_saying_the_same_twice_is_a_duplicate(ada: Commenter, ben: Commenter) -> None:
    ada.submits("Well said")
    answer = ada.submits("Well said")
    assert (answer.status_code, answer.json["code"]) == (409, "duplicate")
    assert ben.submits("Well said").status_code == 202
    assert ada.submits("Well said", page="/2026/cake").status_code == 202


def test_fifty_parallel_sends_of_one_key_make_one_comment(app: Flask, ada: Commenter) -> None:
    key = uuid4().hex

    def send(_: int) -> str:
        somebody = Commenter(app.test_client(), "Ada", "ada@ada-lovelace.org")
        return str(somebody.submits("Once", key=key).json["comment"]["id"])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(send, range(50)))) == 1
    assert len(stored()) == 1


def test_each_of_many_parallel_answers_is_its_own(app: Flask, ada: Commenter) -> None:
    def send(number: int) -> tuple[str, str, str]:
        somebody = Commenter(app.test_client(), f"Person {number}", f"person{number}@crowd.org")
        answer = somebody.submits(f"Text {number}")
        seen = somebody.looks_at(answer).json
        return f"Person {number}", seen["comment"]["name"], seen["body_source"]

    with ThreadPoolExecutor(8) as pool:
        for number, (name, seen, body) in enumerate(pool.map(send, range(40))):
            assert (seen, body) == (name, f"Text {number}")


def test_eve_cannot_post_from_a_foreign_page(eve: Commenter, blog: str) -> None:
    answer = eve.submits()
    assert (answer.status_code, answer.json["code"]) == (403, "origin-not-allowed")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert stored() == []


def test_ben_replies_to_what_can_be_read(ada: Commenter, ben: Commenter, mia: Mia, thread: Reader) -> None:
    first = ada.submits("Question?")
    parent = first.json["comment"]["id"]
    assert ben.submits("Too early", parent=parent).status_code == 404
    mia.approves(first)
    reply = ben.submits("Answer", parent=parent)
    assert reply.status_code == 202
    mia.approves(reply)
    comments = thread.opens().json["comments"]
    assert [(c["name"], c["parent"]) for c in comments] == [("Ada", None), ("Ben", parent)]
    assert ben.submits("Elsewhere", parent=parent, page="/2026/cake").status_code == 404


def test_a_locked_thread_takes_nothing(ada: Commenter, mia: Mia, thread: Reader) -> None:
    mia.approves(ada.submits())
    found = db.session.scalars(sa.select(Thread)).one()
    found.locked = True
    db.session.commit()
    answer = ada.submits("More")
    assert (answer.status_code, answer.json["code"]) == (403, "thread-closed")
    assert thread.opens().json["state"] == "locked"


def test_a_thread_closes_by_age(ada: Commenter, thread: Reader, holds: Callable[..., None]) -> None:
    holds(close_after_days=14)
    assert ada.submits("On time").status_code == 202
    with time_machine.travel(http.now() + timedelta(days=15), tick=False):
        assert ada.submits("Too late").json["code"] == "thread-closed"
        assert thread.opens().json["state"] == "closed"


def test_spam_is_answered_like_a_held_comment(ada: Commenter, ben: Commenter, mia: Mia) -> None:
    token = ada.touches_the_form()
    with time_machine.travel(http.now() + timedelta(seconds=30), tick=False):
        held = ada.submits("A comment", token=token)
        spam = ben.submits("A comment", token=token, subject_line="Buy!")
        assert held.status_code == spam.status_code == 202
        assert held.json.keys() == spam.json.keys()
        assert set(held.headers.keys()) == set(spam.headers.keys())
        assert ben.looks_at(spam).json["status"] == "pending"
        assert ben.changes(spam, "Changed").json["status"] == "pending"
    assert [c.status for c in stored()] == [Status.PENDING, Status.SPAM]


def test_ada_changes_her_text_while_it_waits(ada: Commenter, mia: Mia) -> None:
    held = ada.submits("Frist")
    with time_machine.travel(http.now() + LATER, tick=False):
        assert ada.changes(held, "First").json["body_source"] == "First"
    assert mia.sees(held.json["comment"]["id"])["body_source"] == "First"


def test_an_edit_of_an_approved_comment_is_judged_again(ada: Commenter, mia: Mia, thread: Reader) -> None:
    held = ada.submits("Nice article")
    mia.approves(held)
    assert ada.changes(held, "Buy my pills").json["status"] == "pending"
    assert thread.names() == []
    assert thread.opens().json["count"] == 0


def test_after_fifteen_minutes_an_approved_comment_stays(ada: Commenter, mia: Mia, thread: Reader) -> None:
    held = ada.submits("As it is")
    mia.approves(held)
    with time_machine.travel(http.now() + LATER, tick=False):
        assert ada.changes(held, "Otherwise").status_code == 403
        assert ada.withdraws(held).status_code == 403
        assert ada.looks_at(held).json["editable"] is False
    assert thread.names() == ["Ada"]


def test_ada_withdraws_and_nothing_of_it_stays(ada: Commenter, mia: Mia, thread: Reader) -> None:
    held = ada.submits("Never mind")
    ada.changes(held, "Never mind me")
    mia.approves(held)
    assert ada.withdraws(held).status_code == 204
    assert ada.looks_at(held).status_code == 404
    assert stored() == []
    assert thread.opens().json["count"] == 0
    assert sum(db.session.scalars(sa.select(StatusCount.number))) == 0


def test_a_receipt_opens_its_own_comment_only(ada: Commenter, ben: Commenter, client: FlaskClient) -> None:
    mine, yours = ada.submits("Mine"), ben.submits("Yours")
    headers = {"Authorization": f"Bearer {mine.json['receipt']}"}
    foreign = client.get(f"/api/v1/comments/{yours.json['comment']['id']}", headers=headers)
    absent = client.get(f"/api/v1/comments/{uuid4()}", headers=headers)
    assert foreign.status_code == absent.status_code == 404
    assert foreign.json == absent.json
    assert client.get(f"/api/v1/comments/{mine.json['comment']['id']}").status_code == 401


def test_a_statement_that_fails_says_nothing_of_what_was_typed(ada: Commenter) -> None:
    ada.submits("Between you and me")
    (comment,) = stored()
    columns = {column.key: getattr(comment, column.key) for column in database.table(Comment).columns}
    with pytest.raises(IntegrityError) as failed:
        database.insert(Comment, columns)
    db.session.rollback()
    assert "INSERT INTO comment" in str(failed.value)
    assert not any(typed in repr(failed.value) + str(failed.value) for typed in ("Between", "Ada"))


def test_a_form_token_is_no_receipt(ada: Commenter, client: FlaskClient) -> None:
    held, token = ada.submits(), ada.touches_the_form()
    answer = client.get(f"/api/v1/comments/{held.json['comment']['id']}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 404


def test_a_message_waits_in_the_outbox_with_each_held_comment(ada: Commenter) -> None:
    held = ada.submits()
    message = db.session.scalars(sa.select(OutboxMessage)).one()
    assert (message.site_id, message.kind) == (SITE, "comment-pending")
    assert message.payload == {"comment": held.json["comment"]["id"]}


def test_a_comment_changes_nothing_that_came_earlier(ada: Commenter, eve: Commenter) -> None:
    ada.submits("Mine", website="https://ada.example/")
    eve.origin = ORIGIN
    eve.submits("Not hers", email=ada.email, name="Mallory", website="https://evil.example/")
    first = stored()[0]
    assert (first.name, first.website) == ("Ada", "https://ada.example/")


@pytest.mark.parametrize("field", ["status", "id", "created_at", "site_id", "role", "score", "version", "network_key"])
def test_what_the_form_does_not_ask_changes_nothing(ada: Commenter, field: str) -> None:
    ada.submits(**{field: "approved" if field == "status" else "7"})
    comment = stored()[0]
    assert comment.status is Status.PENDING
    assert (comment.site_id, comment.role, comment.version) == (SITE, None, 1)


def test_another_site_on_the_same_service_is_another_world(ada: Commenter, client: FlaskClient, thread: Reader) -> None:
    registry.add("shop", ["https://shop.example"], registry.Policy(), http.now())
    elsewhere = Commenter(client, "Ada", ada.email, origin="https://shop.example", site="shop")
    assert elsewhere.submits("In the shop").status_code == 202
    assert Commenter(client, "Ada", ada.email, origin="https://shop.example").submits().status_code == 403


def test_a_thread_is_made_by_its_first_comment_and_never_by_a_read(ada: Commenter, thread: Reader) -> None:
    assert thread.opens(PAGE).json["count"] == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Thread)) == 0
    ada.submits()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Thread)) == 1
