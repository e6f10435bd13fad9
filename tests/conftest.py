"""The cast and the stage: what every test may ask for."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from people import ORIGIN, SITE, Commenter, Mia, Reader
from werkzeug.test import TestResponse

from comments_service import config, create_app, database, http
from comments_service.accounts import tokens
from comments_service.extensions import db
from comments_service.sites import policy, registry

DATA = os.environ.get("COMMENTS_TEST_DATA")
GENEROUS = "100000 per minute"


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real inputs that may not be copied into the project."""
    if not DATA:
        pytest.skip("COMMENTS_TEST_DATA names no folder of real inputs")
    return Path(DATA)


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """An empty instance folder, for its owner's eyes only."""
    folder = tmp_path / "instance"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def settings(instance: Path) -> config.Settings:
    """Settings as they come, with limits that no test meets by accident."""
    return config.Settings(
        instance_path=instance, submit_limits=GENEROUS, preview_limits=GENEROUS, sign_in_limits=GENEROUS
    )


class Client(FlaskClient):
    """A client whose every request has a context of its own, and so a database session, as on a server."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if has_app_context():
            db.session.rollback()  # what the test itself has read is not held against it
        with self.application.app_context():
            return super().open(*args, **kwargs)


@pytest.fixture
def app(settings: config.Settings) -> Iterator[Flask]:
    """The application on a real, fresh database."""
    app = create_app(settings)
    app.test_client_class = Client
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
def mia(blog: str, client: FlaskClient) -> Mia:
    """The moderator of the blog."""
    return Mia(client, tokens.add("Mia", [SITE], http.now()))
