"""The shipped server, spoken to by plain sockets: it is patient with people, and not with those who drip or lie."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from people import ORIGIN, PAGE, SITE
from running import COMMAND, Service, comment, environ, header, read_answer

from comments_service import config, create_app, http, line, server
from comments_service.sites import policy, registry

POST = f"POST /api/v1/sites/{SITE}/comments HTTP/1.1\r\n".encode()
READ = f"/api/v1/sites/{SITE}/thread?page={PAGE}"
SMUGGLED = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
LIMIT = 4096

linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="tells workers by /proc")


@pytest.fixture
def instance_with_blog(app: Flask, settings: config.Settings) -> Path:
    """The folder of an instance whose site `blog` publishes at once, even what comes faster than anybody writes."""
    registry.add(SITE, [ORIGIN], policy.Policy(moderation="none", hold_at=90.0, spam_at=99.0), http.now())
    return settings.instance_path


@pytest.fixture
def service(instance_with_blog: Path) -> Iterator[Service]:
    with Service(instance_with_blog, body_limit=LIMIT, body_deadline=1) as service:
        yield service


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server for tests that leave nothing behind that another would meet."""
    instance = tmp_path_factory.mktemp("standing") / "instance"
    subprocess.run([*COMMAND, "site", "add", SITE, "--origin", ORIGIN], env=environ(instance), check=True)
    with Service(instance, body_limit=LIMIT) as service:
        yield service


def until_closed(connection: socket.socket) -> bytes:
    """All that comes until the server closes; fails when it leaves the connection open."""
    received = b""
    while more := connection.recv(65536):
        received += more
    return received


def wait_for_end(connection: socket.socket) -> None:
    """Wait until nobody holds the other end."""
    with suppress(ConnectionResetError):
        assert until_closed(connection) == b""


def chunked(body: bytes, size: int = 100) -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def test_a_comment_is_taken_and_read(service: Service) -> None:
    response, answer = service.submits("First!")
    assert (response.status, answer["status"]) == (201, "approved")
    assert [one["name"] for one in service.opens_thread()["comments"]] == ["Ada"]


def test_several_requests_share_a_connection(standing: Service) -> None:
    with standing.connect() as connection:
        for _ in range(3):
            connection.sendall(standing.request("GET", READ))
            assert read_answer(connection)[0].status == 200


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in chunks without a length"])
def test_a_body_above_the_limit_is_refused_before_it_is_read(standing: Service, announced: bool) -> None:
    head, _ = comment("First!")
    with standing.connect() as connection:
        if announced:
            connection.sendall(POST + header(Host="x", Content_Length=LIMIT + 1, **head) + b"\r\n")
        else:
            begun = b"%x\r\n%s\r\n" % (LIMIT + 1, b"x" * (LIMIT + 1))
            connection.sendall(POST + header(Host="x", Transfer_Encoding="chunked", **head) + b"\r\n" + begun)
        response, body = read_answer(connection)
        assert response.status == 413
        assert response.headers["X-Content-Type-Options"] == "nosniff"  # as every answer
        assert response.headers["Content-Type"] == "application/problem+json"
        assert json.loads(body)["code"] == "too-large"
        assert until_closed(connection) == b""


def test_a_body_of_just_the_limit_is_read(service: Service) -> None:
    head, form = comment("First!")
    response, _ = service.asks("POST", f"/api/v1/sites/{SITE}/comments", form.ljust(LIMIT), **head)
    assert response.status == 201


def test_a_body_that_drips_is_not_waited_for(service: Service) -> None:
    head, form = comment("First!")
    with service.connect() as connection:
        connection.sendall(POST + header(Host="x", Content_Length=len(form), **head) + b"\r\n")
        connection.settimeout(0.1)
        answer = b""
        for byte in form:
            connection.sendall(bytes([byte]))
            try:
                answer = connection.recv(65536)
            except TimeoutError:
                continue
            break
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer
    assert b"connection: close" in answer
    assert service.opens_thread()["count"] == 0


def test_a_header_that_never_ends_is_refused(standing: Service) -> None:
    with standing.connect() as connection:
        # No byte more: what the server leaves unread would turn its answer into a reset.
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ".ljust(server.HEADER_BYTES, b"x"))
        assert until_closed(connection).startswith(b"HTTP/1.1 431 ")


