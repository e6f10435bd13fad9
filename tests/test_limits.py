"""Limits hold: never over by one, one after the other or all at once, and a broken store turns nobody away."""

import multiprocessing
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from limits import parse
from limits.strategies import SlidingWindowCounterRateLimiter
from people import Commenter, Mia

from comments_service import config, create_app, database, http, limit_storage
from comments_service.extensions import db
from comments_service.sites import policy, registry

FIVE = "5 per minute; 30 per hour; 100 per day"
HEADERS = (
    "X-Forwarded-For",
    "X-Real-IP",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "X-Originating-IP",
    "X-Remote-Addr",
    "CF-Connecting-IP",
    "True-Client-IP",
    "Fastly-Client-IP",
    "Forwarded",
    "X-ProxyUser-Ip",
)


@pytest.fixture
def settings(instance: Path, database_url: str) -> config.Settings:
    """The limits that the service comes with."""
    proxies = config._networks("10.0.0.1, 10.0.1.0/24")
    return config.Settings(instance_path=instance, database_url=database_url, trusted_proxies=proxies)


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> str:
    """The address of the storage where hits are counted."""
    return limit_storage.uri(database_url or "sqlite://", tmp_path)


def hits(store: str, tries: int, limit: str = "20 per hour") -> int:
    """How many of so many tries are let through."""
    limiter = SlidingWindowCounterRateLimiter(limit_storage.OwnStorage(store))
    return sum(limiter.hit(parse(limit), "somebody") for _ in range(tries))


@pytest.fixture
def within_a_minute() -> Iterator[None]:
    """The clock stands: where a minute ends, the window slides, and one more may pass."""
    with time_machine.travel(http.now(), tick=False):
        yield


@pytest.mark.usefixtures("within_a_minute")
def test_the_sixth_in_a_minute_is_told_to_wait(ada: Commenter) -> None:
    assert [ada.submits(f"Number {n}").status_code for n in range(5)] == [202] * 5
    refused = ada.submits("One more")
    assert (refused.status_code, refused.json["code"]) == (429, "too-many")
    assert 1 <= int(refused.headers["Retry-After"]) <= 120
    assert refused.headers["RateLimit-Policy"] == '"client";q=5;w=60'
    assert refused.headers["RateLimit"].startswith('"client";r=0;t=')
    assert refused.headers["Access-Control-Allow-Origin"] == ada.origin


def test_ben_is_not_limited_by_ada(ada: Commenter, ben: Commenter) -> None:
    for number in range(6):
        ada.submits(f"Number {number}")
    assert ben.submits().status_code == 202


@pytest.mark.usefixtures("within_a_minute")
def test_parallel_comments_never_pass_the_limit(app: Flask, ada: Commenter) -> None:
    def send(number: int) -> int:
        return Commenter(app.test_client(), "Ada", ada.email).submits(f"Number {number}").status_code

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(60)))
    assert sorted(set(answers)) == [202, 429]
    assert answers.count(202) == 5


def test_two_hundred_threads_are_let_through_twenty_times(store: str) -> None:
    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(lambda _: hits(store, 1), range(200))) == 20


def test_four_processes_count_together(store: str) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert sum(pool.starmap(hits, [(store, 50)] * 4)) == 20


def test_a_restart_forgets_nothing(store: str) -> None:
    assert hits(store, 15) == 15
    assert hits(store, 15) == 5


@given(
    limit=st.integers(1, 100),
    expiry=st.sampled_from([60, 3600, 86400]),
    previous=st.integers(0, 100),
    current=st.integers(0, 100),
    share=st.floats(0, 1, exclude_max=True),
)
def test_who_waits_as_told_is_let_through(limit: int, expiry: int, previous: int, current: int, share: float) -> None:
    current, previous = min(current, limit), min(previous, limit)
    left = (1 - share) * expiry
    wait = limit_storage.wait_seconds(limit, expiry, (previous, left if previous else 0.0, current, left + expiry))
    later = share * expiry + wait
    if later < expiry:
        weighted = previous * (1 - later / expiry) + current
    else:
        weighted = current * max(0, 1 - (later - expiry) / expiry)
    assert weighted < limit


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_from_a_stranger_changes_nothing(ada: Commenter, header: str) -> None:
    answers = []
    for number in range(6):
        headers = {"Origin": ada.origin, header: f"198.51.100.{number}"}
        answers.append(
            ada.client.post(
                "/api/v1/sites/blog/comments",
                json={"page": "/x", "name": "Ada", "email": ada.email, "body": f"{number}"},
                headers=headers,
                environ_base={"REMOTE_ADDR": "203.0.113.7"},
            ).status_code
        )
    assert answers == [202] * 5 + [429]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1, 10.0.1.9", "198.51.100.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "rubbish", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", '"[2001:db8:1:2:3::4]:4711"', "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "", "203.0.113.7"),
        ("2001:db8:1:2:aaaa::1", "", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2%eth0", "", "2001:db8:1:2::/64"),
    ],
)
def test_the_client_is_who_a_listed_proxy_says(app: Flask, peer: str, forwarded: str, client: str) -> None:
    with app.test_request_context(headers={"X-Forwarded-For": forwarded}, environ_base={"REMOTE_ADDR": peer}):
        assert http.network(http.client_address()) == client


def test_a_neighbour_in_the_same_network_is_the_same_client(ada: Commenter, ben: Commenter) -> None:
    ada.address, ben.address = "2001:db8:1:2::1", "2001:db8:1:2:ffff::9"
    for number in range(5):
        ada.submits(f"Number {number}")
    assert ben.submits().status_code == 429


def silent() -> Iterator[str]:
    """A store that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}"


def closed() -> Iterator[str]:
    """A store that is not there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    yield f"redis://127.0.0.1:{port}"


@pytest.mark.parametrize("broken", [silent, closed], ids=["hangs", "is down"])
def test_a_broken_store_turns_nobody_away_and_still_limits(settings: config.Settings, broken) -> None:
    for url in broken():
        app = create_app(replace(settings, limiter_url=url, submit_limits=FIVE))
        with app.app_context():
            database.upgrade()
            registry.add("blog", ["https://blog.example"], policy.Policy(), http.now())
            ada = Commenter(app.test_client(), "Ada", "ada@ada-lovelace.org")
            began = time.monotonic()
            answers = [ada.submits(f"Number {n}").status_code for n in range(7)]
            assert time.monotonic() - began < 7
            assert answers == [202] * 5 + [429] * 2
            db.session.remove()
            db.engine.dispose()


def test_a_limit_keeps_the_text_on_the_page_without_scripts(ada: Commenter) -> None:
    for number in range(5):
        ada.submits(f"Number {number}")
    form = {"page": "/2026/bread", "name": "Ada", "email": ada.email, "body": "Do not lose this"}
    page = ada.client.post(
        "/s/blog/comments", data=form, headers={"Origin": ada.origin}, environ_base={"REMOTE_ADDR": ada.address}
    )
    # The page and the API count apart, so that a change of the one cannot be used up by the other.
    for _ in range(5):
        page = ada.client.post(
            "/s/blog/comments", data=form, headers={"Origin": ada.origin}, environ_base={"REMOTE_ADDR": ada.address}
        )
    assert page.status_code == 429
    assert "Do not lose this" in page.text
    assert "Retry-After" in page.headers


def test_mia_is_not_limited(ada: Commenter, mia: Mia) -> None:
    held = ada.submits()
    for _ in range(20):
        assert mia.queue(status="pending")["total"] == 1
    assert mia.approves(held).status_code == 200
