"""Other services are asked where operator and site want it; one that fails says so and adds nothing."""

import hmac
import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
import sqlalchemy as sa
from elsewhere import Outside
from flask import Flask
from people import ORIGIN, PAGE, SITE, Commenter
from rules import change_rules
from running import free_port

from comments_service import database
from comments_service import outside as outgoing
from comments_service.comments.models import Comment
from comments_service.extensions import db
from comments_service.sites.models import Site
from comments_service.spam import channels

SECRET = "a secret of the operator"


@pytest.fixture
def asks(app: Flask, blog: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the blog ask, with settings as given; what failed in another test is forgotten."""
    monkeypatch.setattr(channels, "_failed_at", {})

    def ask(akismet: bool = False, hook: bool = False, **settings: str) -> None:
        change_rules(akismet=akismet, hook=hook)
        app.extensions["settings"] = replace(app.extensions["settings"], **settings)

    return ask


@pytest.fixture
def hooked(asks: Callable[..., None], outside: Outside) -> Outside:
    """The blog asks the operator's hook."""
    asks(hook=True, hook_url=f"{outside.url}/judge?for=me", hook_secret=SECRET)
    return outside


def said(check: str) -> tuple[float, str] | None:
    """What the check is kept to have said of the newest comment."""
    db.session.rollback()
    comment = db.session.scalars(sa.select(Comment).order_by(Comment.id.desc())).first()
    assert comment is not None
    found = {reason["check"]: reason for reason in json.loads(comment.reasons)}
    return (found[check]["points"], found[check]["evidence"]) if check in found else None


def test_by_default_nobody_is_asked(ada: Commenter, asks: Callable[..., None], outside: Outside) -> None:
    settings = {"hook_url": outside.url, "hook_secret": SECRET, "akismet_url": outside.url, "akismet_key": "key"}
    ada.submits("One")
    asks(**settings)
    ada.submits("Two, with services and no wish of the site")
    asks(hook=True, akismet=True, hook_url="", hook_secret="", akismet_key="")
    ada.submits("Three, with the site's wish and no service")
    asks(hook=True, hook_url=outside.url, hook_secret="")
    assert ada.submits("Four, without a secret").status_code == 202
    assert outside.asked == []


def test_a_hook_gives_points_and_its_reason(ada: Commenter, hooked: Outside) -> None:
    hooked.answer = b'{"points": 2.5, "evidence": "sold here\\nbefore"}'
    ada.submits("Buy!", website="https://ada.example")
    assert said("hook") == (2.5, "sold here before")


def test_a_hook_is_told_what_readers_see_and_no_address(ada: Commenter, hooked: Outside) -> None:
    ada.submits("Buy!", website="https://ada.example")
    ((path, headers, body),) = hooked.asked
    told = json.loads(body)
    assert path == "/judge?for=me"
    assert (told["site"], told["page"], told["name"], told["body"]) == (SITE, PAGE, "Ada", "Buy!")
    assert (told["website"], told["email_domain"]) == ("https://ada.example", "ada-lovelace.org")
    everything = body.decode() + str(headers)
    assert ada.email not in everything
    assert ada.address not in everything


def test_a_hook_can_tell_that_we_ask_and_when(ada: Commenter, hooked: Outside) -> None:
    ada.submits("Buy!")
    ((_, headers, body),) = hooked.asked
    sent_at = headers["X-Comments-Timestamp"]
    assert abs(time.time() - int(sent_at)) < 60
    right = hmac.new(SECRET.encode(), f"{sent_at}.".encode() + body, "sha256").hexdigest()
    assert headers["X-Comments-Signature"] == f"sha256={right}"


def test_a_hook_has_no_more_than_its_share(ada: Commenter, hooked: Outside) -> None:
    hooked.answer = b'{"points": 900}'
    ada.submits("One")
    assert said("hook") == (10.0, "Your hook gave no reason.")
    hooked.answer = b'{"points": -900, "evidence": "a friend"}'
    ada.submits("Two")
    assert said("hook") == (-10.0, "a friend")
    hooked.answer = b'{"points": 0, "evidence": "nothing to say"}'
    ada.submits("Three")
    assert said("hook") is None


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (500, b'{"points": 5}'),
        (302, b'{"points": 5}'),
        (200, b"<html>"),
        (200, b'{"points": "many"}'),
        (200, b'{"points": 1e999}'),
        (200, b"\xff"),
        (200, b'{"points": 5, "evidence": "' + b"x" * 70_000 + b'"}'),
    ],
)
def test_a_hook_that_fails_adds_nothing_and_is_said_to(
    ada: Commenter, hooked: Outside, status: int, answer: bytes
) -> None:
    hooked.status, hooked.answer, hooked.headers = status, answer, {"Location": f"{hooked.url}/elsewhere"}
    assert ada.submits("Hello").status_code == 202
    assert said("hook") == (0.0, "It gave no answer, and adds nothing.")
    assert len(hooked.asked) == 1


def test_a_hook_that_is_not_there_turns_nobody_away(ada: Commenter, asks: Callable[..., None]) -> None:
    asks(hook=True, hook_url=f"http://127.0.0.1:{free_port()}", hook_secret=SECRET)
    assert ada.submits("Hello").status_code == 202
    assert said("hook") == (0.0, "It gave no answer, and adds nothing.")


def test_a_hook_that_drips_is_hung_up_on_and_left_alone(
    ada: Commenter, hooked: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 0.5)
    hooked.drips = True
    assert ada.submits("One").status_code == 202
    assert not hooked.done.is_set(), "it is still dripping"
    assert said("hook") == (0.0, "It gave no answer, and adds nothing.")
    ada.submits("Two")
    assert said("hook") == (0.0, "It gave no answer a moment ago and was not asked.")
    assert len(hooked.asked) == 1


def test_nobody_waits_for_a_service_with_a_transaction_open(ada: Commenter, ben: Commenter, hooked: Outside) -> None:
    hooked.drips = True
    slow = threading.Thread(target=ada.submits, args=["Slowly"])
    app = ada.client.application
    with app.app_context():
        slow.start()
        while not hooked.asked:
            time.sleep(0.01)
        with database.writing() as connection:  # SQLite's one write lock is free
            connection.execute(sa.update(Site).values(revision=Site.revision + 1))
    hooked.done.set()
    slow.join()


@pytest.mark.parametrize(
    ("answer", "tip", "expected"),
    [
        (b"true", {}, (2.5, "Akismet calls it spam.")),
        (b"true", {"X-akismet-pro-tip": "discard"}, (5.0, "Akismet calls it spam beyond doubt.")),
        (b"false", {}, None),
        (b"invalid", {}, (0.0, "It gave no answer, and adds nothing.")),
    ],
)
def test_akismet_says_what_it_thinks(
    ada: Commenter,
    asks: Callable[..., None],
    outside: Outside,
    answer: bytes,
    tip: dict[str, str],
    expected: tuple[float, str] | None,
) -> None:
    asks(akismet=True, akismet_key="our key", akismet_url=outside.url)
    outside.answer, outside.headers = answer, tip
    ada.submits("Büy!", website="https://ada.example")
    assert said("akismet") == expected
    ((path, _, body),) = outside.asked
    told = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    assert path == "/1.1/comment-check"
    assert (told["api_key"], told["blog"], told["permalink"]) == ("our key", ORIGIN, ORIGIN + PAGE)
    assert (told["user_ip"], told["comment_author"], told["comment_content"]) == (ada.address, "Ada", "Büy!")
    assert ada.email not in body.decode()
    assert "email" not in body.decode()
