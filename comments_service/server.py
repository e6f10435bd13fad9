"""The front of the shipped server: bodies gathered with a limit and a deadline, then Flask in threads.

granian speaks HTTP and calls the front through RSGI on its event loop. A slow body costs a coroutine, not a thread;
only a request that is whole reaches Flask, as plain WSGI (PEP 3333).
"""

import asyncio
import gc
import io
import logging
import multiprocessing
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes, urlsplit

import msgspec
from flask import Flask
from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.common import AbstractServer
from granian.server.embed import Server as EmbeddedGranian
from granian.server.mp import MPServer as GranianInWorkers

from . import config, create_app, database, delivery, http, listening
from .comments.answers import Entry, Reply
from .comments.cache import Cache, Key, ask
from .config import Settings
from .errors import ServiceError, TooLarge, TooSlow, Unavailable, problem
from .line import Line

log = logging.getLogger(__name__)

SWITCH_SECONDS = 0.001  # a read on the event loop waits at most so long for a thread at work
READS = frozenset({"GET", "HEAD"})
HEADER_SECONDS = 10
HEADER_BYTES = 32_768
CONNECTIONS = 4096  # of a worker; who comes above that waits until one is closed
OTHER_FILES = 256  # that a worker may have open besides
DRAIN_SECONDS = 20


def settings_for(settings: Settings, host: str | None, port: int | None) -> Settings:
    """`settings` with what the command line says of host and port."""
    return replace(settings, host=host or settings.host, port=settings.port if port is None else port)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; what is in flight then is finished first. SIGHUP begins anew after that.

    Raises `Invalid` when the address cannot be listened on.
    """
    common: dict[str, Any] = {
        "address": settings.host,
        "port": settings.port,
        "interface": Interfaces.RSGI,
        "http": HTTPModes.http1,
        "http1_settings": HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=HEADER_BYTES),
        "backpressure": _most_connections(),
        "websockets": False,
        "log_access": False,
    }
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to begin anew
    listeners = listening.listeners(settings.host, settings.port, settings.workers)
    serve_so = _serve_here if settings.workers == 1 else _serve_in_workers
    if serve_so(settings, listeners, common):
        listening.begin_anew(listeners)
    _leave()


class _OnListeners(AbstractServer[Any]):
    """What is changed of granian: its sockets are open already, and SIGHUP ends it to begin anew."""

    listeners: list[socket.socket]
    files: list[int]  # of the listeners; granian closes them where it accepts
    begins_anew = False

    def _init_shared_socket(self) -> None:
        self._sso = None

    def _spawn_worker(self, idx: int, target: Any, callback_loader: Any) -> Any:  # type: ignore[override]
        self._shd = SocketHolder(self.files[idx], False, listening.BACKLOG)  # type: ignore[call-arg, assignment]
        return super()._spawn_worker(idx, target, callback_loader)  # type: ignore[call-arg]

    def signal_handler_interrupt(self, *_: Any) -> None:
        if multiprocessing.parent_process() is not None:
            os._exit(0)  # a worker that has not begun yet
        if not self.begins_anew:
            listening.close(self.listeners)
        super().signal_handler_interrupt()  # type: ignore[no-untyped-call]

    def signal_handler_reload(self, *_: Any) -> None:
        """Stop, to begin anew; with a wrong setting go on, and on a terminal that was closed end."""
        try:
            config.load(os.environ)
        except config.BadSettings as error:
            log.error("The old settings stay: %s", error)
            return
        self.begins_anew = not os.isatty(0)
        self.signal_handler_interrupt()


class _Here(_OnListeners, EmbeddedGranian):
    """Serves in this process: half the memory of a master with one worker."""


class _InWorkers(_OnListeners, GranianInWorkers):
    """Serves in processes of their own, looked after by this one."""

    def _spawn_worker(self, idx: int, target: Any, callback_loader: Any) -> Any:  # type: ignore[override]
        return super()._spawn_worker(idx, target, partial(callback_loader, idx))


def _most_connections() -> int:
    """How many connections a worker may hold, with files left for everything else."""
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)  # granian takes as many as it may
    return CONNECTIONS if files == resource.RLIM_INFINITY else max(1, min(CONNECTIONS, files - OTHER_FILES))


def _leave() -> NoReturn:
    """End the process at once: granian's threads may call Python while the interpreter is taken down, and abort it."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _serve_here(settings: Settings, listeners: list[socket.socket], common: dict[str, Any]) -> bool:
    server = _Here(Front(create_app(settings), settings), log_level=LogLevels.error, **common)
    server.listeners, server.files = listeners, [each.dup().detach() for each in listeners]
    server.workers_kill_timeout = DRAIN_SECONDS
    asyncio.run(_until_stopped(server))
    return server.begins_anew


async def _until_stopped(server: _Here) -> None:
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, server.stop)
    loop.add_signal_handler(signal.SIGHUP, server.signal_handler_reload)
    with suppress(TimeoutError):  # whoever is not done by then is left
        await server.serve()
    if server.interrupt_children:
        raise Unavailable("The server stopped by itself.")


def _serve_in_workers(settings: Settings, listeners: list[socket.socket], common: dict[str, Any]) -> bool:
    multiprocessing.set_start_method("fork")  # so that each has its socket
    server = _InWorkers(
        "comments_service.server",
        workers=settings.workers,
        loop=Loops.asyncio,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=DRAIN_SECONDS,
        **common,
    )
    server.listeners, server.files = listeners, [each.fileno() for each in listeners]
    loader: Any = partial(_load, settings, listeners)
    server.serve(target_loader=loader)
    return server.begins_anew


