"""On PostgreSQL, where several machines write at once and the server comes and goes: the same promises."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from people import ORIGIN, PAGE, SITE, Commenter, Mia
from postgresql import ROLE, Cluster, find_bouncer
from running import COMMAND, Service, comment, environ

from comments_service import database, http
from comments_service.database import transaction
from comments_service.errors import Unavailable
from comments_service.extensions import db
from comments_service.notify import outbox
from comments_service.sites import policy, registry
from comments_service.sites.models import Site

pytestmark = pytest.mark.postgresql
PATIENCE = 60
# What is said while the server is away would fill a pipe that nobody reads.
QUIET = ("/bin/sh", "-c", 'exec "$@" 2>said', "sh", *COMMAND, "run")
SUBMIT = f"/api/v1/sites/{SITE}/comments"


@pytest.fixture
def name(database_url: str) -> str:
    """The database's name."""
    return str(sa.make_url(database_url).database)


@pytest.fixture
def open_blog(app: Flask, instance: Path) -> Path:
    """The instance of a blog that publishes at once, even what comes faster than anybody writes."""
    registry.add(SITE, [ORIGIN], policy.Policy(moderation="none", hold_at=90.0, spam_at=99.0), http.now())
    return instance


@pytest.fixture(params=["directly", "by PgBouncer"])
def address(request: pytest.FixtureRequest, cluster: Cluster, name: str) -> Iterator[str]:
    """Two ways to the database."""
    if request.param == "directly":
        yield cluster.address(name)
        return
    if not find_bouncer() and os.environ.get("CI") != "true":
        pytest.skip("PgBouncer is not installed")
    with cluster.bouncer() as port:
        yield cluster.address(name, port)


def count_of(cluster: Cluster, name: str, table: str) -> int:
    return int(cluster.administer(f"SELECT count(*) FROM {table}", name)[0][0])


def backend() -> int:
    """The server's process that serves this session."""
    return int(db.session.scalar(sa.select(sa.func.pg_backend_pid())) or 0)


# Starting


def test_four_that_start_at_once_make_one_schema(cluster: Cluster, instance: Path) -> None:
    def start(number: int, address: str) -> tuple[int, str]:
        words = [*COMMAND, "token", "add", f"robot-{number}"]
        given = environ(instance, database_url=address)
        done = subprocess.run(words, env=given, capture_output=True, text=True, check=False, timeout=PATIENCE)
        return done.returncode, done.stderr

    with cluster.database() as empty, ThreadPoolExecutor(4) as starts:
        assert list(starts.map(start, range(4), [cluster.address(empty)] * 4)) == [(0, "")] * 4
        assert count_of(cluster, empty, "api_token") == 4
        assert count_of(cluster, empty, "alembic_version") == 1


def test_a_start_waits_for_another_that_upgrades(cluster: Cluster, instance: Path) -> None:
    with cluster.database() as empty:
        given = environ(instance, database_url=cluster.address(empty))
        with psycopg.connect(host=str(cluster.folder), user=ROLE, dbname=empty) as other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", [database.MIGRATION_LOCK])
            start = subprocess.Popen([*COMMAND, "token", "add", "robot"], env=given, stdout=subprocess.DEVNULL)
            waiting = f"SELECT 1 FROM pg_stat_activity WHERE datname = '{empty}' AND wait_event = 'advisory'"
            deadline = time.monotonic() + PATIENCE
            while not cluster.administer(waiting):
                assert start.poll() is None
                assert time.monotonic() < deadline
            other.rollback()
        assert start.wait(PATIENCE) == 0


# Two at once, and connections that are lost


def test_of_two_that_wait_for_each_other_one_begins_again(app: Flask, blog: str) -> None:
    registry.add("shop", [ORIGIN], policy.Policy(), http.now())
    met = threading.Barrier(2)
    runs: list[str] = []

    @transaction
    def touch(first: str, second: str) -> None:
        runs.append(first)
        for number, key in enumerate((first, second)):
            db.session.execute(sa.update(Site).where(Site.id == key).values(revision=Site.revision + 1))
            if number == 0 and len(runs) <= 2:
                met.wait(PATIENCE)

    def run(keys: tuple[str, str]) -> None:
        with app.app_context():
            touch(*keys)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, [(SITE, "shop"), ("shop", SITE)]))
    assert len(runs) >= 3  # more, where the other's commit comes late: who begins before it has to begin once more
    db.session.rollback()
    assert db.session.scalars(sa.select(Site.revision)).all() == [2, 2]


