"""Crowds that are slow on purpose: honest people are served meanwhile, and nobody stays for ever."""

import os
import random
import resource
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from people import ORIGIN, PAGE, SITE
from running import COMMAND, HOST, Service, comment, header, read_answer

from comments_service import config, http, server
from comments_service.sites import policy, registry

EACH = 500
PATIENCE = 30  # seconds in which the server has closed every one of them
HONEST_P99 = 0.5
READ = f"/api/v1/sites/{SITE}/thread?page={PAGE}"
SUBMIT = f"/api/v1/sites/{SITE}/comments"

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts the server's sockets by /proc"),
]


@pytest.fixture
def instance_with_blog(app: Flask, settings: config.Settings) -> Path:
    """The folder of an instance whose site `blog` publishes at once."""
    registry.add(SITE, [ORIGIN], policy.Policy(moderation="none", hold_at=90.0, spam_at=99.0), http.now())
    return settings.instance_path


@pytest.fixture(autouse=True)
def many_files() -> Iterator[None]:
    """The crowd is one process, and needs a file for each of its sockets."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def begun(service: Service, kind: str) -> bytes:
    """What somebody of that kind says before he is silent or drips."""
    head, _ = comment("Never finished")
    return {
        "idle": b"",
        "kept alive": service.request("GET", READ),
        "drips headers": b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        "drips a body": service.request("POST", SUBMIT, **head)[:-2] + header(Content_Length=60_000) + b"\r\n{",
        "takes no answer": service.request("GET", "/embed.js"),
        "takes none of many": service.request("GET", "/embed.js") * 400,  # more than the kernel takes in its place
    }[kind]


class Crowd:
    """Clients that drip a byte a second, or say nothing at all; a thread notes when the server closes on them."""

    def __init__(self, service: Service, **sizes: int) -> None:
        self._open: dict[socket.socket, bool] = {}
        self._lines = selectors.DefaultSelector()
        self._stop = threading.Event()
        for kind, number in sizes.items():
            self._join(service, kind.replace("_", " "), number)

    def _join(self, service: Service, kind: str, number: int) -> None:
        first = begun(service, kind)
        for _ in range(number):
            line = socket.socket()
            if kind.startswith("takes"):
                line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.settimeout(PATIENCE)
            line.connect((HOST, service.port))
            line.sendall(first)
            line.setblocking(False)
            if not kind.startswith("takes"):
                self._lines.register(line, selectors.EVENT_READ)
            self._open[line] = kind.startswith("drips")

    def __enter__(self) -> "Crowd":
        self._thread = threading.Thread(target=self._behave)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        for line in self._open:
            line.close()

    def _behave(self) -> None:
        while not self._stop.wait(1):
            for ready, _ in self._lines.select(0):
                self._look(ready.fileobj)  # type: ignore[arg-type]
            for line in [line for line, drips in self._open.items() if drips]:
                with suppress(OSError):
                    line.send(b"x")

    def _look(self, line: socket.socket) -> None:
        try:
            while line.recv(65_536):
                pass
        except BlockingIOError:
            return
        except OSError:
            pass
        self._lines.unregister(line)
        del self._open[line]
        line.close()


def sockets(service: Service) -> int:
    """How many sockets the server has open."""
    found = 0
    for file in Path(f"/proc/{service.process.pid}/fd").iterdir():
        with suppress(OSError):
            found += os.readlink(file).startswith("socket:")
    return found


def wait(service: Service, number: int) -> float:
    """How long an honest person waits, who comes anew and reads or writes."""
    head, form = comment(f"Number {number}, and {random.random()}")
    asked = service.request("GET", READ) if number % 3 else service.request("POST", SUBMIT, form, **head)
    began = time.monotonic()
    with socket.create_connection((HOST, service.port), timeout=PATIENCE) as line:
        line.sendall(asked)
        assert read_answer(line)[0].status in {200, 201}
    return time.monotonic() - began


def test_crowds_of_five_hundred_keep_nobody_waiting_and_are_sent_home(instance_with_blog: Path) -> None:
    with Service(instance_with_blog) as service:
        service.opens_thread()
        alone = sockets(service)
        began = time.monotonic()
        kinds = ("idle", "kept_alive", "drips_headers", "drips_a_body", "takes_no_answer")
        with Crowd(service, **dict.fromkeys(kinds, EACH), takes_none_of_many=20):
            waits = []
            while sockets(service) > alone + 2 and time.monotonic() < began + PATIENCE:
                waits.append(wait(service, len(waits)))
                time.sleep(0.05)
            assert sockets(service) <= alone + 2
        assert len(waits) > 100
        assert sorted(waits)[len(waits) * 99 // 100] < HONEST_P99


def test_who_comes_when_all_places_are_taken_waits_and_is_served(instance_with_blog: Path) -> None:
    places = 100
    files = server.OTHER_FILES + places
    few = ["/bin/sh", "-c", f'ulimit -n {files} && exec "$@"', "sh", *COMMAND, "run"]
    with Service(instance_with_blog, few) as service, Crowd(service, drips_headers=places + 20):
        assert wait(service, 0) < PATIENCE
        assert service.process.poll() is None
