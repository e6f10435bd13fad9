"""The service itself, as shipped: `comments-service run`."""

import json
import random
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

from comments_service import config, create_app, database
from comments_service.accounts import tokens
from comments_service.comments import markup
from comments_service.comments.counts import PARTS
from comments_service.comments.models import Comment, DayCount, Status, StatusCount, Thread
from comments_service.extensions import Base, db
from comments_service.sites import policy, registry

from ..content import BEGAN, BREAD, ORIGIN, SITE, Content, Said, sentence
from .process import Launch, Running, free_port
from .requests import network, post

API = f"/api/v1/sites/{SITE}"
BATCH = 10_000
WRITING_SECONDS = 3  # a comment is written for longer than a machine would; the checks look at it
QUEUE = "/api/v1/moderation/comments?status=pending&limit=50"
# Each submission comes from a client of its own, as behind a proxy. Each client has the usual limits; those that all
# clients have together are counted and checked, and as wide as the load is.
LOADED = {
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
        """Fill a new instance in `folder`, in one transaction."""
        app = create_app(config.load({}, instance_path=folder))
        with app.app_context():
            database.upgrade()
            registry.add(SITE, [ORIGIN], policy.checked({"moderation": "none"}), BEGAN)
            (folder / "token").write_text(tokens.add("bench", [SITE], BEGAN))
            _fill(content)
            _end(app)

    def start(self, folder: Path, first: str = "/healthz") -> Running:
        """Start the shipped server on the instance in `folder`."""
        port = free_port()
        own = {"COMMENTS_INSTANCE_PATH": str(folder), "COMMENTS_PORT": str(port)}
        environ = own | LOADED | self._settings
        command: list[str | Path] = [Path(sys.executable).with_name("comments-service"), "run"]
        return Running(Launch(self.name, command, port, first, environ, folder / "log"))

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


def queue_headers(folder: Path) -> dict[str, str]:
    """The headers that open the queue of the instance in `folder`."""
    return {"Authorization": f"Bearer {(folder / 'token').read_text()}"}


@database.transaction
def _fill(content: Content) -> None:
    rendered = [markup.rendered(text) for text in content.texts]
    ids = {page: database.uuid7() for page in content.threads}
    _insert(Thread, (_thread(page, ids[page], content) for page in content.threads))
    numbers: dict[tuple[Status, int], int] = {}
    _insert(Comment, _counted(_comments(content, ids, rendered), numbers))
    days = (
        {"site_id": SITE, "status": s, "day": BEGAN.date(), "part": p, "number": n} for (s, p), n in numbers.items()
    )
    _insert(DayCount, days)
    _insert(StatusCount, ({"site_id": SITE, "status": s, "part": p, "number": n} for (s, p), n in numbers.items()))


def _insert(entity: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    left = iter(rows)
    while some := list(islice(left, BATCH)):
        db.session.connection().execute(sa.insert(entity), some)


def _thread(page: str, thread_id: UUID, content: Content) -> dict[str, Any]:
    approved = sum(not content.waits(page, said) for said in content.said(page))
    number = {"comment_count": approved, "revision": approved}
    return {"site_id": SITE, "id": thread_id, "page": page, "title": page, "created_at": BEGAN, **number}


def _comments(content: Content, threads: dict[str, UUID], rendered: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    for page, thread_id in threads.items():
        known: list[tuple[UUID, UUID]] = []  # id and root of those before
        for said in content.said(page):
            own = database.uuid7()
            parent, root = known[said.parent] if said.parent is not None else (None, own)
            known.append((own, root))
            family = {"site_id": SITE, "thread_id": thread_id, "id": own, "parent_id": parent, "root_id": root}
            status = Status.PENDING if content.waits(page, said) else Status.APPROVED
            yield family | {"status": status} | _written(said) | rendered[said.text]


def _written(said: Said) -> dict[str, Any]:
    person = random.Random(said.name).randbytes(16)  # noqa: S311 - stands for a keyed digest
    # Without a network: that is forgotten after a month, and these were written long ago.
    keys = {"address_key": person, "shape": random.randbytes(8)}  # noqa: S311
    return {"name": said.name, "created_at": said.at, "fingerprint": random.randbytes(16), **keys}  # noqa: S311


def _counted(rows: Iterable[dict[str, Any]], numbers: dict[tuple[Status, int], int]) -> Iterator[dict[str, Any]]:
    for row in rows:
        key = (row["status"], row["id"].int % PARTS)
        numbers[key] = numbers.get(key, 0) + 1
        yield row


def _end(app: Flask) -> None:
    """Leave nothing open that the server would meet."""
    db.session.remove()
    db.engine.dispose()
