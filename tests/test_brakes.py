"""A flood from many clients meets limits of the page, the site and the network, and work before it meets them."""

import json
import multiprocessing
import socket
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from limits import parse
from people import ORIGIN, PAGE, SITE, Commenter, Mia
from werkzeug.test import TestResponse

from comments_service import config, create_app, database, http
from comments_service.comments.models import Comment
from comments_service.extensions import db
from comments_service.sites import policy, registry
from comments_service.submissions import challenge

NEVER = 1_000_000
PLEASE_WAIT = "Please wait half a minute"


@pytest.fixture
def settings(settings: config.Settings) -> config.Settings:
    """A page that takes four comments a day, a site that takes eight, and no proof of work."""
    return replace(settings, page_limit="4 per day", site_limit="8 per day", challenge_from=NEVER)


@pytest.fixture
def asks_from(app: Flask) -> Callable[..., None]:
    """Ask for a proof of work from so many comments on, and have the limits out of the way."""

    def ask(number: int, **others: Any) -> None:
        wide = {"page_limit": "1000 per day", "site_limit": "1000 per day"} | others
        app.extensions["settings"] = replace(app.extensions["settings"], challenge_from=number, **wide)

    return ask


def crowd(client: FlaskClient, number: int) -> list[Commenter]:
    """So many people, each somewhere else."""
    return [Commenter(client, "Ada", f"ada{n}@ada-lovelace.org", address=f"203.0.113.{n}") for n in range(number)]


def solve(puzzle: dict[str, Any]) -> str:
    """What ALTCHA's widgets send back for a challenge."""
    for number in range(puzzle["maxnumber"] + 1):
        if sha256(f"{puzzle['salt']}{number}".encode()).hexdigest() == puzzle["challenge"]:
            return packed(puzzle, number)
    raise AssertionError("no number solves it")


def packed(puzzle: dict[str, Any], number: object, **changed: Any) -> str:
    solution = {key: value for key, value in puzzle.items() if key != "maxnumber"} | {"number": number} | changed
    return b64encode(json.dumps(solution).encode()).decode()


def stored() -> list[Comment]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Comment).order_by(Comment.id)))


def reasons(comment: Comment) -> list[str]:
    return [reason["check"] for reason in json.loads(comment.reasons)]


@pytest.mark.usefixtures("blog")
def test_a_page_takes_so_many_from_all_together(client: FlaskClient) -> None:
    answers = [somebody.submits() for somebody in crowd(client, 6)]
    assert [answer.status_code for answer in answers] == [202] * 4 + [429] * 2
    assert answers[-1].json["code"] == "too-many"
    assert int(answers[-1].headers["Retry-After"]) > 60
    assert answers[-1].headers["Access-Control-Allow-Origin"] == ORIGIN
    assert Commenter(client, "Ben", "ben@ben-nevis.org").submits(page="/2026/cake").status_code == 202


@pytest.mark.usefixtures("blog")
def test_a_site_takes_so_many_on_all_pages_together(client: FlaskClient) -> None:
    answers = [somebody.submits(page=f"/{n}").status_code for n, somebody in enumerate(crowd(client, 10))]
    assert answers == [202] * 8 + [429] * 2


@pytest.mark.usefixtures("blog")
def test_another_site_is_not_limited_by_it(client: FlaskClient) -> None:
    registry.add("other", [ORIGIN], policy.Policy(), http.now())
    for n, somebody in enumerate(crowd(client, 9)):
        somebody.submits(page=f"/{n}")
    assert Commenter(client, "Ben", "ben@ben-nevis.org", site="other").submits().status_code == 202


def test_what_is_refused_for_its_form_or_origin_takes_no_place(ada: Commenter, eve: Commenter) -> None:
    for _ in range(10):
        assert ada.submits(email="none").status_code == 422
        assert eve.submits().status_code == 403
    assert [ada.submits(f"Number {n}").status_code for n in range(5)] == [202] * 4 + [429]


