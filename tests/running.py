"""The shipped server as a process of its own, and plain sockets to speak to it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from people import ORIGIN, PAGE, SITE

COMMAND = (sys.executable, "-m", "comments_service.cli")
GENEROUS = "100000 per minute"
START_SECONDS = 30
HOST = "127.0.0.1"


def environ(instance: Path, **settings: object) -> dict[str, str]:
    """The bare environment of a command for the instance in `instance`, with `settings` by their short names."""
    bare = {"PATH": os.environ["PATH"], "HOME": str(instance.parent), "COMMENTS_INSTANCE_PATH": str(instance)}
    return bare | {f"COMMENTS_{name.upper()}": str(value) for name, value in settings.items()}


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


def header(**fields: object) -> bytes:
    """Header lines from names with hyphens written as underscores."""
    return b"".join(f"{name.replace('_', '-')}: {value}\r\n".encode() for name, value in fields.items())


def read_answer(connection: socket.socket, method: str = "GET") -> tuple[HTTPResponse, bytes]:
    """The next answer that comes in, and its body."""
    response = HTTPResponse(connection, method=method)
    response.begin()
    return response, response.read()


class Service:
    """`comments-service run`, started on a free port and killed at the end, whatever happened."""

    def __init__(self, instance: Path, command: Sequence[str] = (*COMMAND, "run"), **settings: object) -> None:
        self.host = str(settings.get("host", HOST))
        self.port = int(str(settings.get("port") or free_port()))
        given = {"port": self.port, "submit_limits": GENEROUS, "preview_limits": GENEROUS} | settings
        self.process = subprocess.Popen(
            command,
            env=environ(instance, **given),
            cwd=instance.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # its workers can be killed with it
        )

    def __enter__(self) -> Self:
        self.wait_until_up()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.process.communicate()

    def wait_until_up(self) -> None:
        """Wait until it answers; an early end fails the test with what it said."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"it ended with {self.process.returncode}: {self.process.communicate()[1]}")
            try:
                self.asks("GET", "/healthz")
            except OSError:
                time.sleep(0.05)  # nothing tells when a port opens
            else:
                return
        raise AssertionError("it did not start")

    def kill(self) -> None:
        """End the server and its workers as a power cut does."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(number) for number in children.read_text().split()]

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=START_SECONDS)

    def asks(self, method: str, path: str, body: bytes = b"", **fields: object) -> tuple[HTTPResponse, bytes]:
        """One request on a connection of its own."""
        with self.connect() as connection:
            connection.sendall(self.request(method, path, body, **fields))
            return read_answer(connection, method)

    def request(self, method: str, path: str, body: bytes = b"", **fields: object) -> bytes:
        """The bytes of a request; `fields` are headers."""
        length = {"Content_Length": len(body)} if body else {}
        return f"{method} {path} HTTP/1.1\r\n".encode() + header(Host="x", **length, **fields) + b"\r\n" + body

    def opens_thread(self, page: str = PAGE) -> Any:
        """What a reader of `page` gets."""
        response, body = self.asks("GET", f"/api/v1/sites/{SITE}/thread?page={page}")
        assert response.status == 200, body
        return json.loads(body)

    def submits(self, body: str, **fields: object) -> tuple[HTTPResponse, Any]:
        """Ada sends a comment."""
        head, form = comment(body)
        response, answer = self.asks("POST", f"/api/v1/sites/{SITE}/comments", form, **(head | fields))
        return response, json.loads(answer)


def comment(body: str) -> tuple[dict[str, object], bytes]:
    """The headers and the form of a comment by Ada."""
    head: dict[str, object] = {
        "Origin": ORIGIN,
        "Content_Type": "application/json",
        "Idempotency_Key": uuid4().hex,
    }
    form = {"page": PAGE, "title": "Bread", "name": "Ada", "email": "ada@ada-lovelace.org", "website": "", "body": body}
    return head, json.dumps(form).encode()
