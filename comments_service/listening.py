"""Where the server listens: sockets that stay open through a reload, so that whoever comes meanwhile only waits."""

import os
import signal
import socket
import sys
from typing import NoReturn

from .errors import Invalid

BACKLOG = 1024
SILENT_SECONDS = 15  # whoever takes nothing of an answer for so long is hung up on
LEFT_OPEN = "LISTENING_FILES"  # names the sockets to the process that begins anew


def listeners(host: str, port: int, number: int) -> list[socket.socket]:
    """So many sockets that listen there, a queue for each worker; raises `Invalid` when the place is taken."""
    try:
        found = [socket.socket(fileno=int(file)) for file in os.environ.pop(LEFT_OPEN, "").split()]
        if not found:
            family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
            found.append(_listener(family, place))
        while len(found) < number:
            found.append(_listener(found[0].family, found[0].getsockname(), beside=True))
    except OSError as error:
        raise Invalid(f"cannot listen on {host}, port {port}: {error.strerror}") from error
    close(found[number:])
    return found[:number]


def close(listening: list[socket.socket]) -> None:
    """Listen no longer, unless another process does."""
    for each in listening:
        each.close()


def begin_anew(listening: list[socket.socket]) -> NoReturn:
    """Become a new process of the same command, with whatever program and settings there are now."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the new one attends to it
    for each in listening:
        each.set_inheritable(True)
    os.environ[LEFT_OPEN] = " ".join(str(each.fileno()) for each in listening)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606


def _listener(family: int, place: tuple[object, ...], *, beside: bool = False) -> socket.socket:
    """A socket that listens at `place`: `beside` others of ours, or else alone there for now."""
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_SECONDS * 1000)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, beside)
    made.bind(place)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.listen(BACKLOG)
    return made
