"""What the kernel tells: the work and the memory of a tree of processes, and which machine this is."""

import os
import platform
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

FIRST = -10  # as `nice` counts
TICK = os.sysconf("SC_CLK_TCK")


def tree(root: int) -> Iterator[int]:
    """The process `root` and all that came from it."""
    yield root
    with suppress(OSError):
        for task in Path(f"/proc/{root}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from tree(int(child))


def cpu_seconds(root: int) -> float:
    """How long the tree of `root` has computed, its ended children included."""
    ticks = 0
    for process in tree(root):
        with suppress(OSError):
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / TICK


def memory_megabytes(root: int) -> float:
    """The proportional share of memory (PSS) of the tree of `root`."""
    kilobytes = 0
    for process in tree(root):
        with suppress(OSError):
            for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kilobytes += int(line.split()[1])
    return kilobytes * 1024 / 1e6


@dataclass(frozen=True, slots=True)
class Busy:
    """How long the whole machine has computed, and could have, in seconds of one core."""

    worked: float
    possible: float

    def __sub__(self, other: "Busy") -> "Busy":
        return Busy(self.worked - other.worked, self.possible - other.possible)


def busy() -> Busy:
    """The machine's clocks now."""
    ticks = list(map(int, Path("/proc/stat").read_text().partition("\n")[0].split()[1:9]))
    idle = ticks[3] + ticks[4]
    return Busy((sum(ticks) - idle) / TICK, sum(ticks) / TICK)


def go_first() -> None:
    """Let this benchmark, its servers and its load generators go before what else runs here; needs root."""
    Path("/proc/self/autogroup").write_text(str(FIRST))
    os.setpriority(os.PRIO_PROCESS, 0, FIRST)


def own_seconds() -> float:
    """How long the benchmark itself and the load generators that it waited for have computed."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def description() -> str:
    """The machine and the versions that matter, in a sentence."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB of memory, {platform.system()} "
        f"{platform.release().partition('-')[0]}, Python {platform.python_version()}, granian {version('granian')}, "
        f"Flask {version('flask')}, SQLAlchemy {version('sqlalchemy')}, SQLite {sqlite3.sqlite_version}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
