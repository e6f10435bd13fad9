"""A script that tries to pass the limits of the running service, from one machine and from a network of addresses."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from running import HOST, Service, free_port
from test_limits import HEADERS

from comments_service.extensions import db

LIMIT = 20
TRIES = 200
ROOMY = {"page_limit": "100000 per hour", "site_limit": "100000 per hour", "challenge_from": 100000}
SETTINGS = ROOMY | {"submit_limits": f"{LIMIT} per hour"}


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    """A Redis server of the test's own."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if not program:
        pytest.skip("redis-server is not installed")
    port = free_port()
    words = [program, "--port", str(port), "--bind", HOST, "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        yield f"redis://{HOST}:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture(params=["own", "redis"])
def store(request: pytest.FixtureRequest) -> dict[str, str]:
    """Where hits are counted: in the service's own database, or in Redis.

    With more patience than a service has by itself: on a busy machine it would ask a second time, and count twice.
    """
    return {} if request.param == "own" else {"limiter_url": f"{request.getfixturevalue('redis')}?socket_timeout=10"}


@pytest.fixture
def place(instance: Path, blog: str) -> Path:
    """The instance of the blog, left to the service."""
    db.session.rollback()
    db.engine.dispose()
    return instance


def answers(service: Service, tries: range, forwarded: str = "198.51.{0}.{1}") -> list[int]:
    """Send comments all at once, each under other addresses in every header; the statuses."""

    def send(number: int) -> tuple[int, dict[str, str]]:
        told = forwarded.format(number // 250, number % 250)
        headers = {name.replace("-", "_"): told for name in HEADERS} | {"Forwarded": f"for={told}"}
        response, _ = service.submits(f"Number {number}", **headers)
        return response.status, dict(response.getheaders())

    with ThreadPoolExecutor(32) as pool:
        given = list(pool.map(send, tries))
    refused = [headers for status, headers in given if status == 429]
    assert all(int(head["retry-after"]) > 0 for head in map(lowered, refused))
    assert {lowered(head)["ratelimit-policy"] for head in refused} <= {f'"client";q={LIMIT};w=3600'}
    return [status for status, _ in given]


def lowered(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def wait_for_a_new_hour() -> None:
    """Two hours weigh in a window that slides: begin early in one, so that none ends in the middle of a test."""
    left = 3600 - time.time() % 3600
    if left < 20:
        time.sleep(left + 0.1)


@pytest.mark.parametrize("workers", [1, 4])
def test_two_hundred_at_once_from_one_machine_are_let_through_as_often_as_the_limit_says(
    place: Path, store: dict[str, str], workers: int
) -> None:
    wait_for_a_new_hour()
    given: dict[str, Any] = {**SETTINGS, **store, "workers": workers}
    with Service(place, **given) as service:
        found = answers(service, range(TRIES))
    assert (found.count(202), found.count(429)) == (LIMIT, TRIES - LIMIT)
    with Service(place, **given) as service:
        again = answers(service, range(TRIES, TRIES + 20))
    assert again == [429] * 20, "a restart forgets nothing"


def test_a_network_of_addresses_is_one_client_by_its_half_and_bounded_as_a_whole(place: Path) -> None:
    wait_for_a_new_hour()
    with Service(place, **SETTINGS, trusted_proxies=HOST) as service:
        half = [f"2001:db8:7:1::{number:x}" for number in range(60)]
        found = []
        for address in half:
            response, _ = service.submits(f"From {address}", X_Forwarded_For=address)
            found.append(response.status)
        assert found == [202] * LIMIT + [429] * 40
        whole = []
        for number in range(300):
            address = f"2001:db8:7:{number + 2:x}::1"
            response, _ = service.submits(f"From {address}", X_Forwarded_For=address)
            whole.append(response.status)
    assert set(whole) == {202, 428, 429}, "work is asked for, and then nobody is let in"
    assert whole.count(202) + LIMIT <= 10 * LIMIT
    assert whole[-1] == 429


def test_a_store_that_goes_down_and_hangs_in_between_turns_nobody_away(place: Path, tmp_path: Path) -> None:
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if not program:
        pytest.skip("redis-server is not installed")
    wait_for_a_new_hour()
    port = free_port()
    words = [program, "--port", str(port), "--bind", HOST, "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        with Service(place, **SETTINGS, limiter_url=f"redis://{HOST}:{port}") as service:
            assert service.submits("Well")[0].status == 202
            process.send_signal(signal.SIGSTOP)  # it accepts and never answers
            assert [timed(service, f"Hanging {number}") for number in range(3)] == [202] * 3
            process.kill()
            process.wait()
            assert [timed(service, f"Down {number}") for number in range(3)] == [202] * 3
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()


def timed(service: Service, body: str) -> int:
    """The status of a comment, answered within a second."""
    began = time.monotonic()
    status = service.submits(body)[0].status
    assert time.monotonic() - began < 1.0, "somebody waited for the store"
    return status
