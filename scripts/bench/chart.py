"""A bar chart as plain SVG, light or dark as the reader's system is."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LEFT, RIGHT, ROW, TOP, GAP = 760, 250, 90, 30, 34, 26
STYLE = """
  text { font: 14px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .bar { fill: #9aa4b2 }
  .bar.own { fill: #0b6bcb }
  .paper { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .bar { fill: #5b6675 }
    .bar.own { fill: #58a6ff }
    .paper { fill: #0d1117 }
  }
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One bar."""

    name: str
    value: float
    own: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars that share a scale which begins at zero."""

    title: str
    rows: Sequence[Row]


def svg(panels: Sequence[Panel], summary: str) -> str:
    """The chart; `summary` is what it says, for those who do not see it."""
    parts, y = [], GAP
    for panel in panels:
        parts.append(_panel(panel, y))
        y += TOP + ROW * len(panel.rows) + GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" '
        f'role="img" aria-label="{escape(summary)}">\n<title>{escape(summary)}</title>\n<style>{STYLE}</style>\n'
        f'<rect class="paper" width="{WIDTH}" height="{y}"/>\n'
    )
    return head + "".join(parts) + "</svg>\n"


def _panel(panel: Panel, y: int) -> str:
    most = max(row.value for row in panel.rows) or 1.0
    lines = [f'<text class="title" x="20" y="{y + 10}">{escape(panel.title)}</text>\n']
    for number, row in enumerate(panel.rows):
        lines.append(_row(row, most, y + TOP + number * ROW))
    return "".join(lines)


def _row(row: Row, most: float, y: int) -> str:
    long = max(1.0, (WIDTH - LEFT - RIGHT) * row.value / most)
    kind = "bar own" if row.own else "bar"
    digits = 0 if row.value >= 10 else 1
    return (
        f'<text x="{LEFT - 10}" y="{y + 5}" text-anchor="end">{escape(row.name)}</text>\n'
        f'<rect class="{kind}" x="{LEFT}" y="{y - 9}" width="{long:.1f}" height="18" rx="2"/>\n'
        f'<text x="{LEFT + long + 8:.1f}" y="{y + 5}">{row.value:,.{digits}f}</text>\n'
    )
