"""What may not get lost unseen, short enough for each change: ratios of work, which hold on a busy machine, too.

Rates say nothing while others compute. The work of the processor for a request does: both sides of a ratio meet the
same weather, in turn. A bar lies between what was seen while others took nine tenths of the machine and what is left
by a look at the database ten times as dear, a lost cache, or a query for each comment of a thread.
"""

from collections.abc import Callable
from functools import partial

from . import submitting, wrk
from .content import BREAD, BUSY, Content
from .figures import Bench, Figure, Runs, work
from .load import Load
from .reads import warm
from .services import controls
from .services.ours import BROWSER, Ours
from .services.process import Running
from .wrk import Reads

GROUP = "Work of the processor for one, of that for another"
COMMENTS = 12_000
BARE, CACHED, SAME, MANY, COUNTS = "bare answer", "cached read", "304", "300 threads in turn", "30 counts"
MADE, MADE_LONG = "read made anew", "read made anew, of 3,656"
SENT, SENT_LONG = "submission", "submission, below 3,656"
WRITERS = 4
ENOUGH, LONGEST = 5_000, 8  # reads, seconds
READ = 300  # small threads; what is written goes below others, so that nothing read has to be made anew


def figures(bench: Bench, content: Content) -> list[Figure]:
    """The work of each kind of request, as a part of that of one that shall hardly cost more."""
    ours, uncached, folder = Ours(), Ours(cache_megabytes=0), bench.folder / "ours"
    with (
        ours.start(folder) as service,
        uncached.start(folder) as off,
        controls.start("bare", folder) as bare,
    ):
        loads = _reads(bench, service, off, bare, content) | _writes(bench, ours, service, content)
        found = _figures(bench.in_turn(loads))
        if all(figure.passes() for figure in found):
            return found
        bench.say("  once more, for the weather may have been at fault")
        again = _figures(bench.in_turn(loads))
    return [max(pair, key=lambda figure: figure.value) for pair in zip(found, again, strict=True)]


def _figures(runs: Runs) -> list[Figure]:
    return [
        Figure(GROUP, f"{less}, of {more}", work(runs, less, more), bar=bar)
        for less, more, bar in (
            (BARE, CACHED, 0.5),
            (BARE, SAME, 0.5),
            (CACHED, MANY, 0.55),
            (BARE, COUNTS, 0.45),
            (MADE, MADE_LONG, 0.6),
            (SENT, SENT_LONG, 0.6),
            (MADE, SENT, 0.1),
        )
    ]


def _reads(
    bench: Bench, service: Running, off: Running, bare: Running, content: Content
) -> dict[str, Callable[[], Load]]:
    ours = Ours()
    bread, counts = ours.thread(BREAD), ours.counts(content.small[:30])
    small = [ours.thread(page) for page in content.small[:READ]]
    seen = {**BROWSER, "If-None-Match": service.get(bread)[1]["etag"]}
    kept = {
        BARE: (bare, Reads(["/healthz"])),
        CACHED: (service, Reads([bread], BROWSER)),
        SAME: (service, Reads([bread], seen)),
        MANY: (service, Reads(small, BROWSER)),
        COUNTS: (service, Reads([counts], BROWSER)),
    }
    made = {MADE: bread, MADE_LONG: ours.thread(BUSY)}
    loads = {name: partial(_enough, bench, whom, reads) for name, (whom, reads) in kept.items()}
    return loads | {
        name: partial(wrk.run, off, Reads([path], connections=WRITERS), bench.seconds) for name, path in made.items()
    }


def _enough(bench: Bench, service: Running, reads: Reads) -> Load:
    """A load of what is kept already, long enough for what a server does besides to count for little."""
    warm(service, reads.paths, BROWSER)
    seconds = bench.seconds
    while True:
        load = wrk.run(service, reads, seconds)
        if load.rate * seconds >= ENOUGH or seconds >= LONGEST:
            return load
        seconds *= 2


def _writes(bench: Bench, ours: Ours, service: Running, content: Content) -> dict[str, Callable[[], Load]]:
    pages = content.small[READ:]
    ours.begin_writing(service, [BUSY, *pages])

    def below(number: int) -> bytes:
        return ours.submission(pages[number % len(pages)], number)

    def below_busy(number: int) -> bytes:
        return ours.submission(BUSY, number)

    kinds = ((SENT, below), (SENT_LONG, below_busy))
    return {name: partial(submitting.run, service, make, WRITERS, bench.seconds) for name, make in kinds}