def test_a_body_in_chunks_is_put_together(service: Service) -> None:
    head, form = comment("First!")
    with service.connect() as connection:
        head_bytes = POST + header(Host="x", Transfer_Encoding="chunked", **head) + b"\r\n"
        connection.sendall(head_bytes + chunked(form, size=7))
        assert read_answer(connection)[0].status == 201
        connection.sendall(service.request("GET", READ))
        assert read_answer(connection)[0].status == 200


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 0x5\r\n",
    ],
)
def test_nothing_is_smuggled_behind_a_body_of_two_lengths(standing: Service, framing: bytes) -> None:
    head, form = comment("First!")
    with standing.connect() as connection:
        connection.sendall(POST + header(Host="x", **head) + framing + b"\r\n" + chunked(form) + SMUGGLED)
        answers = until_closed(connection)
    assert answers.count(b"HTTP/1.1 ") == 1
    assert b'"openapi"' not in answers


def test_a_header_with_an_underscore_passes_for_no_other(standing: Service) -> None:
    head, form = comment("With an underscore")
    del head["Idempotency_Key"]
    for name, status in ((b"Idempotency_Key", 202), (b"Idempotency-Key", 422)):
        with standing.connect() as connection:
            asked = header(Host="x", Content_Length=len(form), **head) + name + b": not a key\r\n\r\n"
            connection.sendall(POST + asked + form)
            assert read_answer(connection)[0].status == status


def hold_a_request(connection: socket.socket) -> bytes:
    """Send the head of a comment, and give its body once the server waits for that."""
    head, form = comment("In flight")
    connection.sendall(POST + header(Host="x", Content_Length=len(form), Expect="100-continue", **head) + b"\r\n")
    assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
    return form


def test_sigterm_lets_a_request_in_flight_finish(instance_with_blog: Path) -> None:
    with Service(instance_with_blog) as service, service.connect() as connection, service.connect():
        form = hold_a_request(connection)
        service.process.send_signal(signal.SIGTERM)
        connection.sendall(form)
        response, body = read_answer(connection)
        assert response.status == 201, body
        assert service.process.wait(timeout=15) == 0
        assert service.process.stderr is not None
        assert "Traceback" not in service.process.stderr.read()


def asks_again(service: Service) -> int:
    """The status of a read, asked for as nginx does: again where a connection was closed before its request was read."""
    try:
        return service.asks("GET", READ)[0].status
    except ConnectionError:
        return service.asks("GET", READ)[0].status


@pytest.mark.parametrize("workers", [1, 2])
def test_a_reload_finishes_what_is_in_flight_and_turns_nobody_away(instance_with_blog: Path, workers: int) -> None:
    large = json.dumps({"body": "x" * LIMIT}).encode()
    with Service(instance_with_blog, workers=workers) as service, service.connect() as connection:
        assert service.asks("POST", "/api/v1/openapi.json", large)[0].status == 405
        with (instance_with_blog / "config.toml").open("a") as file:
            file.write(f"body_limit = {LIMIT}\n")
        form = hold_a_request(connection)
        service.process.send_signal(signal.SIGHUP)
        with ThreadPoolExecutor(8) as people:
            coming = [people.submit(asks_again, service) for _ in range(40)]
            time.sleep(0.2)
            connection.sendall(form)
            assert read_answer(connection)[0].status == 201
            assert {one.result() for one in coming} == {200}
        assert service.opens_thread()["count"] == 1
        assert service.asks("POST", "/api/v1/openapi.json", large)[0].status == 413
        assert service.process.poll() is None


def test_a_reload_with_a_wrong_setting_leaves_all_as_it_was(instance_with_blog: Path) -> None:
    with Service(instance_with_blog) as service:
        with (instance_with_blog / "config.toml").open("a") as file:
            file.write('body_limit = "much"\n')
        service.process.send_signal(signal.SIGHUP)
        assert service.process.stderr is not None
        assert "body_limit" in service.process.stderr.readline()
        assert service.submits("First!")[0].status == 201


