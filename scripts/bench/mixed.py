"""Reads of a thread while others write below it."""

from concurrent.futures import ThreadPoolExecutor

from . import submitting, wrk
from .content import BREAD
from .figures import Bench, Figure, ratio
from .load import Load, median
from .services.ours import Ours
from .services.process import Running
from .wrk import Reads

GROUP = "Reads while others write"
ALONE, FEW, MANY = "reads alone", "reads with 5 submissions/s", "reads with 50 submissions/s"


def figures(bench: Bench) -> list[Figure]:
    """What 5 and 50 submissions a second to the same thread leave of its read rate."""
    ours = Ours()
    with ours.start(bench.folder / "ours") as service:
        ours.begin_writing(service)
        runs = bench.in_turn(
            {
                ALONE: lambda: wrk.run(service, Reads([ours.thread(BREAD)]), bench.seconds),
                FEW: lambda: _while_writing(bench, ours, service, 5),
                MANY: lambda: _while_writing(bench, ours, service, 50),
            }
        )
    few, many = median(runs[FEW]), median(runs[MANY])
    return [
        Figure(GROUP, f"{FEW}, of {ALONE}", ratio(runs, FEW, ALONE), bar=0.65, note=f"{few.rate:,.0f}/s"),
        Figure(GROUP, f"{FEW}, p99", few.p99, "ms", 8, small=True),
        Figure(GROUP, f"{MANY}, of {ALONE}", ratio(runs, MANY, ALONE), bar=0.4, note=f"{many.rate:,.0f}/s"),
    ]


def _while_writing(bench: Bench, ours: Ours, service: Running, rate: float) -> Load:
    with ThreadPoolExecutor(1) as beside:
        writing = beside.submit(
            submitting.at_rate, service, lambda number: ours.submission(BREAD, number), rate, bench.seconds
        )
        load = wrk.run(service, Reads([ours.thread(BREAD)]), bench.seconds)
        writing.result()
    return load
