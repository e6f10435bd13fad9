"""Submissions: every check on, each stored durably before it is answered."""

from collections.abc import Callable
from functools import partial

from . import submitting
from .content import Content
from .figures import Bench, Figure, ratio
from .load import Load, median
from .services.base import Service
from .services.ours import Ours
from .services.process import Running

GROUP = "Submissions"
BARS = {"Isso": {1: 2.0, 16: 3.0}}
SLOWEST = 30  # ms
PAGES = 100  # that are written below in turn


def figures(bench: Bench, content: Content) -> list[Figure]:
    """Ours, and those of each peer in the same rounds."""
    ours = Ours()
    with ours.start(bench.folder / "ours") as service:
        pages = content.small[:PAGES]
        ours.begin_writing(service, pages)
        loads = _loads(bench, ours, service, pages)
        running = [(peer, peer.start(bench.folder / peer.name)) for peer in bench.peers]
        for peer, started in running:
            loads |= _loads(bench, peer, started, pages)
        try:
            runs = bench.in_turn(loads)
        finally:
            for _, started in running:
                started.stop()
    found = [_beside(runs, peer.name, connections) for peer in bench.peers for connections in (1, 16)]
    return [*found, *_alone(runs, ours.name)]


def _name(service: str, connections: int) -> str:
    return f"{service}, submissions at {connections}"


def _loads(bench: Bench, by: Service, service: Running, pages: list[str]) -> dict[str, Callable[[], Load]]:
    def make(number: int) -> bytes:
        return by.submission(pages[number % len(pages)], number)

    return {_name(by.name, count): partial(submitting.run, service, make, count, bench.seconds) for count in (1, 16)}


def _beside(runs: dict[str, list[Load]], peer: str, connections: int) -> Figure:
    own, other = _name(Ours.name, connections), _name(peer, connections)
    rates = f"{median(runs[own]).rate:,.0f}/s to {median(runs[other]).rate:,.0f}/s"
    bar = BARS.get(peer, {}).get(connections)
    title = f"submissions at {connections} connection{'s' if connections > 1 else ''}, of {peer}"
    return Figure(GROUP, title, ratio(runs, own, other), bar=bar, note=rates)


def _alone(runs: dict[str, list[Load]], name: str) -> list[Figure]:
    one, many = median(runs[_name(name, 1)]), median(runs[_name(name, 16)])
    return [
        Figure(GROUP, "submissions at 16 connections, p99", many.p99, "ms", SLOWEST, small=True),
        Figure(GROUP, "submissions at 1 connection", one.rate, "/s", note=f"p99 {one.p99:.1f} ms, {one.cpu:,.0f} µs"),
        Figure(GROUP, "submissions at 16 connections", many.rate, "/s", note=f"{many.cpu:,.0f} µs"),
    ]
