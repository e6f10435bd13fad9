"""When the ground gives way: nothing acknowledged is lost, nothing half done is kept, and reading goes on."""

import os
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from people import Commenter, Reader
from running import COMMAND, Service, environ
from werkzeug.test import TestResponse

from comments_service import config, create_app, database
from comments_service.comments.models import Comment, Thread
from comments_service.errors import Conflict
from comments_service.extensions import db
from comments_service.notify.models import OutboxMessage
from comments_service.submissions.models import IdempotencyKey

STARTS = 4
OPEN: dict[str, Any] = {"isolation_level": None, "check_same_thread": False}

# A start that the power leaves in the middle of its migration, after the fifth table.
KILLED_UPGRADE = """
import os, signal
import sqlalchemy as sa
from comments_service import create_app, database

app, made = create_app(), []

@sa.event.listens_for(sa.Engine, "after_cursor_execute")
def kill(connection, cursor, statement, *rest):
    if "CREATE TABLE" in statement:
        made.append(statement)
    if len(made) == 5:
        os.kill(os.getpid(), signal.SIGKILL)

with app.app_context():
    database.upgrade()
"""


@pytest.fixture
def file(app: Flask, settings: config.Settings) -> Path:
    """The SQLite file of the running application."""
    return settings.instance_path / "comments.sqlite3"


@pytest.fixture
def every_connection(app: Flask) -> Iterator[list[str]]:
    """Pragmas that every new connection of the application is given; put some in, and the old ones are closed."""
    pragmas: list[str] = []

    def prepare(connection: sqlite3.Connection, record: object) -> None:
        for pragma in pragmas:
            connection.execute(pragma)

    sa.event.listen(db.engine, "connect", prepare)
    yield pragmas
    sa.event.remove(db.engine, "connect", prepare)


def reconnect() -> None:
    db.session.remove()
    db.engine.dispose()


def rows() -> list[int]:
    """How many rows there are of each kind that a submission writes."""
    db.session.rollback()
    return [
        db.session.scalars(sa.select(sa.func.count()).select_from(model)).one()
        for model in (Thread, Comment, OutboxMessage, IdempotencyKey)
    ]


