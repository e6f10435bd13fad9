"""Figures, each beside the bar it has to clear."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .load import Load
from .services.base import Service

Runs = dict[str, list[Load]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `bar` is the least, or for what should be small the most, that it may be."""

    group: str
    name: str
    value: float
    unit: str = "×"
    bar: float | None = None
    small: bool = False  # whether less is better
    note: str = ""
    enough: bool = False  # clears its bar by another road
    table: str = "figures"  # the table of the page that it is told in

    @property
    def is_ratio(self) -> bool:
        """Whether it means the same on every machine."""
        return self.unit == "×"

    def passes(self, slack: float = 0.0) -> bool:
        """Whether it clears its bar, or misses it by no more than the share `slack`."""
        if self.bar is None or self.enough:
            return True
        return self.value <= self.bar * (1 + slack) if self.small else self.value >= self.bar * (1 - slack)


@dataclass
class Bench:
    """One run of the benchmark: where, how long, how often, and beside whom."""

    folder: Path
    seconds: float
    rounds: int
    peers: Sequence[Service]
    say: Callable[[str], None]
    runs: Runs = field(default_factory=dict)  # every load by its name, for those who want to know more

    def in_turn(self, loads: Mapping[str, Callable[[], Load]]) -> Runs:
        """Run all loads one after the other, as many rounds as wanted, so that a change of weather meets them all."""
        runs: Runs = {name: [] for name in loads}
        for number in range(1, self.rounds + 1):
            for name, run in loads.items():
                load = run()
                runs[name].append(load)
                told = f"{load.rate:9,.0f}/s  p50 {load.p50:7.2f}  p99 {load.p99:7.2f} ms  {load.cpu:8,.0f} µs"
                self.say(f"  {number}. {name:44} {told}  others {load.others:.0%}")
        self.runs |= runs
        return runs


def ratio(runs: Runs, name: str, other: str) -> float:
    """How many times the rate of `other` that of `name` is: the middle of the rounds' ratios."""
    return statistics.median(a.rate / b.rate if b.rate else 0.0 for a, b in zip(runs[name], runs[other], strict=True))


def work(runs: Runs, name: str, other: str) -> float:
    """How many times the work of the processor for `other` that for `name` is: the middle of the rounds' ratios."""
    return statistics.median(a.cpu / b.cpu for a, b in zip(runs[name], runs[other], strict=True))