def test_sigint_ends_an_idle_server(instance_with_blog: Path) -> None:
    with Service(instance_with_blog) as service:
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(timeout=15) == 0


@linux
def test_a_worker_does_not_outlive_its_master(instance_with_blog: Path) -> None:
    with Service(instance_with_blog, workers=2) as service, service.connect() as connection:
        workers = service.workers()
        service.process.kill()
        wait_for_end(connection)
        deadline = time.monotonic() + 10
        while any(Path(f"/proc/{worker}").exists() for worker in workers):
            assert time.monotonic() < deadline
            time.sleep(0.01)  # nothing tells when a process of another's ends
        with Service(instance_with_blog, port=service.port) as next_one:
            assert next_one.process.poll() is None
            assert next_one.submits("First!")[0].status == 201


@linux
def test_a_worker_that_dies_is_replaced(instance_with_blog: Path) -> None:
    with Service(instance_with_blog, workers=2) as service:
        dead = service.workers()
        for worker in dead:
            os.kill(worker, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while len(set(service.workers()) - set(dead)) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        service.wait_until_up()
        assert service.submits("First!")[0].status == 201
        assert set(dead).isdisjoint(service.workers())


@linux
def test_one_worker_is_one_process(instance_with_blog: Path) -> None:
    with Service(instance_with_blog) as service:
        assert service.workers() == []


def test_a_comment_sent_to_one_worker_is_read_from_all(instance_with_blog: Path, database_url: str) -> None:
    """At once with SQLite's file, within a second with PostgreSQL."""
    with Service(instance_with_blog, workers=2) as service, ExitStack() as connections:
        readers = [connections.enter_context(service.connect()) for _ in range(16)]

        def counts() -> set[int]:
            """What all readers see; each stays with the worker that took its connection."""
            seen = set()
            for reader in readers:
                reader.sendall(service.request("GET", READ))
                seen.add(json.loads(read_answer(reader)[1])["count"])
            return seen

        assert len(service.workers()) == 2
        assert counts() == {0}
        for number in range(1, 5):
            assert service.submits(f"Comment number {number}")[0].status == 201
            latest = time.monotonic() + (3 if database_url else 0)  # a second, and what a busy machine adds
            while (seen := counts()) != {number} and time.monotonic() < latest:
                assert seen <= {number - 1, number}
            assert seen == {number}


@pytest.mark.parametrize(("trusted", "second"), [("127.0.0.1", 201), ("", 429), ("10.0.0.0/8", 429)])
def test_the_word_of_a_listed_proxy_alone_tells_clients_apart(
    instance_with_blog: Path, trusted: str, second: int
) -> None:
    with Service(instance_with_blog, trusted_proxies=trusted, submit_limits="1 per hour") as service:
        assert service.submits("First!", X_Forwarded_For="203.0.113.7")[0].status == 201
        assert service.submits("Second!", X_Forwarded_For="203.0.113.8")[0].status == second
        # What a client wrote itself stands left of what the proxy added, and changes nothing.
        assert service.submits("Third!", X_Forwarded_For="192.0.2.1, 203.0.113.7")[0].status == 429


@pytest.mark.parametrize("host", ["localhost", "::1"])
def test_a_host_may_be_a_name_or_of_either_family(instance_with_blog: Path, host: str) -> None:
    try:
        socket.getaddrinfo(host, 0, flags=socket.AI_ADDRCONFIG)
        socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError:
        pytest.skip(f"this machine has no {host}")
    with Service(instance_with_blog, host=host) as service:
        assert service.submits("First!")[0].status == 201


def test_a_port_that_is_taken_is_said_in_a_line(instance_with_blog: Path) -> None:
    with Service(instance_with_blog) as first:
        second = Service(instance_with_blog, port=first.port)
        _, said = second.process.communicate(timeout=30)
    assert second.process.returncode == 1
    assert said == f"Error: cannot listen on 127.0.0.1, port {first.port}: Address already in use\n"


def test_a_host_that_is_not_ours_is_said_in_a_line(instance_with_blog: Path) -> None:
    service = Service(instance_with_blog, host="nobody.invalid")
    _, said = service.process.communicate(timeout=30)
    assert service.process.returncode == 1
    assert said.startswith("Error: cannot listen on nobody.invalid")
    assert said.count("\n") == 1


# One at a time, and together -------------------------------------------------------------------------------------


def on_a_loop(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(asyncio.wait_for(work(), 20))


def test_one_request_at_a_time_is_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "PATIENCE_SECONDS", 60)  # a millisecond may be long where others compute
    at_work, most, served = 0, 0, []

    def answer(number: int) -> int:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        time.sleep(0.001)
        at_work -= 1
        served.append(number)
        return -number

    async def forty() -> list[int]:
        waiting = line.Line(answer, one_by_one=True)
        return await asyncio.gather(*map(waiting.join, range(40)))

    assert on_a_loop(forty) == [-number for number in range(40)]
    assert (most, served) == (1, list(range(40)))


def test_who_takes_long_keeps_nobody_waiting() -> None:
    searched, ended = threading.Event(), []

    def answer(what: str) -> None:
        if what.startswith("a search"):
            assert searched.wait(20)
        ended.append(what)

    async def visits() -> None:
        waiting = line.Line(answer, one_by_one=True)
        searches = [waiting.join(f"a search {number}") for number in range(line.MOST_THREADS - 1)]
        await waiting.join("a comment")
        await asyncio.sleep(2 * line.PATIENCE_SECONDS)
        await waiting.join("another comment")
        assert ended == ["a comment", "another comment"]
        searched.set()
        await asyncio.gather(*searches)
        await waiting.join("the last")
        while len(waiting._threads) > 1:  # whoever took long goes
            await asyncio.sleep(0.01)

    on_a_loop(visits)
    assert ended[-1] == "the last"


def test_a_database_elsewhere_is_asked_by_several_at_once() -> None:
    together = threading.Barrier(line.MOST_THREADS)

    async def several() -> list[int]:
        waiting = line.Line(lambda _: together.wait(10), one_by_one=False)
        return await asyncio.gather(*(waiting.join(None) for _ in range(line.MOST_THREADS)))

    assert sorted(on_a_loop(several)) == list(range(line.MOST_THREADS))


@pytest.mark.parametrize("one_by_one", [True, False])
def test_who_waits_is_served_before_the_line_closes(one_by_one: bool) -> None:
    served = []

    async def at_the_end() -> None:
        waiting = line.Line(served.append, one_by_one=one_by_one)
        for number in range(10):
            waiting.join(number)
        threads = list(waiting._threads)
        waiting.close(10)
        assert threads
        assert not any(thread.is_alive() for thread in threads)

    on_a_loop(at_the_end)
    assert sorted(served) == list(range(10))


def test_what_goes_wrong_is_told_to_who_asked_and_ends_no_thread() -> None:
    async def twice() -> None:
        waiting = line.Line(lambda number: 1 // number, one_by_one=True)
        with pytest.raises(ZeroDivisionError):
            await waiting.join(0)
        assert await waiting.join(1) == 1

    on_a_loop(twice)


class Said:
    """What the front answers, in place of granian's protocol."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.body = status, body


def asks(path: str, query: str) -> Any:
    """A request as granian gives it."""
    return SimpleNamespace(
        method="GET", path=path, query_string=query, headers={}, http_version="1.1", client="127.0.0.1:40000"
    )


@pytest.mark.parametrize(("megabytes", "reached"), [(16, 1), (0, 16)])
def test_readers_who_come_together_take_one_thread(instance_with_blog: Path, megabytes: int, reached: int) -> None:
    settings = config.load({"COMMENTS_CACHE_MEGABYTES": str(megabytes)}, instance_path=instance_with_blog)
    app, seen = create_app(settings), []
    flask = app.wsgi_app
    app.wsgi_app = lambda environ, start: seen.append(environ["PATH_INFO"]) or flask(environ, start)  # type: ignore

    async def sixteen() -> list[Said]:
        front, said = server.Front(app, settings), [Said() for _ in range(16)]
        path, _, query = READ.partition("?")
        await asyncio.gather(*(front.__rsgi__(asks(path, query), each) for each in said))
        return said

    said = on_a_loop(sixteen)
    assert {(each.status, each.body) for each in said} == {(200, said[0].body)}
    assert len(seen) == reached