def is_whole(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
        return broken == [] and connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def is_asked_to_come_back(answer: TestResponse) -> bool:
    return (
        (answer.status_code, answer.mimetype, answer.json["code"]) == (503, "application/problem+json", "unavailable")
    ) and int(answer.headers["Retry-After"]) > 0


def run(instance: Path, *words: str, **settings: object) -> subprocess.CompletedProcess[str]:
    """A command at its end."""
    return subprocess.run(
        [*COMMAND, *words], env=environ(instance, **settings), capture_output=True, text=True, check=False, timeout=60
    )


def limited_files(blocks: int, *words: str) -> list[str]:
    """A command none of whose files may grow beyond so many blocks of 512 bytes."""
    return ["/bin/sh", "-c", f'ulimit -f {blocks} && exec "$@"', "sh", *COMMAND, *words]


@pytest.mark.sqlite
def test_a_locked_database_asks_to_come_back_and_is_read_on(
    ada: Commenter, ben: Commenter, thread: Reader, file: Path, every_connection: list[str]
) -> None:
    ada.submits("First!")
    before = rows()
    every_connection.append("PRAGMA busy_timeout = 50")
    reconnect()
    with closing(sqlite3.connect(file, **OPEN)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = ben.submits("Second!", page="/2026/rye", key="once")
        assert is_asked_to_come_back(refused)
        assert thread.opens().status_code == 200
        assert rows() == before
        other.execute("ROLLBACK")
    assert ben.submits("Second!", page="/2026/rye", key="once").status_code == 202


@pytest.mark.sqlite
def test_a_lock_that_is_given_back_in_time_is_waited_for(ada: Commenter, file: Path) -> None:
    with closing(sqlite3.connect(file, **OPEN)) as other:
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.2, other.execute, ["ROLLBACK"])
        release.start()
        assert ada.submits("First!").status_code == 202
        release.join()


@pytest.mark.sqlite
def test_a_full_disk_keeps_nothing_of_a_comment_and_is_read_on(
    ada: Commenter, ben: Commenter, thread: Reader, file: Path, every_connection: list[str]
) -> None:
    ada.submits("First!")
    before = rows()
    with closing(sqlite3.connect(file)) as other:
        pages = other.execute("PRAGMA page_count").fetchone()[0]
    every_connection.append(f"PRAGMA max_page_count = {pages}")
    reconnect()
    long = " ".join(random.choices("abcdefghij", k=5000))
    assert is_asked_to_come_back(ben.submits(long, page="/2026/rye", key="once"))
    assert rows() == before
    assert thread.opens().status_code == 200
    assert is_whole(file)
    every_connection.clear()
    reconnect()
    assert ben.submits(long, page="/2026/rye", key="once").status_code == 202
    assert rows() == [number + 1 for number in before]


@pytest.mark.sqlite
def test_when_no_file_can_grow_what_was_acknowledged_stays(app: Flask, blog: str, file: Path) -> None:
    """The disk is full in earnest here: the kernel lets no file of the server grow beyond what the database has."""
    reconnect()
    room = file.stat().st_size // 512
    with Service(file.parent, limited_files(room, "run")) as service:
        accepted = 0
        while (taken := service.submits(f"Comment number {accepted}"))[0].status == 202:
            accepted += 1
            assert accepted < 1000
        response, problem = taken
        assert (response.status, problem["code"]) == (503, "unavailable")
        assert response.headers["Content-Type"] == "application/problem+json"
        assert int(response.headers["Retry-After"]) > 0
        assert service.opens_thread()["count"] == service.opens_thread("/never-read")["count"] == 0
    assert accepted > 0
    assert rows() == [1, accepted, accepted, accepted]
    assert is_whole(file)


@pytest.mark.sqlite
def test_no_acknowledged_comment_is_lost_by_a_power_cut(app: Flask, blog: str, file: Path) -> None:
    acknowledged: list[str] = []
    enough = threading.Event()
    service = Service(file.parent)

    def write(writer: int) -> None:
        for number in range(10_000):
            try:
                response, answer = service.submits(f"Comment {number} of writer {writer}")
            except (OSError, HTTPException):  # the power is gone
                return
            assert response.status == 202, answer
            acknowledged.append(answer["comment"]["id"])
            if len(acknowledged) >= 40:
                enough.set()

    with service, ThreadPoolExecutor() as writers:
        writing = [writers.submit(write, writer) for writer in range(4)]
        assert enough.wait(60)
        service.kill()
        for one in writing:
            one.result()
    with closing(sqlite3.connect(file)) as connection:
        kept = {row[0] for row in connection.execute("SELECT id FROM comment")}
    assert {one.replace("-", "") for one in acknowledged} <= {one.replace("-", "") for one in kept}
    assert is_whole(file)
    with Service(file.parent) as again:
        assert again.submits("After the power cut")[0].status == 202


def test_starts_at_once_on_an_empty_folder_all_succeed(tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    with ThreadPoolExecutor(STARTS) as starts:
        done = list(starts.map(lambda n: run(instance, "token", "add", f"robot-{n}"), range(STARTS)))
    assert [(one.returncode, one.stderr) for one in done] == [(0, "")] * STARTS
    assert run(instance, "check").returncode == 0
    assert len(list(instance.glob("secret.key"))) == 1
    assert list(instance.glob(".secret.key.*")) == []


def test_two_servers_may_start_at_once(tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    with Service(instance) as one, Service(instance) as other:
        assert one.asks("GET", "/embed.js")[0].status == 200
        assert other.asks("GET", "/embed.js")[0].status == 200


@pytest.mark.sqlite
def test_a_migration_that_was_killed_is_done_by_the_next_start(tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    killed = subprocess.run([sys.executable, "-c", KILLED_UPGRADE], env=environ(instance), check=False)
    assert killed.returncode == -9
    assert run(instance, "check").returncode == 1
    with Service(instance):
        assert run(instance, "check").returncode == 0
    assert is_whole(instance / "comments.sqlite3")


@pytest.mark.sqlite
def test_a_start_waits_for_another_that_upgrades(settings: config.Settings) -> None:
    """Its wait is longer than a request's, of which the test makes a short one."""
    app = create_app(settings)
    with app.app_context(), closing(sqlite3.connect(settings.database.removeprefix("sqlite:///"), **OPEN)) as other:
        sa.event.listen(db.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 10"))
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN IMMEDIATE")
        upgraded = threading.Timer(0.3, other.execute, ["ROLLBACK"])
        upgraded.start()
        database.upgrade()
        upgraded.join()
        assert database.is_current()
        reconnect()


@pytest.mark.sqlite
def test_of_two_backups_to_one_file_one_is_made(ada: Commenter, app: Flask, file: Path) -> None:
    ada.submits("First!")
    copy = file.parent / "copy.sqlite3"
    start = threading.Barrier(2)

    def back_up(_: int) -> str:
        with app.app_context():
            start.wait(30)
            try:
                database.backup(copy)
            except Conflict:
                return "refused"
            return "made"

    with ThreadPoolExecutor() as pool:
        assert sorted(pool.map(back_up, range(2))) == ["made", "refused"]
    assert [path.name for path in file.parent.glob("*copy.sqlite3*")] == ["copy.sqlite3"]
    assert is_whole(copy)


@pytest.mark.sqlite
def test_a_backup_without_room_leaves_no_half_copy(ada: Commenter, file: Path) -> None:
    ada.submits("First!")
    copy = file.parent / "copy.sqlite3"
    limited = limited_files(80, "backup", str(copy))
    done = subprocess.run(limited, env=environ(file.parent), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert list(file.parent.glob("*copy.sqlite3*")) == []
    assert run(file.parent, "backup", str(copy)).returncode == 0
    assert is_whole(copy)


@pytest.mark.parametrize("words", [("run",), ("demo",), ("check",), ("token", "add", "robot")])
def test_a_file_in_the_place_of_the_instance_folder_is_said_in_a_line(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "instance").write_text("I am a file.")
    done = run(tmp_path / "instance", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ")
    assert str(tmp_path / "instance") in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_folder_that_cannot_be_made_is_said_in_a_line() -> None:
    done = run(Path("/proc/comments"), "run")  # not even root makes a folder there
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert "/proc/comments" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_said_in_a_line(instance: Path) -> None:
    instance.chmod(0o500)
    done = run(instance, "run")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert str(instance) in done.stderr


@pytest.mark.parametrize("url", ["sqlite:////proc/comments.sqlite3", "postgresql://nobody@127.0.0.1:1/comments"])
def test_a_database_that_cannot_be_opened_is_said_in_a_line(instance: Path, url: str) -> None:
    done = run(instance, "run", database_url=url)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.sqlite
def test_a_file_that_is_no_database_is_said_in_a_line(instance: Path) -> None:
    (instance / "comments.sqlite3").write_text("I am a letter to Ada. " * 100)
    done = run(instance, "run")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert (instance / "comments.sqlite3").read_text().startswith("I am a letter")


def test_a_secret_that_others_can_read_stops_the_server(instance: Path) -> None:
    assert run(instance, "token", "add", "robot").returncode == 0
    (instance / "secret.key").chmod(0o640)
    done = run(instance, "run")
    assert done.returncode == 1
    assert "chmod 600" in done.stderr
    assert "Traceback" not in done.stderr
