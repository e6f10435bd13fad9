"""A replica takes the reads, and nobody reads anything older for it."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from overheard import overhearing
from people import PAGE, SITE, Commenter, Mia, Reader
from postgresql import Cluster, Standby
from running import Service

from comments_service import config, create_app, database
from comments_service.comments import replica
from comments_service.extensions import db

pytestmark = pytest.mark.postgresql
API = f"/api/v1/sites/{SITE}"
PATIENCE = 10
# Every answer that is kept, and that changes when a comment is approved.
KEPT = {
    "thread": f"{API}/thread?page={PAGE}",
    "counts": f"{API}/counts?page={PAGE}",
    "latest": f"{API}/latest",
    "feed": f"{API}/feed.atom",
    "feed of a page": f"{API}/feed.atom?page={PAGE}",
    "fragment": f"/s/{SITE}/thread?page={PAGE}&fragment=1",
}


@pytest.fixture(scope="module")
def standby(cluster: Cluster) -> Iterator[Standby]:
    with cluster.standby() as standby:
        yield standby


@pytest.fixture
def replica_url(standby: Standby, database_url: str) -> str:
    """Where the copy of this test's database is, once it is there."""
    standby.catch_up()
    return standby.address(str(sa.make_url(database_url).database))


@pytest.fixture
def settings(settings: config.Settings, replica_url: str) -> config.Settings:
    return replace(settings, read_database_url=replica_url)


@pytest.fixture
def asked(app: Flask) -> Iterator[list[str]]:
    """The servers that have been asked for comments, in order."""
    servers: list[str] = []

    def of(name: str) -> Callable[[str], None]:
        return lambda text: servers.append(name) if " comment" in text or " thread" in text else None

    with overhearing(db.engine, of("primary")), overhearing(db.engines[database.REPLICA], of("replica")):
        yield servers


def soon(holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def next_second() -> None:
    """Wait until what was known in this second has to be looked at again."""
    time.sleep(1.01 - time.monotonic() % 1)


def read(app: Flask) -> dict[str, bytes]:
    """Everything that is kept, as somebody reads it who was not there before."""
    with app.app_context():
        return {kind: app.test_client().get(address).data for kind, address in KEPT.items()}


def test_the_replica_is_read_from_and_the_primary_is_not(
    ada: Commenter, mia: Mia, app: Flask, standby: Standby, asked: list[str]
) -> None:
    mia.approves(ada.submits())
    standby.catch_up()
    next_second()
    asked.clear()
    first = read(app)
    assert [kind for kind, body in first.items() if b"Ada" not in body] == ["counts"]
    assert set(asked) == {"replica"}
    next_second()
    assert read(app) == first  # a look whether it is still right
    assert set(asked) == {"replica"}


def test_behind_or_not_a_decision_is_seen_at_once_and_for_good(
    ada: Commenter, mia: Mia, app: Flask, standby: Standby
) -> None:
    held = ada.submits("Seen at once")
    standby.catch_up()
    next_second()
    before = read(app)
    with standby.behind():
        mia.approves(held)
        after = read(app)
        assert [kind for kind in KEPT if after[kind] == before[kind]] == []
        next_second()
        assert read(app) == after
    assert read(app) == after
    standby.catch_up()
    next_second()
    assert read(app) == after


def test_another_machine_is_at_most_a_second_late_though_its_replica_is_behind_for_longer(
    ada: Commenter, mia: Mia, standby: Standby, settings: config.Settings
) -> None:
    other = create_app(settings)
    held = ada.submits()
    standby.catch_up()
    reader = Reader(other.test_client())
    assert reader.names() == []
    with standby.behind():
        mia.approves(held)
        time.sleep(1)
        assert reader.names() == ["Ada"]
    with other.app_context():
        database.close()


def test_ada_reads_what_she_just_wrote_on_whichever_machine(
    ada: Commenter, standby: Standby, settings: config.Settings
) -> None:
    other = create_app(settings)
    with standby.behind():
        held = ada.submits("Only just")
        elsewhere = Commenter(other.test_client(use_cookies=False), "Ada", ada.email)
        assert '"pending"' in elsewhere.looks_at(held).text
        assert elsewhere.changes(held, "Only just, and better").status_code == 200
        assert "and better" in ada.looks_at(held).text
    with other.app_context():
        database.close()


def test_while_the_replica_is_away_the_primary_answers(
    ada: Commenter,
    mia: Mia,
    thread: Reader,
    standby: Standby,
    asked: list[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replica, "AWAY_SECONDS", 1)
    standby.catch_up()
    next_second()
    assert thread.names() == []
    assert asked[-1] == "replica"
    with standby.away():
        mia.approves(ada.submits())
        assert thread.names() == ["Ada"]
        mia.approves(ada.submits("Second"))
        assert thread.names() == ["Ada", "Ada"]
        assert asked[-1] == "primary"
    assert caplog.text.count("The replica does not answer") == 1
    standby.catch_up()

    def back() -> bool:
        next_second()
        assert thread.names() == ["Ada", "Ada"]
        return asked[-1] == "replica"

    soon(back)


def test_counts_never_go_back_while_somebody_writes(
    mia: Mia, ada: Commenter, instance: Path, database_url: str, replica_url: str
) -> None:
    """Two machines with a replica that is milliseconds behind: what a reader has seen is there the next time."""
    machines: dict[str, Any] = {"database_url": database_url, "read_database_url": replica_url}
    held = [ada.submits(f"Number {number}") for number in range(30)]
    stop = threading.Event()

    def watch(service: Service) -> list[int]:
        seen: list[int] = []
        while not stop.is_set():
            seen.append(service.opens_thread()["count"])
            counts = json.loads(service.asks("GET", KEPT["counts"])[1])["counts"][PAGE]
            assert counts >= 0
        return [*seen, service.opens_thread()["count"]]  # the last before may have come long ago

    with Service(instance, **machines) as one, Service(instance, **machines) as two, ThreadPoolExecutor(2) as readers:
        seen = [readers.submit(watch, service) for service in (one, two)]
        try:
            for answer in held:
                mia.approves(answer)
                time.sleep(0.05)
            soon(lambda: one.opens_thread()["count"] == two.opens_thread()["count"] == 30, 2)
        finally:
            stop.set()
        for counts in (each.result(PATIENCE) for each in seen):
            assert counts == sorted(counts)
            assert counts[-1] == 30


def test_a_server_that_replicates_nothing_is_not_read_from(ada: Commenter, mia: Mia, settings: config.Settings) -> None:
    alone = create_app(replace(settings, read_database_url=settings.database_url))
    mia.approves(ada.submits())
    assert Reader(alone.test_client()).names() == ["Ada"]
    with alone.app_context():
        database.close()
