"""The service itself, as shipped: `comments-service run`."""

import json
import random
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlencode

from flask import Flask

from comments_service import config, create_app, database
from comments_service.accounts import moderators, sign_in, tokens
from comments_service.accounts.http import COOKIE
from comments_service.accounts.sessions import Visit
from comments_service.extensions import db
from comments_service.http import sealer
from comments_service.sites import policy, registry

from ..content import BEGAN, BREAD, ORIGIN, SITE, Content, sentence
from . import filling
from .process import Launch, Running, free_port
from .requests import network, post

API = f"/api/v1/sites/{SITE}"
WRITING_SECONDS = 3  # a comment is written for longer than a machine would; the checks look at it
QUEUE = "/api/v1/moderation/comments?status=pending&limit=50"
# Each submission comes from a client of its own, as behind a proxy. Each client has the usual limits; those that all
# clients have together are counted and checked, and as wide as the load is.
LOADED = {
    "MALLOC_ARENA_MAX": "1",  # as the systemd unit and the container have it
    "COMMENTS_TRUSTED_PROXIES": "127.0.0.1",
    "COMMENTS_SITE_LIMIT": "10000000 per minute",
    "COMMENTS_PAGE_LIMIT": "10000000 per minute",
    "COMMENTS_CHALLENGE_FROM": "1000000",
}
# What a browser sends with a read.
BROWSER = {"Origin": ORIGIN, "Accept-Encoding": "gzip, deflate, br"}


class Ours:
    """Our service with the given settings above the defaults."""

    name = "comments-service"

    def __init__(self, **settings: object) -> None:
        self._settings = {f"COMMENTS_{name.upper()}": str(value) for name, value in settings.items()}
        self._tokens: dict[str, str] = {}

    def fill(self, folder: Path, content: Content) -> None:
        """Fill a new instance in `folder`."""
        app = create_app(config.load(self._settings, instance_path=folder))
        with app.app_context():
            database.upgrade()
            for site in content.sites:
                registry.add(site, [ORIGIN], policy.checked({"moderation": "none"}), BEGAN)
            (folder / "token").write_text(tokens.add("bench", [SITE], BEGAN))
            (folder / "administrator").write_text(tokens.add("administrator", [], BEGAN))
            filling.fill(content)
            _end(app)

    def start(self, folder: Path, first: str = "/healthz") -> Running:
        """Start the shipped server on the instance in `folder`."""
        port = free_port()
        own = {"COMMENTS_INSTANCE_PATH": str(folder), "COMMENTS_PORT": str(port)}
        environ = own | LOADED | self._settings
        command: list[str | Path] = [Path(sys.executable).with_name("comments-service"), "run"]
        return Running(Launch(self.name, command, port, first, environ, folder / "log"))

    def signed_in(self, folder: Path) -> dict[str, str]:
        """The headers of a browser in which somebody is signed in who moderates every site."""
        app = create_app(config.load(self._settings, instance_path=folder))
        with app.app_context():
            now = datetime.now(UTC)
            address = f"mia-{now:%Y%m%d%H%M%S%f}@mia-moderates.org"
            _, link = moderators.add(address, "Mia", {}, sealer(), now)
            token = sign_in.by_link(link, Visit("bench", b"", None, now))
            _end(app)
        return {"Cookie": f"{COOKIE}={token}"}

    def thread(self, page: str) -> str:
        """The path that reads the thread below `page`."""
        return f"{API}/thread?page={quote(page)}"

    def counts(self, pages: Iterable[str]) -> str:
        """The path that reads the counts of `pages`."""
        return f"{API}/counts?{urlencode([('page', page) for page in pages])}"

    def begin_writing(self, service: Running, pages: Iterable[str] = (BREAD,)) -> None:
        """Ask for the form's token of each page as a widget does, and take the time that writing takes."""
        for page in pages:
            _, _, body = service.get(f"{API}/token?page={quote(page)}", {"Origin": ORIGIN})
            self._tokens[page] = json.loads(body)["token"]
        time.sleep(WRITING_SECONDS)

    def submission(self, page: str, number: int) -> bytes:
        """The request that submits comment `number` below `page`."""
        chance = random.Random(number)  # noqa: S311
        form = {
            "page": page,
            "title": "Bread",
            "name": f"Ada {number}",
            "email": f"ada.{number}@ada-lovelace.org",
            "website": "",
            "body": sentence(chance),
            "token": self._tokens[page],
        }
        headers = {"Origin": ORIGIN, "Idempotency-Key": f"bench-{number}", "X-Forwarded-For": network(number)}
        return post(f"{API}/comments", form, headers)


def queue_headers(folder: Path, who: str = "token") -> dict[str, str]:
    """The headers that open the queue of the instance in `folder` to whoever has the token of the site, or of all."""
    return {"Authorization": f"Bearer {(folder / who).read_text()}"}


def _end(app: Flask) -> None:
    """Leave nothing open that the server would meet."""
    db.session.remove()
    db.engine.dispose()