def test_what_is_read_and_written_by_eight_at_once_is_written_by_one_after_the_other(app: Flask, blog: str) -> None:
    @transaction
    def count_up() -> None:
        site = db.session.get_one(Site, SITE)
        site.revision = site.revision + 1

    def run(_: int) -> None:
        with app.app_context():
            count_up()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(40)))
    db.session.rollback()
    assert db.session.get_one(Site, SITE).revision == 40


def test_sixteen_at_once_below_one_page_are_all_taken(app: Flask, open_blog: Path) -> None:
    def send(number: int) -> int:
        client = app.test_client(use_cookies=False)
        return Commenter(client, "Ada", "ada@ada-lovelace.org").submits(f"Comment number {number}").status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(send, range(64))) == {201}
    assert app.test_client().get(f"/api/v1/sites/{SITE}/counts?page={PAGE}").json["counts"] == {PAGE: 64}


def test_a_connection_lost_before_the_commit_is_not_noticed(app: Flask, blog: str, cluster: Cluster) -> None:
    runs: list[int] = []

    @transaction
    def rename() -> None:
        runs.append(backend())
        if len(runs) == 1:
            cluster.administer(f"SELECT pg_terminate_backend({runs[0]})")
        db.session.get_one(Site, SITE).origins = ["https://other.example"]

    rename()
    assert len(set(runs)) == 2
    assert db.session.get_one(Site, SITE).origins == ["https://other.example"]


def test_a_connection_lost_after_a_read_is_not_noticed_by_the_next_write(
    app: Flask, blog: str, cluster: Cluster
) -> None:
    cluster.administer(f"SELECT pg_terminate_backend({backend()})")
    assert registry.add("shop", [ORIGIN], policy.Policy(), http.now()).id == "shop"


def test_a_connection_lost_in_the_commit_is_told_and_the_same_key_asked_again(
    app: Flask, ada: Commenter, cluster: Cluster, name: str
) -> None:
    lost: list[int] = []

    def lose(session: Any) -> None:
        if not lost:
            lost.append(session.scalar(sa.select(sa.func.pg_backend_pid())))
            cluster.administer(f"SELECT pg_terminate_backend({lost[0]})")

    sa.event.listen(db.session, "before_commit", lose)
    try:
        refused = ada.submits("First!", key="once")
    finally:
        sa.event.remove(db.session, "before_commit", lose)
    assert (refused.status_code, refused.json["code"], refused.headers["Retry-After"]) == (503, "unavailable", "5")
    assert ada.submits("First!", key="once").status_code == 202
    assert count_of(cluster, name, "comment") == 1


def test_a_use_case_is_not_run_for_ever(app: Flask, blog: str) -> None:
    runs: list[int] = []

    @transaction
    def never() -> None:
        runs.append(1)
        db.session.execute(sa.text("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$"))

    with pytest.raises(Unavailable):
        never()
    assert len(runs) == database.ATTEMPTS


# The server comes and goes


class Writers:
    """Four who write without a pause; who is asked to come back sends the same again until it is taken."""

    def __init__(self, service: Service) -> None:
        self.acknowledged: dict[str, str] = {}
        self.turned_away = 0
        self._service = service
        self._news = threading.Condition()
        self._stop = threading.Event()

    def write(self, writer: int) -> None:
        number = 0
        while not self._stop.is_set():
            text = f"Comment {number} of writer {writer}"
            head, form = comment(text)
            while not self._is_taken(text, *self._service.asks("POST", SUBMIT, form, **head)):
                self._stop.wait(0.05)
            number += 1

    def read(self) -> None:
        while not self._stop.wait(0.02):
            response, body = self._service.asks("GET", f"/api/v1/sites/{SITE}/thread?page={PAGE}")
            assert response.status == 200 or is_asked_to_come_back(response), body
            assert self._service.asks("GET", "/healthz")[0].status == 200

    def wait_for_more(self, number: int) -> None:
        """Wait until so many more are acknowledged."""
        with self._news:
            enough = len(self.acknowledged) + number
            assert self._news.wait_for(lambda: len(self.acknowledged) >= enough, PATIENCE)

    def end(self) -> None:
        self._stop.set()

    def _is_taken(self, text: str, response: HTTPResponse, body: bytes) -> bool:
        if response.status in {201, 202}:
            with self._news:
                self.acknowledged[text] = json.loads(body)["comment"]["id"]
                self._news.notify_all()
            return True
        assert is_asked_to_come_back(response), (response.status, body)
        self.turned_away += 1
        return False