def test_the_page_without_scripts_counts_with_the_others(ada: Commenter) -> None:
    for n in range(4):
        ada.submits(f"Number {n}")
    form = {"page": PAGE, "name": "Ada", "email": ada.email, "body": "Do not lose this"}
    page = ada.client.post("/s/blog/comments", data=form, headers={"Origin": ORIGIN})
    assert page.status_code == 429
    assert "Do not lose this" in page.text
    assert "Retry-After" in page.headers


@pytest.mark.usefixtures("blog")
def test_two_hundred_at_once_never_pass_the_pages_limit(app: Flask) -> None:
    def send(somebody: Commenter) -> int:
        return replace(somebody, client=app.test_client()).submits().status_code

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, crowd(app.test_client(), 200)))
    assert (answers.count(202), answers.count(429)) == (4, 196)


def sends_from_elsewhere(settings: config.Settings, first: int, number: int) -> list[int]:
    """What a worker of its own answers so many clients."""
    client = create_app(settings).test_client()
    return [
        replace(one, address=f"198.51.{first}.{n}").submits(page=f"/{first}/{n}").status_code
        for n, one in enumerate(crowd(client, number))
    ]


@pytest.mark.usefixtures("blog")
def test_four_workers_count_a_site_together(settings: config.Settings) -> None:
    db.session.rollback()
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        of_workers = pool.starmap(sends_from_elsewhere, [(settings, n, 6) for n in range(4)])
    answers = [answer for of_worker in of_workers for answer in of_worker]
    assert (answers.count(202), answers.count(429)) == (8, 16)


@pytest.mark.usefixtures("blog")
def test_a_network_has_more_than_a_client_and_not_without_end(app: Flask, client: FlaskClient) -> None:
    app.extensions["settings"] = replace(
        app.extensions["settings"], submit_limits="1 per day", page_limit="900 per day", site_limit="900 per day"
    )
    neighbours = [replace(one, address=f"2001:db8:7:{n:x}::1") for n, one in enumerate(crowd(client, 10))]
    assert neighbours[0].submits("One").status_code == 202
    assert neighbours[0].submits("Two").status_code == 429, "a /64 is one client"
    answers = [one.submits() for one in neighbours[1:]]
    assert [answer.status_code for answer in answers[:4]] == [202] * 4
    assert {answer.status_code for answer in answers[4:]} == {428}, "from half of its limit on it has to work"
    assert Commenter(client, "Ben", "ben@ben-nevis.org", address="2001:db8:8::1").submits().status_code == 202


@pytest.mark.usefixtures("blog")
def test_a_network_that_works_has_its_limit_too(app: Flask, client: FlaskClient) -> None:
    app.extensions["settings"] = replace(
        app.extensions["settings"], submit_limits="2 per day", page_limit="900 per day", site_limit="900 per day"
    )
    neighbours = [replace(one, address=f"2001:db8:7:{n:x}::1") for n, one in enumerate(crowd(client, 25))]
    answers = [one.submits() for one in neighbours]
    assert [answer.status_code for answer in answers] == [202] * 10 + [428] * 10 + [429] * 5


def silent() -> tuple[str, Callable[[], None]]:
    """A store that accepts and never answers."""
    listener = socket.create_server(("127.0.0.1", 0))
    return f"redis://127.0.0.1:{listener.getsockname()[1]}", listener.close


def test_a_store_that_hangs_turns_nobody_away_and_the_page_still_has_its_limit(
    settings: config.Settings,
) -> None:
    url, close = silent()
    app = create_app(replace(settings, limiter_url=url))
    with app.app_context():
        database.upgrade()
        registry.add(SITE, [ORIGIN], policy.Policy(), http.now())
        began = time.monotonic()
        first = crowd(app.test_client(), 1)[0]
        assert first.touches_the_form()
        assert first.submits().status_code == 202
        assert time.monotonic() - began < 4
        answers = [somebody.submits("Me too").status_code for somebody in crowd(app.test_client(), 5)]
        assert answers == [202] * 3 + [429] * 2
        db.session.remove()
        db.engine.dispose()
    close()


