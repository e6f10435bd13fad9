"""Reads that no cache answers, beside the common way of doing it."""

from . import wrk
from .content import BREAD, BUSY
from .figures import Bench, Figure, ratio
from .load import median
from .services import controls
from .services.ours import Ours
from .wrk import Reads

GROUP = "Reads without the cache"
OURS, LONG, YARDSTICK = "cache off", "cache off, thread of 3,656", "ORM objects and jsonify"


def figures(bench: Bench) -> list[Figure]:
    """How fast a thread is made, short and long."""
    ours, folder = Ours(cache_megabytes=0), bench.folder / "ours"
    bread, busy = Reads([ours.thread(BREAD)]), Reads([ours.thread(BUSY)])
    with ours.start(folder) as service, controls.start("yardstick", folder) as yardstick:
        runs = bench.in_turn(
            {
                OURS: lambda: wrk.run(service, bread, bench.seconds),
                LONG: lambda: wrk.run(service, busy, bench.seconds),
                YARDSTICK: lambda: wrk.run(yardstick, bread, bench.seconds),
            }
        )
    made, common = median(runs[OURS]), median(runs[YARDSTICK])
    rates = f"{made.rate:,.0f}/s to {common.rate:,.0f}/s; {made.cpu:,.0f} to {common.cpu:,.0f} µs"
    return [
        Figure(GROUP, f"{OURS}, of {YARDSTICK}", ratio(runs, OURS, YARDSTICK), bar=3.5, note=rates),
        Figure(GROUP, "first page of a thread of 3,656, of that of 100", ratio(runs, LONG, OURS), bar=0.9),
    ]
