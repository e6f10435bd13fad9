"""Reads from the cache, beside the bare answer of the same server."""

import http.client
from collections.abc import Mapping, Sequence
from functools import partial

from . import wrk
from .content import BREAD, Content
from .figures import Bench, Figure, Runs, ratio
from .load import median
from .services import controls
from .services.ours import BROWSER, Ours
from .services.process import HOST, Running
from .wrk import Reads

GROUP = "Reads from the cache"
COUNTED = 30
TURNS = 1_000
BARE, CACHED, BROWSED, SAME = "bare answer", "cached read", "cached read, as a browser asks", "304"
ONE, MANY, COUNTS = "one small thread", "1,000 small threads", "30 counts"
MANY_READERS = "cached read, 64 connections"


def warm(service: Running, paths: Sequence[str], headers: Mapping[str, str] | None = None) -> None:
    """Ask for each path once."""
    connection = http.client.HTTPConnection(HOST, service.port, timeout=60)
    for path in paths:
        connection.request("GET", path, headers=dict(headers or {}))
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
    connection.close()


def figures(bench: Bench, content: Content) -> list[Figure]:
    """Everything about cached reads."""
    ours = Ours()
    folder = bench.folder / "ours"
    with ours.start(folder) as service, controls.start("bare", folder) as bare:
        runs = _runs(bench, service, bare, _asked(ours, service, content))
    return _figures(runs)


def _asked(ours: Ours, service: Running, content: Content) -> dict[str, Reads]:
    bread = ours.thread(BREAD)
    small = [ours.thread(page) for page in content.small[:TURNS]]
    counts = ours.counts(content.small[:COUNTED])
    warm(service, [bread, counts, *small])
    etag = service.get(bread)[1]["etag"]
    return {
        CACHED: Reads([bread]),
        BROWSED: Reads([bread], BROWSER),
        SAME: Reads([bread], {**BROWSER, "If-None-Match": etag}),
        ONE: Reads([small[0]] * len(small)),  # through the same script as many, so that only the service differs
        MANY: Reads(small),
        COUNTS: Reads([counts]),
        MANY_READERS: Reads([bread], connections=64),
    }


def _runs(bench: Bench, service: Running, bare: Running, asked: dict[str, Reads]) -> Runs:
    loads = {BARE: partial(wrk.run, bare, Reads(["/healthz"]), bench.seconds)}
    loads |= {name: partial(wrk.run, service, reads, bench.seconds) for name, reads in asked.items()}
    return bench.in_turn(loads)


def _figures(runs: Runs) -> list[Figure]:
    cached, counts, many = median(runs[CACHED]), median(runs[COUNTS]), median(runs[MANY_READERS])

    def beside(name: str, bar: float, other: str = BARE, *, enough: bool = False) -> Figure:
        rates = f"{median(runs[name]).rate:,.0f}/s to {median(runs[other]).rate:,.0f}/s"
        return Figure(GROUP, f"{name}, of {other}", ratio(runs, name, other), bar=bar, note=rates, enough=enough)

    return [
        beside(CACHED, 0.5),
        beside(BROWSED, 0.5),
        beside(SAME, 0.7),
        beside(MANY, 0.9, ONE),
        beside(COUNTS, 0.3, enough=counts.rate >= 10_000),
        Figure(GROUP, "cached read, p99 at 16 connections", cached.p99, "ms", 3, small=True),
        Figure(GROUP, "cached read, p99 at 64 connections", many.p99, "ms", 10, small=True),
        Figure(GROUP, "cached read, work of the processor", cached.cpu, "µs", 70, small=True),
    ]
