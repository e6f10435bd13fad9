"""Which part is full first, on 1, 10 and 100 machines: `make scaling`, some minutes, needs wrk and PostgreSQL.

What one request costs is measured against the shipped server on PostgreSQL; a model of many sites adds it up; a mixed
load of the model's kind is then sent to the real service, to see how far the sum is from what happens.
"""

import argparse
import asyncio
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from . import report, submitting, wrk
from .content import BREAD, Content, content
from .load import BadRun
from .machine import cpu_seconds, description
from .reads import warm
from .services import postgresql
from .services.ours import BROWSER, Ours
from .services.process import ROOT, Running
from .submitting import Line
from .traffic import BURST, COMMENTS_A_DAY, PAGES, SEEN, Shares, largest, shares, split, traffic
from .wrk import Reads

PAGE = ROOT / "docs" / "scaling.md"
SITES = (1_000, 10_000, 100_000)
MACHINES = (1, 10, 100)
CORES = 2  # of each machine, and of the database's
PATIENCE_SECONDS = 10
STORED = 6_000  # comments, in threads of 20
BUSY = 0.7  # fuller than this, waiting grows faster than work
CHECKED_RATE = 150  # reads a second, each of another thread, so that each is the thread's first in its second
NAMES = {
    "kept": "read, as it is kept, in brotli",
    "same": "read, 304",
    "checked": "read, kept but not looked at in this second",
    "made": "read, made anew",
    "submitted": "submission, stored with every check",
    "submitted below one page": "submission, all below one page",
}
MIXED_RATE = 150  # requests a second, of which one in
EVERY = 6  # is a submission: 20 spam and a comment for 100 reads
CONNECTIONS = 17  # of a process to the database, for comments and for limits


@dataclass(frozen=True, slots=True)
class Cost:
    """What one request takes of the service's processors and of the database's, in microseconds."""

    app: float
    database: float
    rate: float  # at which that was measured


class Stage:
    """The shipped server on a PostgreSQL of its own, and clocks for both."""

    def __init__(self, folder: Path, cluster: postgresql.Cluster, filled: Content, seconds: float) -> None:
        self._address = postgresql.add_database(cluster, "model")
        self.ours = Ours(database_url=self._address)
        self.filled, self.seconds, self._folder = filled, seconds, folder
        self.ours.fill(folder, filled)
        self._server = int((cluster.folder / "data" / "postmaster.pid").read_text().split()[0])

    def start(self, **settings: object) -> Running:
        return Ours(database_url=self._address, **settings).start(self._folder)

    def cost(self, service: Running, load: Callable[[], tuple[int, float]]) -> Cost:
        """What each request of `load` costs, which gives how many there were and in how many seconds."""
        app, database = cpu_seconds(service.process.pid), cpu_seconds(self._server)
        number, seconds = load()
        app, database = cpu_seconds(service.process.pid) - app, cpu_seconds(self._server) - database
        return Cost(app / number * 1e6, database / number * 1e6, number / seconds)


def measured(stage: Stage, say: Callable[[str], None]) -> dict[str, Cost]:
    """The cost of each kind of request."""
    costs: dict[str, Cost] = {}
    with stage.start() as service, stage.start(cache_megabytes=0) as bare:
        bread = stage.ours.thread(BREAD)
        small = [stage.ours.thread(page) for page in stage.filled.small]
        warm(service, [bread, *small])
        etag = {"If-None-Match": service.get(bread)[1]["etag"]}
        stage.ours.begin_writing(service, stage.filled.small)
        loads: dict[str, tuple[Running, Callable[[], tuple[int, float]]]] = {
            "kept": (service, lambda: _closed(service, Reads([bread], BROWSER), stage.seconds)),
            "same": (service, lambda: _closed(service, Reads([bread], {**BROWSER, **etag}), stage.seconds)),
            "checked": (service, lambda: asyncio.run(_reads(service, small, CHECKED_RATE, stage.seconds))),
            "made": (bare, lambda: _closed(bare, Reads(small), stage.seconds)),
            "submitted": (service, lambda: _submissions(stage, service, stage.filled.small)),
            "submitted below one page": (service, lambda: _submissions(stage, service, stage.filled.small[:1])),
        }
        for name, (asked, load) in loads.items():
            load()  # once for nothing: what is loaded and planned at the first time is no part of the cost
            costs[name] = cost = stage.cost(asked, load)
            say(f"  {name:26} {cost.app:8,.0f} µs  {cost.database:8,.0f} µs of the database  at {cost.rate:,.0f}/s")
    return costs