@pytest.mark.usefixtures("blog")
def test_ordinary_readers_meet_no_challenge(client: FlaskClient, asks_from: Callable[..., None]) -> None:
    asks_from(5)
    assert [somebody.submits().status_code for somebody in crowd(client, 5)] == [202] * 5
    assert client.get("/api/v1/sites/blog/token", query_string={"page": PAGE}).json["challenge"] is None


@pytest.mark.usefixtures("blog")
def test_in_a_flood_a_challenge_is_asked_for_and_its_solution_taken(
    client: FlaskClient, asks_from: Callable[..., None]
) -> None:
    asks_from(2)
    for somebody in crowd(client, 2):
        somebody.submits()
    ada = crowd(client, 3)[2]
    asked = ada.submits("I mean it", token="")
    assert (asked.status_code, asked.json["code"], asked.mimetype) == (
        428,
        "challenge-required",
        "application/problem+json",
    )
    assert asked.headers["Retry-After"] == "20"
    assert PLEASE_WAIT in asked.json["detail"]
    assert set(asked.json["challenge"]) == {"algorithm", "challenge", "maxnumber", "salt", "signature"}
    assert asked.json["challenge"]["salt"].endswith("&")
    assert len(stored()) == 2
    assert ada.submits("I mean it", pow=solve(asked.json["challenge"])).status_code == 202
    assert "unproven" not in reasons(stored()[-1])


@pytest.mark.usefixtures("blog")
def test_who_touches_the_form_in_a_flood_gets_the_challenge_with_the_token(
    client: FlaskClient, asks_from: Callable[..., None]
) -> None:
    asks_from(1)
    for somebody in crowd(client, 2):
        somebody.submits()
    given = client.get("/api/v1/sites/blog/token", query_string={"page": PAGE}).json
    ada = crowd(client, 3)[2]
    assert ada.submits(token=given["token"], pow=solve(given["challenge"])).status_code == 202


@pytest.fixture
def puzzle(blog: str, client: FlaskClient, asks_from: Callable[..., None]) -> dict[str, Any]:
    """A challenge that was asked for in a flood."""
    asks_from(1)
    crowd(client, 1)[0].submits("The first one")
    return dict(crowd(client, 1)[0].submits("The second one").json["challenge"])


def test_a_challenge_serves_once(client: FlaskClient, puzzle: dict[str, Any]) -> None:
    proof = solve(puzzle)
    answers = [somebody.submits(pow=proof).status_code for somebody in crowd(client, 8)[5:]]
    assert answers == [202, 428, 428]


def test_of_many_who_send_one_solution_at_once_one_is_let_in(app: Flask, puzzle: dict[str, Any]) -> None:
    proof = solve(puzzle)

    def send(somebody: Commenter) -> int:
        return replace(somebody, client=app.test_client()).submits(pow=proof).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, crowd(app.test_client(), 30)[5:]))
    assert (answers.count(202), answers.count(428)) == (1, 24)


def test_what_was_answered_is_answered_the_same_again(client: FlaskClient, puzzle: dict[str, Any]) -> None:
    ada, proof = crowd(client, 3)[2], solve(puzzle)
    first = ada.submits("Once", key="one", pow=proof)
    again = ada.submits("Once", key="one", pow=proof)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json == again.json


def test_a_solution_that_comes_late_is_none(client: FlaskClient, puzzle: dict[str, Any]) -> None:
    proof, ada = solve(puzzle), crowd(client, 3)[2]
    with time_machine.travel(http.now() + challenge.LIFETIME + timedelta(seconds=2), tick=False):
        assert ada.submits(pow=proof).status_code == 428


def test_a_challenge_of_another_site_is_none(client: FlaskClient, puzzle: dict[str, Any]) -> None:
    registry.add("other", [ORIGIN], policy.Policy(), http.now())
    elsewhere = replace(crowd(client, 3)[2], site="other")
    assert elsewhere.submits("One", pow=solve(puzzle)).status_code == 202, "nothing is asked for there yet"
    assert elsewhere.submits("Two", pow=solve(puzzle)).status_code == 428


