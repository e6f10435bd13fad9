"""The stage for people in a browser: a real service, real article pages from another site, and Debian's Chromium.

The service listens on `localhost`, the articles on `127.0.0.1`: two sites to a browser, as they will be in life.
"""

import functools
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.articles import Articles

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE_COLOURS = ["color-contrast", "link-in-text-block"]
SITE = "blog"
expect.set_options(timeout=15_000)  # where other tests take the machine; the widget itself gives a service as long


@dataclass
class Service:
    """A running comment service and what a moderator does with it."""

    url: str
    token: str
    command: Callable[..., str]
    place: Path  # its instance folder

    def invites(self) -> str:
        """A link that signs the moderator in once."""
        return self.command("moderator", "add", "mia@desk.example", "--name", "Mia").split()[-1]

    def waiting(self) -> list[dict[str, Any]]:
        """The comments in the queue, each as the moderation API gives it."""
        comments: list[dict[str, Any]] = self._ask("comments?status=pending&limit=200")["comments"]
        return comments

    def approve(self, body: str) -> dict[str, Any]:
        """Approve the one waiting comment whose text holds `body`."""
        return self.decide(body, "approved")

    def decide(self, body: str, status: str) -> dict[str, Any]:
        """Give the one waiting comment whose text holds `body` its status; gives the comment."""
        [comment] = [c for c in self.waiting() if body in c["body_source"]]
        self._ask(f"comments/{comment['id']}", {"status": status, "version": comment["version"]})
        return comment

    def approve_all(self, page: str) -> None:
        """Approve everything that waits below `page`."""
        for comment in self.waiting():
            if comment["page"] == page:
                self._ask(f"comments/{comment['id']}", {"status": "approved", "version": comment["version"]})

    def answers(self, comment: dict[str, Any], body: str) -> None:
        """Answer `comment` as the moderator, which approves it too."""
        headers = {"Authorization": f"Bearer {self.token}"}
        self._send(f"api/v1/moderation/comments/{comment['id']}/reply", {"body": body}, headers, "POST")

    def removes(self, comment: dict[str, Any]) -> None:
        """Put `comment` into the trash, whatever became of it so far."""
        path = f"comments/{comment['id']}"
        self._ask(path, {"status": "trash", "version": self._ask(path)["version"]})

    def pin(self, comment: dict[str, Any]) -> None:
        """Let `comment` come first in its thread."""
        self._ask(f"threads/{self.thread(comment)}", {"pinned": comment["id"]})

    def lock(self, comment: dict[str, Any]) -> None:
        """Let the thread of `comment` take no more."""
        self._ask(f"threads/{self.thread(comment)}", {"locked": True})

    def status(self, comment: dict[str, Any]) -> str:
        """Where `comment` stands now."""
        return str(self._ask(f"comments/{comment['id']}")["status"])

    def thread(self, comment: dict[str, Any]) -> str:
        """The id of the thread that `comment` stands in."""
        return str(self._ask(f"comments/{comment['id']}")["thread"]["id"])

    def submit(self, page: str, origin: str, **fields: str | None) -> dict[str, Any]:
        """Post a comment as the widget of an article at `origin` would."""
        form = {
            "page": page,
            "title": "",
            "name": "Ann",
            "email": "ann@example.org",
            "website": "",
            "token": "",
            **fields,
        }
        headers = {"Origin": origin, "Idempotency-Key": f"{time.time_ns()}"}
        answer = self._send(f"api/v1/sites/{SITE}/comments", form, headers, "POST")
        comment: dict[str, Any] = answer["comment"]
        return comment

    def _ask(self, path: str, change: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self._send(f"api/v1/moderation/{path}", change, headers, "PATCH" if change else "GET")

    def _send(self, path: str, body: dict[str, Any] | None, headers: dict[str, str], method: str) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        kind = {"Content-Type": "application/json"} if data else {}
        request = urllib.request.Request(f"{self.url}/{path}", data, {**headers, **kind}, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")


@pytest.fixture(scope="session")
def articles() -> Iterator[Articles]:
    """The websites that embed the service."""
    with Articles() as server:
        yield server


@pytest.fixture(scope="session")
def service(articles: Articles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The shipped server, started as an operator starts it, with a site for the articles."""
    with serving(articles.url, tmp_path_factory.mktemp("instance")) as service:
        yield service


def sign_in(page: Page, service: Service) -> None:
    """Come in by a link."""
    page.goto(service.invites())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="Queue")).to_be_visible()


@contextmanager
def serving(origin: str, place: Path, *, lenient: bool = True, **settings: str) -> Iterator[Service]:
    """A server of its own in the folder `place`, for the site at `origin`; `settings` go by their short names.

    A `lenient` one takes what a few write in a hurry for the writing of many.
    """
    port = free_port()
    surroundings = {
        **os.environ,
        "COMMENTS_INSTANCE_PATH": str(place),
        "COMMENTS_PUBLIC_URL": f"http://localhost:{port}",
        "COMMENTS_SUBMIT_LIMITS": "10000 per minute",
        "COMMENTS_SIGN_IN_LIMITS": "10000 per minute",
        **{f"COMMENTS_{name.upper()}": value for name, value in settings.items()},
    }
    command = functools.partial(_command, place, surroundings)
    command("site", "add", SITE, "--origin", origin)
    token = command("token", "add", "Mia").split()[-1]
    if lenient:
        _let_write_fast(place / "comments.sqlite3")
    with (place / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "comments_service.cli", "run", "--port", str(port)],
            cwd=place, env=surroundings, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            await_ready(f"http://localhost:{port}", process, place / "log")
            yield Service(f"http://localhost:{port}", token, command, place)
        finally:
            process.terminate()
            process.wait(10)


def _let_write_fast(database: Path) -> None:
    """A hundred comments a minute from one machine would be spam anywhere but here: these are many people."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE site SET policy = json_set(policy, '$.spam_at', 100)")


def _command(place: Path, surroundings: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "comments_service.cli", *words],
        cwd=place, env=surroundings, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def await_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the service at `url` can work."""
    for _ in range(200):
        assert process.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(f"{url}/readyz", timeout=5).close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all; without one the tests are left out, except where nothing may be."""
    if not CHROMIUM.exists() and os.environ.get("CI") != "true":
        pytest.skip(f"{CHROMIUM} is missing: no browser journeys")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A reader's own browser, nothing kept in it yet."""
    context = browser.new_context(locale="en-GB", reduced_motion="reduce", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    yield context
    context.close()


@dataclass
class Complaints:
    """What the browser had to complain about: script errors and the lines of its console."""

    errors: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> Page:
        """Note what goes wrong on `page` from now on."""
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._note)
        return page

    def ours(self) -> list[str]:
        """The lines our script wrote, not the browser itself."""
        return [line for line in self.lines if "comments:" in line]

    def _note(self, message: ConsoleMessage) -> None:
        self.lines.append(message.text)


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Fails the test in the end when a script died."""
    complaints = Complaints()
    yield complaints
    assert complaints.errors == []


@pytest.fixture
def mia(browser: Browser, service: Service, complaints: Complaints) -> Iterator[Page]:
    """The moderator, signed in."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    page = complaints.listen(context.new_page())
    sign_in(page, service)
    yield page
    context.close()


@pytest.fixture
def page(context: BrowserContext, complaints: Complaints) -> Page:
    """A reader's open tab."""
    return complaints.listen(context.new_page())


@pytest.fixture
def article(articles: Articles, service: Service, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Publish an article with the widget in it and give its address; each test has its own page."""
    path = "/" + re.sub(r"\W+", "-", request.node.name).strip("-")

    def publish(html: str | None = None, **changes: Any) -> str:
        return articles.publish(service.url, path, html, **changes)

    return publish


Axe = Callable[[Page], list[str]]


@pytest.fixture(scope="session")
def axe() -> Axe:
    """What axe-core finds on a page, a line for each rule."""
    if not AXE.exists() and os.environ.get("CI") != "true":
        pytest.skip("node_modules/axe-core is missing (npm ci): no accessibility tests")
    script = AXE.read_text()

    def run(page: Page, rules: list[str]) -> list[str]:
        found = page.evaluate("rules => axe.run({runOnly: rules})", rules)
        return [f"{v['id']}: {n['target']} {n['failureSummary']}" for v in found["violations"] for n in v["nodes"]]

    def look(page: Page) -> list[str]:
        """All rules in the scheme that the page is in, and those of colours in the other; forced ones have no scheme."""
        page.evaluate(script)
        found = run(page, AXE_TAGS)
        if page.evaluate("matchMedia('(forced-colors: active)').matches"):
            return found
        dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        page.emulate_media(color_scheme="light" if dark else "dark", reduced_motion="reduce")
        found += run(page, AXE_COLOURS)
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="no-preference")
        return found

    return look
