"""What a load gave: rates, waiting times, and the work of the server behind it."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from . import machine


class BadRun(Exception):
    """A load that was not answered as it should be; its figures would mean nothing."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a load generator saw: how many answers in how many seconds, and two of their waiting times (ms)."""

    number: int
    seconds: float
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Load:
    """`Answers` with the server's work for each, and which part of the machine others took meanwhile."""

    rate: float
    p50: float
    p99: float
    cpu: float  # microseconds of the whole process tree a request
    others: float  # 0 to 1


def measured(process: int, generate: Callable[[], Answers]) -> Load:
    """Run a load against the server `process`."""
    machine_before, server_before, own_before = machine.busy(), machine.cpu_seconds(process), machine.own_seconds()
    answers = generate()
    worked = machine.cpu_seconds(process) - server_before
    whole = machine.busy() - machine_before
    ours = worked + machine.own_seconds() - own_before
    others = max(0.0, whole.worked - ours) / whole.possible if whole.possible else 0.0
    rate, cpu = answers.number / answers.seconds, worked / max(1, answers.number) * 1e6
    return Load(rate, answers.p50, answers.p99, cpu, others)


def median(loads: Sequence[Load]) -> Load:
    """The middle of several runs, value by value."""
    names = ("rate", "p50", "p99", "cpu", "others")
    return Load(*(statistics.median(getattr(load, name) for load in loads) for name in names))