def is_asked_to_come_back(response: HTTPResponse) -> bool:
    return response.status == 503 and int(response.headers["Retry-After"]) > 0


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restart_of_the_server_loses_nothing(
    open_blog: Path, cluster: Cluster, name: str, address: str, mode: str
) -> None:
    with Service(open_blog, QUIET, database_url=address) as service, ThreadPoolExecutor(5) as people:
        writers = Writers(service)
        running = [people.submit(writers.write, number) for number in range(4)] + [people.submit(writers.read)]
        try:
            writers.wait_for_more(40)
            with cluster.away(mode):
                head, form = comment("While it is away")
                assert is_asked_to_come_back(service.asks("POST", SUBMIT, form, **head)[0])
                assert service.asks("GET", "/readyz")[0].status == 503
            writers.wait_for_more(40)
        finally:
            writers.end()
        for one in running:
            one.result(PATIENCE)
        assert writers.turned_away > 0
        assert service.asks("GET", "/readyz")[0].status == 200
    kept = {row[0] for row in cluster.administer("SELECT id FROM comment", name)}
    assert {UUID(one) for one in writers.acknowledged.values()} == kept
    assert cluster.administer("SELECT comment_count FROM thread", name) == [(len(kept),)]


# Several machines


def test_machines_count_limits_together(open_blog: Path, address: str) -> None:
    with ExitStack() as machines:
        given: dict[str, Any] = {"database_url": address, "workers": 2, "submit_limits": "20 per hour"}
        services = [machines.enter_context(Service(open_blog, **given)) for _ in range(2)]

        def send(number: int) -> int:
            return services[number % 2].submits(f"Comment number {number}")[0].status

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(send, range(60)))
    assert sorted(answers) == [201] * 20 + [429] * 40


def test_a_decision_on_one_machine_is_read_on_the_other_within_a_second(
    ada: Commenter, mia: Mia, instance: Path, address: str
) -> None:
    held = ada.submits()
    change = f"/api/v1/moderation/comments/{held.json['comment']['id']}"
    head: dict[str, object] = {"Authorization": f"Bearer {mia.token}", "Content_Type": "application/json"}
    with Service(instance, database_url=address) as mias, Service(instance, database_url=address) as readers:
        for version, (status, count) in enumerate((("approved", 1), ("spam", 0), ("approved", 1)), start=1):
            assert readers.opens_thread()["count"] == 1 - count
            form = json.dumps({"status": status, "version": version}).encode()
            assert mias.asks("PATCH", change, form, **head)[0].status == 200
            assert mias.opens_thread()["count"] == count
            latest = time.monotonic() + 1
            while readers.opens_thread()["count"] != count and time.monotonic() < latest:
                time.sleep(0.05)
            assert readers.opens_thread()["count"] == count


def test_of_two_who_deliver_each_message_is_had_by_one(app: Flask, blog: str) -> None:
    sites = [registry.add(f"site-{number}", [ORIGIN], policy.Policy(), http.now()).id for number in range(12)]
    start = threading.Barrier(2)

    @transaction
    def write(site_id: str) -> None:
        for _ in range(5):
            outbox.enqueue(site_id, "comment-pending", {}, http.now())

    def deliver(_: int) -> list[UUID]:
        had: list[UUID] = []
        with app.app_context():
            start.wait(PATIENCE)
            while found := outbox.due(later):
                site_id, kind = found
                messages = outbox.claim(site_id, kind, later)
                had += [message.id for message in messages]
                outbox.finish(site_id, messages)
        return had

    for site_id in sites:
        write(site_id)
    later = http.now() + outbox.GATHERING
    with ThreadPoolExecutor(2) as pool:
        had = [message for each in pool.map(deliver, range(2)) for message in each]
    assert len(had) == len(set(had)) == 60


def test_more_people_than_connections_are_all_served(
    open_blog: Path, cluster: Cluster, name: str, address: str
) -> None:
    with Service(open_blog, database_url=address, workers=2) as service, ThreadPoolExecutor(16) as people:
        send: Callable[[int], int] = lambda number: service.submits(f"Comment number {number}")[0].status  # noqa: E731
        assert set(people.map(send, range(80))) == {201}
    assert count_of(cluster, name, "comment") == 80
