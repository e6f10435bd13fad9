"""Run the benchmark: `python -m scripts.bench` (or `make bench`), needs wrk."""

import argparse
import shlex
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from . import chart, footprint, guard, mixed, peers, reads, report, scale, uncached, writes, wrk
from .content import Content, content
from .figures import Bench, Figure
from .load import median
from .machine import description, go_first
from .services import isso
from .services.base import Service
from .services.ours import Ours
from .services.process import ROOT
from .services.remark42 import Remark42

STORED = 24_000
PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "pictures" / "performance.svg"
GROUPS = ("footprint", "reads", "uncached", "peers", "mixed", "writes")  # those that write come late
AT_SCALE = ("scale", "searching")
ALL = (*GROUPS, *AT_SCALE, "guard")
FULL, QUICK = (4.0, 5), (1.0, 3)  # seconds a load, rounds


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the service, each figure beside its bar.")
    parser.add_argument("--quick", action="store_true", help="short, without peers; only ratios can fail")
    parser.add_argument("--million", action="store_true", help="also with 1,000,000 comments stored")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the million in FOLDER for the next run")
    parser.add_argument("--only", action="append", choices=ALL, help="one kind of measurement; may be repeated")
    parser.add_argument("--no-isso", action="store_true", help="leave Isso out")
    parser.add_argument("--remark42", type=Path, metavar="BINARY", help="measure this Remark42 too")
    parser.add_argument("--seconds", type=float, help="how long each load lasts")
    parser.add_argument("--rounds", type=int, help="how often each load is run; the middle counts")
    parser.add_argument("--slack", type=float, default=0.0, help="the share by which a figure may miss its bar")
    parser.add_argument("--priority", action="store_true", help="go before other programs of this machine (root)")
    parser.add_argument("--write", action="store_true", help=f"put table and chart into {PAGE.relative_to(ROOT)}")
    given = parser.parse_args()
    if given.write and (given.quick or set(given.only or ()) - set(AT_SCALE)):
        parser.error("a page is written from a whole run, or from one at scale")
    if given.keep:
        given.keep = given.keep.resolve()
        given.keep.mkdir(parents=True, exist_ok=True)
    return given


def main() -> int:
    """Measure, print, perhaps write; 1 when a figure misses its bar."""
    given = arguments()
    if not wrk.available():
        say("wrk is needed: apt-get install wrk")
        return 2
    if given.priority:
        go_first()
    seconds, rounds = QUICK if given.quick else FULL
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(Path(folder), given.seconds or seconds, given.rounds or rounds, chosen_peers(given), say)
        figures = run(bench, given)
    sys.stdout.write(report.text(figures))
    sys.stdout.write(f"\n{circumstances(bench)}\n")
    if given.write:
        write(bench, figures)
    judged = [figure for figure in figures if figure.is_ratio or not given.quick]
    return 0 if all(figure.passes(given.slack) for figure in judged) else 1


def say(line: str) -> None:
    """Tell how it goes, beside the result."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def chosen_peers(given: argparse.Namespace) -> list[Service]:
    """The services to be measured beside ours."""
    peers: list[Service] = []
    if set(given.only or GROUPS) <= set(AT_SCALE):
        return peers
    if not given.quick and not given.no_isso:
        if isso.installed():
            peers.append(isso.Isso())
        else:
            say("Isso could not be installed and is left out.")
    return [*peers, Remark42(given.remark42.resolve())] if given.remark42 else peers


def run(bench: Bench, given: argparse.Namespace) -> list[Figure]:
    """Fill the services, then measure what is asked for."""
    stored = guard.COMMENTS if wanted(bench, given) == {"guard"} else STORED
    ours, others = content(stored, crowd=True), content(stored - 3_656)
    if wanted(bench, given) - set(AT_SCALE):
        say(f"filling {ours.total:,} comments in")
        Ours().fill(bench.folder / "ours", ours)
        for peer in bench.peers:
            peer.fill(bench.folder / peer.name, others)
    figures: list[Figure] = []
    for name, measure in measurements(bench, ours, given.keep).items():
        if name in wanted(bench, given):
            say(f"{name}:")
            figures += measure()
    return figures


def wanted(bench: Bench, given: argparse.Namespace) -> set[str]:
    """The kinds of measurement asked for and possible."""
    chosen = set(given.only or GROUPS) | ({"scale"} if given.million else set())
    return chosen if bench.peers else chosen - {"peers"}


def measurements(bench: Bench, filled: Content, keep: Path | None) -> dict[str, Callable[[], Sequence[Figure]]]:
    """The kinds of measurement by name."""
    return {
        "footprint": lambda: footprint.figures(bench, filled),
        "reads": lambda: reads.figures(bench, filled),
        "uncached": lambda: uncached.figures(bench),
        "peers": lambda: peers.figures(bench),
        "mixed": lambda: mixed.figures(bench),
        "writes": lambda: writes.figures(bench, filled),
        "guard": lambda: guard.figures(bench, filled),
        "scale": lambda: scale.figures(bench, keep),
        "searching": lambda: scale.searches(bench, keep),
    }


def circumstances(bench: Bench) -> str:
    """Where, when and how it was measured."""
    loads = [load for runs in bench.runs.values() for load in runs]
    others = f"{median(loads).others:.0%}" if loads else "nothing"
    most = f"{max((load.others for load in loads), default=0):.0%}"
    command = shlex.join(["sh", "scripts/dev.sh", "bench", *sys.argv[1:]])
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `{command}`: "
        f"{description()}. Load generators ran on the same machine. The middle of {bench.rounds} rounds of "
        f"{bench.seconds:g} s each; other programs took {others} of the machine during the middle load and {most} "
        "during the worst."
    )


def write(bench: Bench, figures: list[Figure]) -> None:
    """Put the tables and the chart where the documentation shows them."""
    tables: dict[str, list[Figure]] = {}
    for figure in figures:
        tables.setdefault(figure.table, []).append(figure)
    for table, some in tables.items():
        report.write(PAGE, table, f"{report.markdown(some)}\n{circumstances(bench)}\n")
    if "figures" not in tables:
        return
    panels = [
        panel("Reads of a thread of 100 comments, per second", bench, ", reads"),
        panel("Comments stored durably, per second (16 connections)", bench, ", submissions at 16"),
    ]
    summary = "Bar chart of reads and submissions a second; the table on this page has the numbers."
    PICTURE.write_text(chart.svg([each for each in panels if each.rows], summary), "utf-8")


def panel(title: str, bench: Bench, ending: str) -> chart.Panel:
    """One bar for each service that was measured in loads whose names end so."""
    rows = [
        chart.Row(name.removesuffix(ending), median(runs).rate, own=name.startswith(Ours.name))
        for name, runs in bench.runs.items()
        if name.endswith(ending)
    ]
    return chart.Panel(title, sorted(rows, key=lambda row: -row.value))


if __name__ == "__main__":
    raise SystemExit(main())
