"""The table of what the widget costs, as docs/embed.md shows it: our figures as measured, others' as they were found."""

from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "embed.md"
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"
MOST_BROTLI = 6_144
MOST_GZIP = 7_168
MOST_REQUESTS = 2
# Milliseconds on the thread's own clock, which other work on the machine does not move much.
MOST_SCRIPT = 12
# Scripts and styles that show a thread and its form, measured in November 2026.
OTHERS = (
    ("Cusdis (2026-07)", 9_447, "3 files, 1 API, an iframe", "0.040"),
    ("DisqusJS 3.2.1", 13_123, "2 files, Disqus's API", "-"),
    ("Commento++ (2022-10)", 14_993, "-", "-"),
    ("utterances", 15_511, "-", "-"),
    ("Isso 0.14.0", 18_546, "4, one after another", "0.161"),
    ("Comentario 3 (2025-06)", 29_995, "6 or more, with fonts", "0.042"),
    ("Artalk 2.9.1", 47_068, "6, one of them a third party's", "0.270"),
    ("Remark42 (2026-08)", 55_863, "7, an iframe", "0.031"),
    ("Waline 3.13.0", 67_932, "2 files, 1 API", "0.052"),
    ("Twikoo 1.7.9", 120_904, "-", "-"),
    ("Gitalk 1.8.0", 126_586, "-", "-"),
)


@dataclass(frozen=True)
class Size:
    """What the script weighs, in bytes."""

    brotli: int
    gzip: int
    raw: int


@dataclass(frozen=True)
class Cost:
    """What a page with 20 comments costs: requests, milliseconds of script, layout shift."""

    requests: int
    script: float
    shift: float


def tables(size: Size, cost: Cost) -> str:
    """Ours beside its limits, then beside the others."""
    return f"""\
| | this widget | limit |
| --- | ---: | ---: |
{size_row(size)}
{requests_row(cost)}
| script time, milliseconds on the thread's own clock | {cost.script:.0f} | {MOST_SCRIPT} |
| layout shift, with the room reserved | {cost.shift:g} | 0 |

The same for others, scripts and styles that show a thread and its form, measured in November 2026. A dash: not measured.

| | brotli bytes | files and API requests for 20 comments | layout shift on a short article |
| --- | ---: | --- | ---: |
{compared_row(size)} 1 file, {cost.requests - 1} API | {cost.shift:g} |
""" + "".join(f"| {name} | {packed:,} | {requests} | {shift} |\n" for name, packed, requests, shift in OTHERS)


def size_row(size: Size) -> str:
    limits = f"{MOST_BROTLI:,} / {MOST_GZIP:,} / -"
    sizes = f"{size.brotli:,} / {size.gzip:,} / {size.raw:,}"
    return f"| `embed.js`, styles inside: brotli / gzip / raw bytes | {sizes} | {limits} |"


def requests_row(cost: Cost) -> str:
    return f"| requests until the comments show | {cost.requests} | {MOST_REQUESTS} |"


def compared_row(size: Size) -> str:
    return f"| **this widget** | **{size.brotli:,}** |"


def write(size: Size, cost: Cost) -> None:
    """Put the tables into the document."""
    before, rest = DOCUMENT.read_text().split(BEGIN)
    DOCUMENT.write_text(f"{before}{BEGIN}{tables(size, cost)}{END}{rest.partition(END)[2]}")
