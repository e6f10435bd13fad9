"""The same figures with 1,000 and with 1,000,000 comments stored."""

from collections.abc import Callable
from contextlib import ExitStack

from . import submitting, wrk
from .content import BREAD, Content, content
from .figures import Bench, Figure, ratio
from .load import Load, median
from .reads import COUNTED, warm
from .services.ours import QUEUE, Ours, queue_headers
from .wrk import Reads

GROUP = "A million comments"
SIZES = {"1,000": 1_000, "1,000,000": 1_000_000}
BAR = 0.8
KINDS = ("cached read", "read without the cache", "30 counts", "queue, first page", "submissions at 16")


def figures(bench: Bench) -> list[Figure]:
    """What a thousand times as many comments leave of each rate."""
    with ExitStack() as stack:
        loads: dict[str, Callable[[], Load]] = {}
        for size, number in SIZES.items():
            filled = content(number)
            bench.say(f"  filling {filled.total:,} comments in")
            Ours().fill(bench.folder / size, filled)
            loads |= _loads(bench, stack, size, filled)
        runs = bench.in_turn({name: loads[name] for kind in KINDS for name in (f"{kind}, {size}" for size in SIZES)})
    small, large = SIZES
    return [
        Figure(
            GROUP,
            f"{kind}, {large} comments of {small}",
            ratio(runs, f"{kind}, {large}", f"{kind}, {small}"),
            bar=BAR,
            note=f"{median(runs[f'{kind}, {large}']).rate:,.0f}/s to {median(runs[f'{kind}, {small}']).rate:,.0f}/s",
        )
        for kind in KINDS
    ]


def _loads(bench: Bench, stack: ExitStack, size: str, filled: Content) -> dict[str, Callable[[], Load]]:
    folder, ours, bare = bench.folder / size, Ours(), Ours(cache_megabytes=0)
    service, uncached = stack.enter_context(ours.start(folder)), stack.enter_context(bare.start(folder))
    bread, counts = ours.thread(BREAD), ours.counts(filled.small[:COUNTED])
    warm(service, [bread, counts])
    pages = filled.small[:COUNTED]
    ours.begin_writing(service, pages)

    def submit(number: int) -> bytes:
        return ours.submission(pages[number % len(pages)], number)

    return {
        f"cached read, {size}": lambda: wrk.run(service, Reads([bread]), bench.seconds),
        f"read without the cache, {size}": lambda: wrk.run(uncached, Reads([bread]), bench.seconds),
        f"30 counts, {size}": lambda: wrk.run(service, Reads([counts]), bench.seconds),
        f"queue, first page, {size}": lambda: wrk.run(service, Reads([QUEUE], queue_headers(folder), 4), bench.seconds),
        f"submissions at 16, {size}": lambda: submitting.run(service, submit, 16, bench.seconds),
    }
