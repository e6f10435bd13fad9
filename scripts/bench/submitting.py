"""Submissions: as many at once as asked, each with a text, an address and a network of its own."""

import asyncio
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from .load import Answers, BadRun, Load, measured
from .services.process import Running

Request = bytes
Make = Callable[[int], Request]
_numbers = itertools.count(1)  # no two submissions of a run are the same


def next_number() -> int:
    """The number of a submission that was not made yet."""
    return next(_numbers)


@dataclass
class Tally:
    """What came back so far."""

    waits: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def answers(self, seconds: float) -> Answers:
        if self.refused or len(self.waits) < 2:
            raise BadRun(f"{len(self.refused)} submissions failed, {len(self.waits)} did not: {self.refused[:1]}")
        parts = statistics.quantiles(self.waits, n=100, method="inclusive")
        return Answers(len(self.waits), seconds, parts[49] * 1000, parts[98] * 1000)


def run(service: Running, make: Make, connections: int, seconds: float) -> Load:
    """Submit on `connections` at once for `seconds`, each sending its next when the last was answered."""
    return measured(service.process.pid, lambda: asyncio.run(_closed(service, make, connections, seconds)))


def at_rate(service: Running, make: Make, rate: float, seconds: float) -> Answers:
    """Submit `rate` times a second for `seconds`, whatever the answers take."""
    return asyncio.run(_open(service, make, rate, seconds))


async def _closed(service: Running, make: Make, connections: int, seconds: float) -> Answers:
    tally, began = Tally(), time.perf_counter()
    await asyncio.gather(*(_sender(service, make, tally, began + seconds) for _ in range(connections)))
    return tally.answers(time.perf_counter() - began)


async def _sender(service: Running, make: Make, tally: Tally, until: float) -> None:
    line = Line(service.port)
    while time.perf_counter() < until:
        await _one(line, make(next_number()), tally)
    line.close()


async def _open(service: Running, make: Make, rate: float, seconds: float) -> Answers:
    tally, began = Tally(), time.perf_counter()
    lines = [Line(service.port) for _ in range(16)]
    free: asyncio.Queue[Line] = asyncio.Queue()
    for line in lines:
        free.put_nowait(line)
    sent = []
    for at in _times(began, rate, seconds):
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        sent.append(asyncio.create_task(_borrowed(free, make(next_number()), tally)))
    await asyncio.gather(*sent)
    for line in lines:
        line.close()
    return tally.answers(time.perf_counter() - began)


def _times(began: float, rate: float, seconds: float) -> Iterator[float]:
    return (began + number / rate for number in range(max(2, int(rate * seconds))))


async def _borrowed(free: "asyncio.Queue[Line]", request: Request, tally: Tally) -> None:
    line = await free.get()
    await _one(line, request, tally)
    free.put_nowait(line)


async def _one(line: "Line", request: Request, tally: Tally) -> None:
    began = time.perf_counter()
    try:
        status, body = await line.ask(request)
    except (OSError, asyncio.IncompleteReadError) as error:
        tally.refused.append(repr(error))
        return
    if status in {201, 202}:
        tally.waits.append(time.perf_counter() - began)
    else:
        tally.refused.append(f"{status} {body[:200]!r}")


class Line:
    """A connection that is opened again when the server has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()
        self._streams = None

    async def ask(self, request: Request) -> tuple[int, bytes]:
        """Send `request`; the status and the body of its answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = _header(head, b"content-length")
        body = await reader.readexactly(int(length)) if length else b""
        if _header(head, b"connection") == b"close":
            self.close()
            with suppress(OSError):
                await writer.wait_closed()
        return int(head.split(b" ", 2)[1]), body


def _header(head: bytes, name: bytes) -> bytes:
    _, found, rest = head.partition(b"\r\n" + name + b":")
    return rest.partition(b"\r\n")[0].strip() if found else b""