def _closed(service: Running, reads: Reads, seconds: float) -> tuple[int, float]:
    load = wrk.run(service, reads, seconds)
    return max(1, round(load.rate * seconds)), seconds


def _submissions(stage: Stage, service: Running, pages: list[str]) -> tuple[int, float]:
    load = submitting.run(service, lambda n: stage.ours.submission(pages[n % len(pages)], n), 8, stage.seconds)
    return max(1, round(load.rate * stage.seconds)), stage.seconds


async def _reads(service: Running, paths: list[str], rate: float, seconds: float) -> tuple[int, float]:
    """Read `paths` in turn, so many a second, whatever the answers take."""
    turn = itertools.cycle(paths)
    requests = (_request(next(turn)) for _ in itertools.count())
    return await _sent(service, requests, rate, seconds)


async def _sent(service: Running, requests: Iterator[bytes], rate: float, seconds: float) -> tuple[int, float]:
    free: asyncio.Queue[Line] = asyncio.Queue()
    lines = [Line(service.port) for _ in range(16)]
    for line in lines:
        free.put_nowait(line)
    began, number, running = time.perf_counter(), int(rate * seconds), []
    for count in range(number):
        await asyncio.sleep(max(0.0, began + count / rate - time.perf_counter()))
        running.append(asyncio.create_task(_one(free, next(requests))))
    for status in await asyncio.gather(*running):
        if status >= 400:
            raise BadRun(f"{service.name} answered {status}")
    for line in lines:
        line.close()
    return number, time.perf_counter() - began


async def _one(free: "asyncio.Queue[Line]", request: bytes) -> int:
    line = await free.get()
    try:
        status, _ = await asyncio.wait_for(line.ask(request), PATIENCE_SECONDS)
    finally:
        free.put_nowait(line)
    return status


def _request(path: str, etag: str = "") -> bytes:
    seen = f"If-None-Match: {etag}\r\n" if etag else ""
    head = "".join(f"{name}: {value}\r\n" for name, value in BROWSER.items())
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{head}{seen}\r\n".encode()


def mixed(stage: Stage) -> tuple[Cost, Shares]:
    """What a mixed load like the model's costs the real service for each request, and how the model takes it apart."""
    pages = stage.filled.small
    chance = random.Random(1)  # noqa: S311
    weights = [1 / rank for rank in range(1, len(pages) + 1)]
    with stage.start() as service:
        etags = {page: service.get(stage.ours.thread(page), BROWSER)[1]["etag"] for page in pages}
        stage.ours.begin_writing(service, pages)

        def requests() -> Iterator[bytes]:
            for number in itertools.count(1):
                page = chance.choices(pages, weights)[0]
                if number % EVERY == 0:
                    yield stage.ours.submission(page, submitting.next_number())
                else:
                    yield _request(stage.ours.thread(page), etags[page] if chance.random() < SEEN else "")

        each = stage.cost(service, lambda: asyncio.run(_sent(service, requests(), MIXED_RATE, 3 * stage.seconds)))
    reads, writes = MIXED_RATE * (1 - 1 / EVERY), MIXED_RATE / EVERY
    rates = [(1.0, reads * weight / sum(weights)) for weight in weights]
    return each, split(rates, 1 + writes, writes / reads)


@dataclass(frozen=True, slots=True)
class Needs:
    """How many cores the service, the primary for what only it can do, and the reads of the database take."""

    app: float
    primary: float
    reads: float


def needs(costs: dict[str, Cost], sites: float, processes: int) -> Needs:
    """What so many sites take at the peak, answered by so many processes."""
    load, share = traffic(sites), shares(sites, processes)
    writing, reading = costs["submitted"], _read(costs, share)
    return Needs(
        (load.reads * reading.app + load.submissions * writing.app) / 1e6,
        load.submissions * writing.database / 1e6,
        load.reads * reading.database / 1e6,
    )


def _read(costs: dict[str, Cost], share: Shares) -> Cost:
    """What a read costs on average."""
    parts = {"same": share.kept * SEEN, "kept": share.kept * (1 - SEEN), "checked": share.checked, "made": share.made}
    app = sum(costs[name].app * part for name, part in parts.items())
    return Cost(app, sum(costs[name].database * part for name, part in parts.items()), 0)


