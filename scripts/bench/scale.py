"""The same figures with 1,000 and with 1,000,000 comments stored, and what moderators wait for at the larger."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from . import searching, submitting, wrk
from .content import BREAD, BUSY, Content, content, various
from .figures import Bench, Figure, ratio
from .load import Load, median
from .reads import COUNTED, warm
from .services import postgresql
from .services.ours import QUEUE, Ours, queue_headers
from .wrk import Reads

SMALL, LARGE = "1,000", "1,000,000"
PART, COPIES = 50_000, 20
BESIDE = 50  # threads of another site
BAR = 0.8

CACHED, MADE, LONG = "cached read", "read without the cache", "read without the cache, thread of 3,656"
KINDS = (CACHED, MADE, "30 counts", "queue, first page", "submissions at 16")


@dataclass(frozen=True)
class Store:
    """Where comments are kept: the instance's folder, and the settings that name its database."""

    folder: Path
    settings: dict[str, str]
    content: Content

    def ours(self, **more: object) -> Ours:
        return Ours(**self.settings, **more)

    def fill(self) -> None:
        """Fill it, unless an earlier run did."""
        done = self.folder / "filled"
        if not done.exists():
            self.ours().fill(self.folder, self.content)
            done.touch()


Measure = Callable[[Bench, str, dict[str, Store]], list[Figure]]


def contents() -> dict[str, Content]:
    """What is stored, by its size."""
    large = replace(content(PART, crowd=True, beside=BESIDE), texts=various(), judged=True, copies=COPIES)
    return {SMALL: content(1_000), LARGE: large}


def figures(bench: Bench, kept: Path | None) -> list[Figure]:
    """What a thousand times as many comments leave of each rate, and what a moderator waits for at the larger."""
    return [replace(figure, table="million") for figure in _everywhere(bench, kept, _rates)] + searches(bench, kept)


def searches(bench: Bench, kept: Path | None) -> list[Figure]:
    """What a moderator waits for at a million comments."""
    return [replace(figure, table="searching") for figure in _everywhere(bench, kept, _searches)]


def _everywhere(bench: Bench, kept: Path | None, measure: Measure) -> list[Figure]:
    """What is measured on SQLite, and where there is one on PostgreSQL.

    The million is made in the folder `kept`, or found there.
    """
    found = measure(bench, "SQLite", _sqlite(bench.folder, kept))
    if postgresql.available():
        with postgresql.server(kept / "postgresql" if kept else None) as cluster:
            found += measure(bench, "PostgreSQL", _postgresql(bench.folder, kept, cluster))
    else:
        bench.say("PostgreSQL is not installed and is left out.")
    return found


def _sqlite(folder: Path, kept: Path | None) -> dict[str, Store]:
    places = {SMALL: folder / "sqlite-small", LARGE: (kept or folder) / "sqlite-large"}
    return {size: Store(places[size], {}, each) for size, each in contents().items()}


def _postgresql(folder: Path, kept: Path | None, cluster: postgresql.Cluster) -> dict[str, Store]:
    places = {SMALL: folder / "postgresql-small", LARGE: (kept or folder) / "postgresql-large"}
    stores = {}
    for size, each in contents().items():
        name = places[size].name.replace("-", "_")
        if not (places[size] / "filled").exists():
            postgresql.add_database(cluster, name)
        stores[size] = Store(places[size], {"database_url": cluster.address(name)}, each)
    return stores


def _fill(bench: Bench, database: str, store: Store) -> None:
    bench.say(f"  {database}: filling {store.content.total:,} comments in, or finding them")
    store.fill()


def _rates(bench: Bench, database: str, stores: dict[str, Store]) -> list[Figure]:
    for store in stores.values():
        _fill(bench, database, store)
    with ExitStack() as stack:
        loads: dict[str, Callable[[], Load]] = {}
        for size, store in stores.items():
            loads |= _loads(bench, stack, size, store)
        order = [f"{kind}, {size}" for kind in KINDS for size in stores] + [LONG]
        runs = bench.in_turn({f"{database}: {name}": loads[name] for name in order})
    return list(_ratios(database, {name.removeprefix(f"{database}: "): run for name, run in runs.items()}))


def _searches(bench: Bench, database: str, stores: dict[str, Store]) -> list[Figure]:
    large = stores[LARGE]
    _fill(bench, database, large)
    ours = large.ours()
    with ours.start(large.folder) as service:
        group = f"What a moderator waits for at {large.content.total:,} comments, {database}"
        return list(searching.figures(group, service, ours, large.folder))


def _ratios(database: str, runs: dict[str, list[Load]]) -> Iterator[Figure]:
    group = f"A million comments, {database}"
    for kind in KINDS:
        large, small = f"{kind}, {LARGE}", f"{kind}, {SMALL}"
        rates = f"{median(runs[large]).rate:,.0f}/s to {median(runs[small]).rate:,.0f}/s"
        yield Figure(group, f"{kind}, {LARGE} comments of {SMALL}", ratio(runs, large, small), bar=BAR, note=rates)
    long, made = LONG, f"{MADE}, {LARGE}"
    rates = f"{median(runs[long]).rate:,.0f}/s to {median(runs[made]).rate:,.0f}/s"
    yield Figure(group, "first page of a thread of 3,656, of that of 100", ratio(runs, long, made), bar=BAR, note=rates)


def _loads(bench: Bench, stack: ExitStack, size: str, store: Store) -> dict[str, Callable[[], Load]]:
    folder, ours = store.folder, store.ours()
    service = stack.enter_context(ours.start(folder))
    uncached = stack.enter_context(store.ours(cache_megabytes=0).start(folder))
    bread, pages = ours.thread(BREAD), store.content.small[:COUNTED]
    counts = ours.counts(pages)
    warm(service, [bread, counts])
    ours.begin_writing(service, pages)

    def submit(number: int) -> bytes:
        return ours.submission(pages[number % len(pages)], number)

    queue = Reads([QUEUE], queue_headers(folder), 4)
    loads: dict[str, Callable[[], Load]] = {
        f"{CACHED}, {size}": lambda: wrk.run(service, Reads([bread]), bench.seconds),
        f"{MADE}, {size}": lambda: wrk.run(uncached, Reads([bread]), bench.seconds),
        f"30 counts, {size}": lambda: wrk.run(service, Reads([counts]), bench.seconds),
        f"queue, first page, {size}": lambda: wrk.run(service, queue, bench.seconds),
        f"submissions at 16, {size}": lambda: submitting.run(service, submit, 16, bench.seconds),
    }
    if BUSY in store.content.threads:
        loads[LONG] = lambda: wrk.run(uncached, Reads([ours.thread(BUSY)]), bench.seconds)
    return loads
