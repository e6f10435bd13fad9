"""Memory of the whole process tree, and how soon the first answer comes."""

import random
import statistics
import time

from . import submitting, wrk
from .content import BREAD, Content
from .figures import Bench, Figure
from .machine import memory_megabytes
from .reads import TURNS, warm
from .services.ours import BROWSER, Ours
from .services.process import Running
from .wrk import Reads

GROUP = "Memory and start"
STARTS = 7
SETTLED = 1.0  # seconds


def figures(bench: Bench, content: Content) -> list[Figure]:
    """Memory idle and after reads and submissions; the start with and without a database."""
    ours, folder = Ours(), bench.folder / "ours"
    with ours.start(folder, ours.thread(BREAD)) as service:
        time.sleep(SETTLED)
        idle = memory_megabytes(service.process.pid)
        _work(bench, ours, service, content)
        after = memory_megabytes(service.process.pid)
    bench.say(f"  memory {idle:.1f} MB idle, {after:.1f} MB after load")
    existing = statistics.median(_start(bench, ours, "ours", ours.thread(BREAD)) for _ in range(STARTS))
    empty = statistics.median(_start(bench, ours, f"empty-{random.random()}", "/healthz") for _ in range(STARTS))  # noqa: S311
    return [
        Figure(GROUP, "memory (PSS) of the process tree, idle", idle, "MB", 75, small=True),
        Figure(GROUP, "memory (PSS) after reads and submissions", after, "MB", 100, small=True),
        Figure(GROUP, "start to first answer, a database there", existing, "s", 1, small=True),
        Figure(GROUP, "start to first answer, none there", empty, "s", 2, small=True),
    ]


def _work(bench: Bench, ours: Ours, service: Running, content: Content) -> None:
    """Threads in turn and a busy thread, as browsers ask, and submissions."""
    small = [ours.thread(page) for page in content.small[:TURNS]]
    warm(service, small, BROWSER)
    wrk.run(service, Reads(small, BROWSER, connections=64), bench.seconds)
    wrk.run(service, Reads([ours.thread(BREAD)], BROWSER), bench.seconds)
    ours.begin_writing(service, [content.small[-1]])
    submitting.run(service, lambda number: ours.submission(content.small[-1], number), 16, bench.seconds)


def _start(bench: Bench, ours: Ours, name: str, first: str) -> float:
    folder = bench.folder / name
    folder.mkdir(exist_ok=True)
    with ours.start(folder, first) as service:
        seconds = service.seconds_to_start
    bench.say(f"  first answer after {seconds:.2f} s ({name})")
    return seconds
