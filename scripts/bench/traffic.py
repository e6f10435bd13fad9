"""A model of many sites: how much is read and written at the peak, and how the cache of each process takes it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PAGES = 200  # of a site
COMMENTS_A_DAY = 10  # of a site, that are comments
SPAM = 20  # for each of them
READS = 100  # for each of them
SEEN = 0.6  # of the reads ask whether what they have is still right
PEAK = 4  # times the mean of the day
BURST = 121 / 60  # comments a second below one page
# Parts of the pages, the comments below them, and the reads of them: readers go where comments are, if not as often.
CLASSES = ((0.01, 0.28, 0.28), (0.23, 0.72, 0.52), (0.76, 0.0, 0.20))
ENTRY_BYTES = 9_000  # that an answer takes in the cache
CACHE_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests a second at the peak."""

    reads: float
    comments: float
    spam: float

    @property
    def submissions(self) -> float:
        return self.comments + self.spam


def traffic(sites: float) -> Traffic:
    """What so many sites send at the peak."""
    comments = sites * COMMENTS_A_DAY * PEAK / 86_400
    return Traffic(comments * READS, comments, comments * SPAM)


@dataclass(frozen=True, slots=True)
class Shares:
    """Which parts of the reads are answered as they are kept, after a look at the database, and made anew."""

    kept: float
    checked: float
    made: float


def shares(sites: float, processes: int) -> Shares:
    """How `processes`, each with its cache, answer what so many sites read."""
    load = traffic(sites)
    pages = [(part * PAGES * sites, share) for part, _, share in CLASSES]
    reads = load.reads / processes
    rates = [(count, reads * share / count) for count, share in pages]
    remade = min(1.0, load.comments / reads) if reads else 0.0  # what was kept of a page until somebody wrote there
    return split(rates, 1 + load.submissions / processes, remade)


def split(rates: Sequence[tuple[float, float]], epochs: float, remade: float) -> Shares:
    """The shares in one process for pages read at `rates`: so many pages, reads a second of each.

    An answer is looked at once an epoch: each second, and after each commit of the process. `remade` is the part of
    the reads before which somebody wrote.
    """
    reads = sum(count * rate for count, rate in rates)
    stay = _stay(rates, CACHE_BYTES / ENTRY_BYTES)
    missed = sum(count * rate * math.exp(-rate * stay) for count, rate in rates) / reads
    first = sum(count * epochs * -math.expm1(-rate / epochs) for count, rate in rates) / reads
    made = min(1.0, missed + remade)
    checked = max(0.0, min(first, 1.0) - made)
    return Shares(1 - made - checked, checked, made)


def _stay(rates: Sequence[tuple[float, float]], room: float) -> float:
    """How many seconds an answer that nobody asks for stays in a cache with `room` (Che's approximation)."""
    if sum(count for count, _ in rates) <= room:
        return math.inf
    return largest(lambda seconds: sum(count * -math.expm1(-rate * seconds) for count, rate in rates) <= room, 1e9)


def largest(holds: Callable[[float], bool], limit: float) -> float:
    """The largest value up to `limit` for which something still holds that stops holding somewhere."""
    low, high = 0.0, limit
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