def test_no_other_answer_is_taken(client: FlaskClient, puzzle: dict[str, Any]) -> None:
    ada, right = crowd(client, 3)[2], json.loads(b64decode(solve(puzzle)))["number"]
    other = packed(puzzle, right, salt=puzzle["salt"].replace("expires=1", "expires=2"))
    easy = puzzle | {"salt": "a?expires=9999999999&", "challenge": sha256(b"a?expires=9999999999&1").hexdigest()}
    spliced = packed(puzzle, right % 10, salt=f"{puzzle['salt']}{right // 10}")
    wrong = [packed(puzzle, right + 1), packed(puzzle, -1), other, packed(easy, 1), spliced]
    wrong += [packed(puzzle, right, algorithm="SHA-1"), packed(puzzle, str(right)), "=", "AAAA", "é" * 9]
    wrong += [packed(puzzle, right, signature="é"), packed(puzzle, right, salt=1), b64encode(b"[" * 600).decode()]
    assert [ada.submits(pow=proof).status_code for proof in wrong] == [428] * len(wrong)
    assert ada.submits(pow=packed(puzzle, right)).status_code == 202


def test_the_more_the_flood_the_harder_the_work(
    client: FlaskClient, puzzle: dict[str, Any], asks_from: Callable[..., None]
) -> None:
    hardness = [puzzle["maxnumber"], *(one.submits().json["challenge"]["maxnumber"] for one in crowd(client, 50)[4:])]
    assert hardness == sorted(hardness)
    assert hardness[0] < hardness[-1] <= challenge.HARDEST


def test_who_cannot_solve_waits_and_is_held(app: Flask, client: FlaskClient, asks_from: Callable[..., None]) -> None:
    registry.add(SITE, [ORIGIN], policy.Policy(moderation="none"), http.now())
    asks_from(1)
    ada, ben = crowd(client, 2)
    ada.submits()
    with time_machine.travel(http.now() + timedelta(minutes=1), tick=False) as clock:
        token = ada.touches_the_form()
        clock.shift(timedelta(seconds=30))
        assert ada.submits("Me", token=token).status_code == 428
        clock.shift(timedelta(seconds=19))
        assert ada.submits("Me", token=token).status_code == 428
        assert ben.submits("Me", token=token).status_code == 428
        clock.shift(timedelta(seconds=2))
        let_in = ada.submits("Me", token=token)
        assert let_in.status_code == 202
        assert reasons(stored()[-1]) == ["unproven"]
        assert ada.submits("And me", token=token).status_code == 428, "each wait counts once"


def test_without_scripts_the_page_says_to_wait_and_then_takes_it(
    client: FlaskClient, puzzle: dict[str, Any], mia: Mia
) -> None:
    form = {"page": PAGE, "name": "Ben", "email": "ben@ben-nevis.org", "body": "Do not lose this"}

    def posts() -> TestResponse:
        return client.post("/s/blog/comments", data=form, headers={"Origin": ORIGIN})

    asked = posts()
    assert asked.status_code == 428
    assert PLEASE_WAIT in asked.text
    assert "Do not lose this" in asked.text
    assert asked.headers["Retry-After"] == "20"
    with time_machine.travel(http.now() + timedelta(seconds=21), tick=False):
        assert posts().status_code == 303
    assert mia.queue(status="pending")["total"] == 2


def test_the_limits_follow_the_clients_own_unless_they_are_set() -> None:
    usual = config.Settings()
    assert (usual.page_rate, usual.site_rate) == (parse("200 per minute"), parse("600 per minute"))
    assert (usual.network_rate, usual.challenge_rate) == (parse("50 per minute"), 60)
    told = replace(usual, page_limit="7 per hour", site_limit="30 per hour", challenge_from=9)
    assert (told.page_rate, told.site_rate, told.challenge_rate) == (parse("7 per hour"), parse("30 per hour"), 9)


def test_the_solver_is_served_as_the_script_is(client: FlaskClient) -> None:
    script, solver = client.get("/embed.js"), client.get("/pow.js")
    assert solver.status_code == 200
    told = [
        {name: value for name, value in answer.headers.items() if name.lower() not in {"etag", "content-length"}}
        for answer in (script, solver)
    ]
    assert told[0] == told[1]
    assert "export{" in solver.text