def _load(settings: Settings, listeners: list[socket.socket], _: str, worker: int) -> "Front":
    """The front of a worker, which has inherited the listeners of all."""
    listening.close(listeners[:worker] + listeners[worker + 1 :])
    threading.Thread(target=_end_with_master, daemon=True).start()
    return Front(create_app(settings), settings)


class Front:
    """What granian calls in a worker: `app` behind a limit and a deadline for bodies."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._common = _common_to_all(settings)
        self._cache: Cache = app.extensions["cache"]
        self._line = Line(partial(ask, app), one_by_one=settings.database.startswith("sqlite"))
        self._making: dict[Key, asyncio.Future[Reply]] = {}  # answers to keep that are being made
        self._stop = threading.Event()
        self._delivery = threading.Thread(target=delivery.run_forever, args=(app, self._stop), daemon=True)
        sys.setswitchinterval(SWITCH_SECONDS)

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        gc.freeze()  # what is there now stays: to look through it again and again keeps all who ask waiting
        self._delivery.start()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._stop.set()
        self._line.close(DRAIN_SECONDS)
        self._delivery.join(DRAIN_SECONDS)
        with self._app.app_context():
            database.close()  # the last connection to a SQLite file tidies it up

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if scope.method in READS and (
            entry := self._cache.fresh(scope.path, scope.query_string) or await self._made_meanwhile(scope)
        ):
            header = scope.headers.get
            seen, accepted = header("if-none-match"), header("accept-encoding") or ""
            reply = entry.reply(header("origin"), seen, accepted, head=scope.method == "HEAD")
            protocol.response_bytes(*reply)
            return
        try:
            body = await self._body(scope, protocol)
        except ServiceError as refusal:
            reply = _refused(refusal)
        else:
            reply = await self._asked(scope, body)
        protocol.response_bytes(*reply)

    async def _made_meanwhile(self, scope: Any) -> Entry | None:
        """The entry that another request has made right now: to wait for it here takes no thread."""
        key = self._cache.shared(scope.path, scope.query_string)
        making = self._making.get(key) if key else None
        if making is None:
            return None
        await asyncio.wait([making])
        return self._cache.fresh(scope.path, scope.query_string)

    def _asked(self, scope: Any, body: bytes) -> asyncio.Future[Reply]:
        """What Flask will answer."""
        answer = self._line.join(_environ(self._common, scope, body))
        key = self._cache.shared(scope.path, scope.query_string) if scope.method in READS else None
        if key:
            self._making[key] = answer
            answer.add_done_callback(lambda _: self._making.pop(key, None))
        return answer

    async def _body(self, scope: Any, protocol: Any) -> bytes:
        """The request's body; raises `TooLarge` above the limit and `TooSlow` after the deadline."""
        limit = self._settings.body_limit
        stated = scope.headers.get("content-length")
        if stated is None and scope.headers.get("transfer-encoding") is None:
            return b""
        if stated is not None and stated.isdigit() and int(stated) > limit:
            raise TooLarge("This is too large.")
        try:
            async with asyncio.timeout(self._settings.body_deadline):
                return await _gathered(protocol, limit)
        except TimeoutError as error:
            raise TooSlow("The request took too long to arrive.") from error


async def _gathered(protocol: Any, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in protocol:
        size += len(chunk)
        if size > limit:
            raise TooLarge("This is too large.")
        chunks.append(chunk)
    return b"".join(chunks)


def _end_with_master() -> None:
    """End this worker once the process that started it was killed; it would hold the port against the next start."""
    master = multiprocessing.parent_process()
    if master is not None:
        master.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _common_to_all(settings: Settings) -> dict[str, Any]:
    """What the WSGI environments of all requests have in common."""
    public = urlsplit(settings.address)
    return {
        "SCRIPT_NAME": "",
        "SERVER_NAME": public.hostname or settings.host,
        "SERVER_PORT": str(public.port or {"http": 80, "https": 443}[public.scheme]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": public.scheme,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": settings.workers > 1,
        "wsgi.run_once": False,
    }


def _environ(common: dict[str, Any], scope: Any, body: bytes) -> dict[str, Any]:
    """The WSGI environment of a request whose body has arrived."""
    return {
        **common,
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": unquote_to_bytes(scope.path).decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.input": io.BytesIO(body),
        **_header_variables(scope.headers.items()),
        "CONTENT_LENGTH": str(len(body)),
    }


def _header_variables(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Request headers as WSGI names them; one that comes twice is joined, as RFC 9110 (5.3) allows."""
    variables: dict[str, str] = {}
    for name, value in headers:
        if "_" in name:  # could pass for the header with a hyphen
            continue
        variable = name.upper().replace("-", "_")
        if variable not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            variable = f"HTTP_{variable}"
        joint = "; " if variable == "HTTP_COOKIE" else ", "
        variables[variable] = f"{variables[variable]}{joint}{value}" if variable in variables else value
    return variables


def _refused(refusal: ServiceError) -> Reply:
    body, status, headers = problem(refusal)
    plain = [("content-type", "application/problem+json"), ("cache-control", "no-store"), ("connection", "close")]
    ours = [(name.lower(), value) for name, value in (*http.API_HEADERS, *headers.items())]
    return Reply(status, plain + ours, msgspec.json.encode(body))
