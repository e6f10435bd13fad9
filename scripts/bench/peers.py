"""Reads beside other services, the same threads in each."""

from contextlib import ExitStack
from functools import partial

from . import wrk
from .content import BREAD
from .figures import Bench, Figure, ratio
from .load import median
from .machine import memory_megabytes
from .services.base import Service
from .services.ours import Ours
from .wrk import Reads

GROUP = "Beside other services"
BARS = {"Isso": 1_400.0, "Remark42": 2.0}
SLOW_SECONDS = 6  # some answer ten times a second


def figures(bench: Bench) -> list[Figure]:
    """Reads of the thread of 100 comments at 16 connections, and memory after them."""
    seconds = max(bench.seconds, SLOW_SECONDS)
    with ExitStack() as stack:
        running = {each: stack.enter_context(each.start(bench.folder / _folder(each.name))) for each in _all(bench)}
        loads = {
            f"{each.name}, reads": partial(wrk.run, started, Reads([each.thread(BREAD)]), seconds)
            for each, started in running.items()
        }
        runs = bench.in_turn(loads)
        memory = {each.name: memory_megabytes(started.process.pid) for each, started in running.items()}
    found = []
    for peer in bench.peers:
        own, other = f"{Ours.name}, reads", f"{peer.name}, reads"
        rates = f"{median(runs[own]).rate:,.0f}/s to {median(runs[other]).rate:,.0f}/s"
        bar = BARS.get(peer.name)
        found.append(Figure(GROUP, f"cached read, of {peer.name}", ratio(runs, own, other), bar=bar, note=rates))
        found.append(Figure(GROUP, f"memory of {peer.name} after reads", memory[peer.name], "MB"))
    return found


def _all(bench: Bench) -> list[Service]:
    return [Ours(), *bench.peers]


def _folder(name: str) -> str:
    return "ours" if name == Ours.name else name