def carried(costs: dict[str, Cost], machines: int) -> dict[str, float]:
    """How many sites each part carries."""
    processes, room = machines * CORES, CORES * BUSY

    def most(taken: Callable[[Needs], float], there: float) -> float:
        return largest(lambda sites: taken(needs(costs, sites, processes)) <= there, 1e7)

    return {
        "the service's processors": most(lambda need: need.app, room * machines),
        "the database's, alone": most(lambda need: need.primary + need.reads, room),
        "the primary's, with a replica": most(lambda need: need.primary, room),
        "the replica's": most(lambda need: need.reads, room),
    }


def markdown(costs: dict[str, Cost], checked: tuple[Cost, Shares]) -> str:
    """The tables of the page."""
    lines = ["| a request | the service, µs | the database, µs |", "| --- | --- | --- |"]
    lines += [f"| {NAMES[name]} | {each.app:,.0f} | {each.database:,.0f} |" for name, each in costs.items()]
    return "\n".join([*lines, "", *_checked(costs, *checked), "", *_sites(costs), "", *_machines(costs), ""])


def _checked(costs: dict[str, Cost], each: Cost, share: Shares) -> Iterator[str]:
    read, write = _read(costs, share), costs["submitted"]
    yield "| a mixed load | the model's sum, µs a request | measured, µs | measured of the sum |"
    yield "| --- | --- | --- | --- |"
    for name, part in (("the service", "app"), ("the database", "database")):
        total = getattr(read, part) * (1 - 1 / EVERY) + getattr(write, part) / EVERY
        real = getattr(each, part)
        yield f"| {name}, at {each.rate:,.0f} requests a second | {total:,.0f} | {real:,.0f} | {real / total:.2f} |"


def _sites(costs: dict[str, Cost]) -> Iterator[str]:
    about = "sites | reads/s | comments/s | spam/s | read as kept | looked at | made"
    yield f"| {about} | cores: service | primary | reads |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for sites in SITES:
        processes = next(m for m in (*range(1, 10_000), 10_000) if needs(costs, sites, m).app <= m * BUSY)
        load, share, need = traffic(sites), shares(sites, processes), needs(costs, sites, processes)
        parts = " | ".join(f"{part:.0%}" for part in (share.kept, share.checked, share.made))
        cores = f"{need.app:,.2f} | {need.primary:,.2f} | {need.reads:,.2f}"
        yield f"| {sites:,} | {load.reads:,.0f} | {load.comments:,.1f} | {load.spam:,.0f} | {parts} | {cores} |"


def _machines(costs: dict[str, Cost]) -> Iterator[str]:
    parts = list(carried(costs, 1))
    yield f"| sites carried by | {' | '.join(parts)} | first full, without and with a replica | connections |"
    yield "| --- |" + " --- |" * (len(parts) + 2)
    for machines in MACHINES:
        found = carried(costs, machines)
        alone = min(parts[:2], key=found.__getitem__)
        helped = min((parts[0], *parts[2:]), key=found.__getitem__)
        number = " | ".join(f"{found[part]:,.0f}" for part in parts)
        name = f"{machines} machine{'s' * (machines > 1)}"
        yield f"| {name} | {number} | {alone}; {helped} | {machines * CORES * CONNECTIONS:,} |"


def circumstances(costs: dict[str, Cost]) -> str:
    """Where and how it was measured, and what one page bears."""
    one = costs["submitted below one page"].rate
    return (
        f"Measured by `make scaling` on {description()}, load generators on the same machine. A site has {PAGES} pages "
        f"and {COMMENTS_A_DAY} comments a day. One page took {one:,.0f} submissions a second; the largest burst "
        f"known is {BURST:.0f} a second."
    )


def main() -> int:
    """Measure, add up, compare, print, perhaps write."""
    parser = argparse.ArgumentParser(prog="make scaling", description="Which part is full first.")
    parser.add_argument("--seconds", type=float, default=6.0, help="how long each load lasts")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.relative_to(ROOT)}")
    given = parser.parse_args()
    if not wrk.available() or not postgresql.available():
        sys.stderr.write("wrk and PostgreSQL are needed: apt-get install wrk postgresql\n")
        return 2

    def say(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    with tempfile.TemporaryDirectory(prefix="model-") as folder, postgresql.server() as cluster:
        stage = Stage(Path(folder, "instance"), cluster, content(STORED), given.seconds)
        costs = measured(stage, say)
        made = f"{markdown(costs, mixed(stage))}\n{circumstances(costs)}\n"
    sys.stdout.write(made)
    if given.write:
        report.write(PAGE, "scaling", made)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
