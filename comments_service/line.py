"""Requests that wait to be answered, first come, first served, and the threads that answer them."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

MOST_THREADS = 4
PATIENCE_SECONDS = 0.05

Q = TypeVar("Q")
A = TypeVar("A")


class Line(Generic[Q, A]):
    """Requests in the order in which they came, each answered by `answer` in a thread.

    `one_by_one` a single thread leads: threads of one interpreter that all want to run cost each other two thirds of
    their time, and what one of them commits to SQLite, the connections of all others have to read anew. Who leads and
    is at one request for longer than others have patience, as it waits for a service outside or looks through a
    million comments, is followed by a new thread, goes on beside it, and ends with that request.
    Otherwise all threads serve side by side, for a database that is waited for more than it is worked on.
    """

    def __init__(self, answer: Callable[[Q], A], *, one_by_one: bool) -> None:
        self._answer = answer
        self._one_by_one = one_by_one
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        # Those that serve, each with when it began with the request that it is at.
        self._threads: dict[threading.Thread, float | None] = {}
        self._leader: threading.Thread | None = None
        self._watched = False

    def join(self, request: Q) -> asyncio.Future[A]:
        """Let `request` wait for its turn; called on the event loop, where the answer is to be awaited."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[A] = loop.create_future()
        self._waiting.put(partial(self._serve, request, answered, loop))
        if not self._threads:
            self._start(1 if self._one_by_one else MOST_THREADS)
        if self._one_by_one and not self._watched:
            self._watched = True
            loop.call_later(PATIENCE_SECONDS, self._watch, loop)
        return answered

    def close(self, seconds: float) -> None:
        """End the threads once all that wait are served; wait so long at most."""
        threads, until = list(self._threads), time.monotonic() + seconds
        for _ in threads:
            self._waiting.put(None)
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _start(self, number: int) -> None:
        for _ in range(number):
            thread = threading.Thread(target=self._work, name="request", daemon=True)
            self._threads[thread] = None
            self._leader = thread
            thread.start()

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let another thread lead when the one that does is at one request for too long."""
        begun_at = self._threads.get(self._leader) if self._leader else None
        stuck = begun_at is not None and time.monotonic() - begun_at >= PATIENCE_SECONDS
        if stuck and len(self._threads) < MOST_THREADS:
            self._start(1)
        self._watched = begun_at is not None or not self._waiting.empty()
        if self._watched:
            loop.call_later(PATIENCE_SECONDS, self._watch, loop)

    def _work(self) -> None:
        me = threading.current_thread()
        while (self._leader is me or not self._one_by_one) and (serve := self._waiting.get()):
            self._threads[me] = time.monotonic()
            serve()
            self._threads[me] = None
        del self._threads[me]

    def _serve(self, request: Q, answered: asyncio.Future[A], loop: asyncio.AbstractEventLoop) -> None:
        if answered.cancelled():
            return
        try:
            tell = partial(_tell, answered.set_result, self._answer(request))
        except BaseException as error:
            tell = partial(_tell, answered.set_exception, error)
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(tell)


def _tell(settle: Callable[[Any], None], outcome: object) -> None:
    with suppress(asyncio.InvalidStateError):  # who asked has gone
        settle(outcome)
