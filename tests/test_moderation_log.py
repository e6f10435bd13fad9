"""The log is added to and never changed: whoever changes it all the same is found out by `comments-service check`."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from people import SITE, Commenter, Mia
from werkzeug.test import TestResponse

from comments_service import database, http
from comments_service.accounts import tokens
from comments_service.cli import main
from comments_service.extensions import db
from comments_service.moderation import sealing
from comments_service.sites import policy, registry

API = "/api/v1/moderation"


def asks(mia: Mia, method: str, path: str, **data: Any) -> TestResponse:
    answer = mia.client.open(f"{API}/{path}", method=method, json=data or None, headers=mia._headers())
    assert answer.status_code < 300, answer.json
    return answer


@pytest.fixture
def busy(ada: Commenter, mia: Mia) -> list[str]:
    """A log in which Mia did everything that she can do; gives the ids of the events, the oldest first."""
    ids = [ada.submits(f"Comment {number}").json["comment"]["id"] for number in range(4)]
    wanted = [{"id": comment, "status": "spam", "version": 1} for comment in ids]
    event = asks(mia, "POST", "decisions", decisions=wanted).json["event"]
    asks(mia, "POST", f"events/{event}/undo")
    asks(mia, "PATCH", f"comments/{ids[0]}", body="Another text", version=3)
    asks(mia, "POST", f"comments/{ids[1]}/reply", body="An answer")
    asks(mia, "PATCH", f"comments/{ids[2]}", status="trash", version=3)
    asks(mia, "DELETE", f"comments/{ids[2]}")
    asks(mia, "PATCH", f"threads/{mia.sees(ids[0])['thread']['id']}", locked=True)
    asks(mia, "POST", f"comments/{ids[1]}/block", kind="name")
    asks(mia, "POST", f"comments/{ids[1]}/trust")
    asks(mia, "POST", "decisions", filter="is:pending", status="approved")
    events = asks(mia, "GET", "events").json["events"]
    assert {event["kind"] for event in events} == {"decide", "undo", "edit", "purge", "lock", "list", "reply"}
    return [event["id"] for event in events][::-1]


def broken() -> str | None:
    """What is wrong with the log of the blog."""
    db.session.rollback()
    (log,) = sealing.verify()
    db.session.rollback()
    return log.broken


def tamper(statement: str, **values: object) -> None:
    """Change the database behind the service's back."""
    db.session.rollback()
    with database.writing() as connection:
        assert connection.execute(sa.text(statement), values).rowcount > 0


def test_the_log_of_a_busy_day_holds(busy: list[str]) -> None:
    assert broken() is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET actor = 'Noah' WHERE kind = 'undo'",
        "UPDATE event SET note = 'well deserved' WHERE kind = 'purge'",
        "UPDATE event SET created_at = '2026-01-01 00:00:00' WHERE kind = 'edit'",
        "UPDATE event SET listed = NULL WHERE kind = 'list'",
        "UPDATE event SET undoes = NULL WHERE kind = 'undo'",
        "UPDATE change SET status_from = 'approved' WHERE status_to = 'trash'",
        "UPDATE change SET status_to = 'approved' WHERE status_to = 'spam'",
        "UPDATE change SET version = version + 1 WHERE status_to IS NULL",
        "UPDATE change SET part = 7 WHERE status_to = 'spam'",
        "DELETE FROM change WHERE status_to = 'spam'",
        "DELETE FROM seal WHERE number = 3",
        "DELETE FROM seal WHERE number = 1",
        "UPDATE seal SET digest = (SELECT digest FROM seal WHERE number = 1) WHERE number = 2",
        (
            "INSERT INTO change (site_id, event_id, comment_id, status_from, status_to, version, part)"
            " SELECT site_id, event_id, event_id, 'spam', 'approved', 1, 0 FROM change WHERE status_to = 'trash'"
        ),
    ],
)
def test_no_row_is_changed_unnoticed(busy: list[str], statement: str) -> None:
    tamper(statement)
    assert broken()


def test_an_event_that_nobody_sealed_is_found(busy: list[str]) -> None:
    tamper(
        "INSERT INTO event (site_id, id, kind, actor, note, created_at)"
        " SELECT site_id, :id, kind, 'Noah', note, created_at FROM event WHERE kind = 'lock'",
        id="0" * 32,
    )
    assert "never sealed" in str(broken())


def test_what_follows_cannot_be_sealed_anew_from_the_middle(busy: list[str]) -> None:
    """Also who makes the changed row's own digest right is given away by the next."""
    tamper("UPDATE event SET actor = 'Noah' WHERE kind = 'undo'")
    connection = db.session.connection()
    seals = connection.execute(sa.select(sealing._SEAL).order_by(sealing._SEAL.c.number)).all()
    content = sealing._contents(connection, SITE, [(seals[1].event_id, 0)])[seals[1].event_id, 0]
    digest = sealing._digest(seals[0].digest, content)
    tamper("UPDATE seal SET digest = :digest WHERE number = 2", digest=digest)
    assert "number 3 of the log" in str(broken())


def test_each_site_has_a_log_of_its_own(app: Flask, busy: list[str], client: FlaskClient) -> None:
    registry.add("shop", ["https://shop.example"], policy.Policy(), http.now())
    ada = Commenter(client, "Ada", "ada@ada-lovelace.org", origin="https://shop.example", site="shop")
    comment = ada.submits("In the shop").json["comment"]["id"]
    boss = Mia(client, tokens.add("Boss", [], http.now()))
    wanted = {"filter": "is:any", "status": "spam"}
    assert asks(boss, "POST", "decisions", **wanted).json["changed"] > 1
    assert boss.sees(comment)["status"] == "spam"
    db.session.rollback()
    assert [(log.site_id, log.broken) for log in sealing.verify()] == [(SITE, None), ("shop", None)]
    tamper("UPDATE event SET actor = 'Noah' WHERE site_id = 'shop'")
    assert [log.site_id for log in sealing.verify() if log.broken] == ["shop"]


@pytest.fixture
def check(app: Flask) -> Callable[[], tuple[int, str]]:
    """Run `comments-service check` on this database: its exit code, and what it says."""

    def run() -> tuple[int, str]:
        db.session.rollback()
        result = app.test_cli_runner().invoke(main.commands["check"])
        return result.exit_code, result.output

    return run


def test_the_check_tells_the_last_digest(busy: list[str], check: Callable[[], tuple[int, str]]) -> None:
    code, said = check()
    assert code == 0
    db.session.rollback()
    (log,) = sealing.verify()
    assert log.digest.hex() in said
    assert f"{log.seals} entries as they were written" in said


def test_the_check_names_the_first_broken_row(busy: list[str], check: Callable[[], tuple[int, str]]) -> None:
    tamper("UPDATE event SET actor = 'Noah' WHERE kind IN ('undo', 'purge')")
    code, said = check()
    assert code == 1
    assert busy[1] in said
    assert "is not what was sealed" in said


def test_a_log_from_before_the_seals_is_sealed_as_it_is(busy: list[str]) -> None:
    tamper("DELETE FROM seal")
    tamper("UPDATE change SET part = 0")
    assert "never sealed" in str(broken())
    with database.writing() as connection:
        sealing.seal_all(connection)
    assert broken() is None
