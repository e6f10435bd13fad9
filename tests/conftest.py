"""The cast and the stage: what every test may ask for."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from compiling import compiled_once
from elsewhere import Outside, serve
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from people import ORIGIN, SITE, Commenter, Mia, Reader
from postgresql import ROLE, TEMPLATE, Cluster, find_programs, roomy_memory
from rules import change_rules
from werkzeug.test import TestResponse

from comments_service import config, create_app, database, http
from comments_service.accounts import tokens
from comments_service.extensions import db, limiter
from comments_service.sites import policy, registry

DATA = os.environ.get("COMMENTS_TEST_DATA")
GENEROUS = "100000 per minute"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database", choices=["sqlite", "postgresql"], default="sqlite", help="what the tests keep comments in"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sqlite: about the SQLite file, so left out on PostgreSQL")
    config.addinivalue_line("markers", "once: long, and the same on every database, so left out on PostgreSQL")
    config.addinivalue_line("markers", "postgresql: about PostgreSQL, so left out on SQLite")
    if config.option.basetemp is None and (memory := roomy_memory()):
        config.option.basetemp = tempfile.mkdtemp(prefix="comments-tests-", dir=memory)
        config.add_cleanup(lambda: shutil.rmtree(config.option.basetemp, ignore_errors=True))
    if config.getoption("database") != "postgresql" or find_programs():
        return
    if os.environ.get("CI") == "true":
        raise pytest.UsageError("PostgreSQL is not installed, and under CI it must be.")
    pytest.exit("PostgreSQL is not installed, so nothing is tested on it (apt-get install postgresql).", 0)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL, take the tests that keep something in a database: the others have nothing to do with it."""
    if config.getoption("database") == "sqlite":
        leave_out(items, "postgresql", "these run with --database postgresql")
        return
    leave_out(items, "sqlite", "this is about the SQLite file")
    leave_out(items, "once", "this is long, and the same on every database")
    others = [item for item in items if "database_url" not in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in set(others)]


def leave_out(items: list[pytest.Item], mark: str, why: str) -> None:
    """Skip those of `items` that are marked with `mark`."""
    for item in items:
        if item.get_closest_marker(mark):
            item.add_marker(pytest.mark.skip(why))


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real inputs that may not be copied into the project."""
    if not DATA:
        pytest.skip("COMMENTS_TEST_DATA names no folder of real inputs")
    return Path(DATA)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The tests' own PostgreSQL server, with a migrated database to copy."""
    programs = find_programs()
    assert programs is not None
    cluster = Cluster(programs)
    try:
        cluster.administer(f"CREATE DATABASE {TEMPLATE} OWNER {ROLE}")
        folder = tmp_path_factory.mktemp("template")
        app = create_app(config.Settings(instance_path=folder, database_url=cluster.address(TEMPLATE)))
        with app.app_context():
            database.upgrade()
            db.engine.dispose()
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where this test's comments are kept: empty for SQLite's file in the instance folder."""
    if request.config.getoption("database") == "sqlite":
        yield ""
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    with cluster.database(TEMPLATE) as name:
        yield cluster.address(name)


@pytest.fixture
def instance(tmp_path: Path, database_url: str) -> Path:
    """An instance folder for its owner's eyes only; empty but for what says where another database is."""
    folder = tmp_path / "instance"
    folder.mkdir(mode=0o700)
    if database_url:
        (folder / "config.toml").write_text(f'database_url = "{database_url}"\n')
    return folder


@pytest.fixture
def settings(instance: Path, database_url: str) -> config.Settings:
    """Settings as they come, with limits that no test meets by accident."""
    return config.Settings(
        instance_path=instance,
        database_url=database_url,
        submit_limits=GENEROUS,
        preview_limits=GENEROUS,
        sign_in_limits=GENEROUS,
    )


class Client(FlaskClient):
    """A client whose every request has a context of its own, and so a database session, as on a server."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if has_app_context():
            db.session.rollback()  # what the test itself has read is not held against it
        with self.application.app_context():
            return super().open(*args, **kwargs)


@pytest.fixture(autouse=True)
def store_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process has one limiter: that a test's store was down is not remembered in the next."""
    monkeypatch.setattr(limiter, "_storage_dead", False)


@pytest.fixture(scope="session", autouse=True)
def applications_are_compiled_once() -> Iterator[None]:
    with compiled_once():
        yield


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema and nothing in it, to copy: making it takes longer than most tests."""
    folder = tmp_path_factory.mktemp("migrated")
    app = create_app(config.Settings(instance_path=folder))
    with app.app_context():
        database.upgrade()
        db.engine.dispose()
    return folder / "comments.sqlite3"


@pytest.fixture
def app(settings: config.Settings, migrated: Path) -> Iterator[Flask]:
    """The application on a real, fresh database."""
    app = create_app(settings)
    app.test_client_class = Client
    if not settings.database_url:
        shutil.copy(migrated, settings.instance_path)
    with app.app_context():
        database.upgrade()
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client(use_cookies=False)


@pytest.fixture
def blog(app: Flask) -> str:
    """The site `blog`, with the policy that a site begins with."""
    return registry.add(SITE, [ORIGIN], policy.Policy(), http.now()).id


@pytest.fixture
def holds(blog: str) -> Callable[..., None]:
    """Change rules of the blog's policy."""
    return change_rules


@pytest.fixture
def ada(blog: str, client: FlaskClient) -> Commenter:
    return Commenter(client, "Ada", "ada@ada-lovelace.org")


@pytest.fixture
def ben(blog: str, client: FlaskClient) -> Commenter:
    return Commenter(client, "Ben", "ben@ben-nevis.org", address="203.0.113.8")


@pytest.fixture
def eve(client: FlaskClient) -> Commenter:
    """A stranger, at a page that is not the blog's."""
    return Commenter(client, "Eve", "eve@eavesdrop.org", origin="https://evil.example", address="198.51.100.66")


@pytest.fixture
def thread(blog: str, client: FlaskClient) -> Reader:
    return Reader(client)


@pytest.fixture
def outside() -> Iterator[Outside]:
    """A service of somebody else."""
    with serve() as service:
        yield service


@pytest.fixture
def mia(blog: str, client: FlaskClient) -> Mia:
    """The moderator of the blog."""
    return Mia(client, tokens.add("Mia", [SITE], http.now()))
