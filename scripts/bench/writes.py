"""Submissions: every check on, each stored durably before it is answered."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from . import submitting
from .content import Content
from .figures import Bench, Figure, Runs, ratio
from .load import Load, median
from .services import controls
from .services.base import Service
from .services.ours import Ours
from .services.process import Running

GROUP = "Submissions"
LIBRARIES = "the libraries alone"
BARS = {"Isso": {1: 2.0, 16: 3.0}}
SLOWEST = 30  # ms
PAGES = 100  # that are written below in turn
COUNTS = 1, 16  # connections


def figures(bench: Bench, content: Content) -> list[Figure]:
    """Ours, those of each peer, and those of the libraries alone, in the same rounds."""
    ours, folder = Ours(), bench.folder / "ours"
    pages = content.small[:PAGES]
    with ExitStack() as stack:
        service = stack.enter_context(ours.start(folder))
        ours.begin_writing(service, pages)
        loads = _loads(bench, ours, service, pages)
        for peer in bench.peers:
            loads |= _loads(bench, peer, stack.enter_context(peer.start(bench.folder / peer.name)), pages)
        loads |= _loads(bench, ours, stack.enter_context(controls.start("libraries", folder)), pages, LIBRARIES)
        runs = bench.in_turn(loads)
    return [*_ratios(bench, runs), *_alone(runs, ours.name)]


def _name(service: str, connections: int) -> str:
    return f"{service}, submissions at {connections}"


def _loads(
    bench: Bench, by: Service, service: Running, pages: list[str], name: str = ""
) -> dict[str, Callable[[], Load]]:
    def make(number: int) -> bytes:
        return by.submission(pages[number % len(pages)], number)

    return {
        _name(name or by.name, count): partial(submitting.run, service, make, count, bench.seconds) for count in COUNTS
    }


def _ratios(bench: Bench, runs: Runs) -> list[Figure]:
    found = [
        _beside(runs, who, peer.name, count)
        for peer in bench.peers
        for who in (Ours.name, LIBRARIES)
        for count in COUNTS
    ]
    return [*found, *(_beside(runs, Ours.name, LIBRARIES, count) for count in COUNTS)]


def _beside(runs: Runs, who: str, other: str, connections: int) -> Figure:
    own, others = _name(who, connections), _name(other, connections)
    rates = f"{median(runs[own]).rate:,.0f}/s to {median(runs[others]).rate:,.0f}/s"
    bar = BARS.get(other, {}).get(connections) if who == Ours.name else None
    whose = "" if who == Ours.name else f" by {who}"
    title = f"submissions{whose} at {connections} connection{'s' if connections > 1 else ''}, of {other}"
    return Figure(GROUP, title, ratio(runs, own, others), bar=bar, note=rates)


def _alone(runs: Runs, name: str) -> list[Figure]:
    one, many = median(runs[_name(name, 1)]), median(runs[_name(name, 16)])
    bare = median(runs[_name(LIBRARIES, 16)])
    return [
        Figure(GROUP, "submissions at 16 connections, p99", many.p99, "ms", SLOWEST, small=True),
        Figure(GROUP, f"submissions by {LIBRARIES} at 16 connections, p99", bare.p99, "ms", note=f"{bare.cpu:,.0f} µs"),
        Figure(GROUP, "submissions at 1 connection", one.rate, "/s", note=f"p99 {one.p99:.1f} ms, {one.cpu:,.0f} µs"),
        Figure(GROUP, "submissions at 16 connections", many.rate, "/s", note=f"{many.cpu:,.0f} µs"),
    ]
