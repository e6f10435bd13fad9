"""The table, as text and as Markdown."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from .figures import Figure

BEGIN, END = "<!-- {}: begin -->", "<!-- {}: end -->"


def shown(value: float, unit: str) -> str:
    """A value with as many digits as mean something."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}" + (" " if unit != "/s" else "") + unit


def bar(figure: Figure) -> str:
    """The figure's bar in words."""
    if figure.bar is None:
        return ""
    text = f"{figure.bar:,g} {figure.unit}" if figure.unit != "/s" else f"{figure.bar:,g}/s"
    return f"{'at most' if figure.small else 'at least'} {text}"


def verdict(figure: Figure) -> str:
    """Whether it clears its bar."""
    if figure.bar is None:
        return ""
    return "yes" if figure.passes() else "**no**"


def text(figures: Iterable[Figure]) -> str:
    """The table for a terminal."""
    lines = []
    for group, some in groupby(figures, key=lambda figure: figure.group):
        lines += ["", group]
        for each in some:
            kept = verdict(each).strip("*")
            lines.append(f"  {each.name:58} {shown(each.value, each.unit):>12}  {bar(each):18} {kept:4} {each.note}")
    return "\n".join([*lines, ""])


def markdown(figures: Sequence[Figure]) -> str:
    """The table for a page."""
    lines = ["| | figure | bar | kept | |", "| --- | --- | --- | --- | --- |"]
    for group, some in groupby(figures, key=lambda figure: figure.group):
        lines.append(f"| **{group}** | | | | |")
        lines += [
            f"| {each.name} | {shown(each.value, each.unit)} | {bar(each)} | {verdict(each)} | {each.note} |"
            for each in some
        ]
    return "\n".join([*lines, ""])


def write(page: Path, part: str, made: str) -> None:
    """Put `made` between the markers of `part` on `page`."""
    begin, end = BEGIN.format(part), END.format(part)
    before, _, rest = page.read_text("utf-8").partition(begin)
    after = rest.partition(end)[2]
    page.write_text(f"{before}{begin}\n{made}{end}{after}", "utf-8")
