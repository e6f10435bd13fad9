"""Where the parts of a chart lie: across in percent of its width, so that it fits any screen, down in pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 168  # of the columns
GAP = 1  # between the parts of a column
STEPS = (1, 2, 3, 4, 5, 6, 8)  # round numbers, times a power of ten


@dataclass(frozen=True, slots=True)
class Line:
    """A line across the columns, and the number that it stands for."""

    y: float
    number: int


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a column; `kind` is its place among the parts."""

    kind: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """A column of parts that stand on each other."""

    x: float
    width: float
    blocks: tuple[Block, ...]

    @property
    def end(self) -> float:
        """Where it ends, across."""
        return round(self.x + self.width, 3)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar that lies under its name, a part of it marked."""

    name: str
    number: int
    marked: int | None
    width: float
    marked_width: float

    @property
    def row(self) -> tuple[str, int]:
        """What the table behind the chart says of it."""
        return self.name, self.number


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns side by side, with lines to read them by."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    height: int = HEIGHT


def columns(numbers: Sequence[Sequence[int]]) -> Columns:
    """The columns for `numbers`, of each the parts from the bottom up."""
    top = ceiling(max((sum(parts) for parts in numbers), default=0))
    share = 100 / max(len(numbers), 1)
    made = tuple(
        Column(round(place * share + share * 0.12, 3), round(share * 0.76, 3), _blocks(parts, top))
        for place, parts in enumerate(numbers)
    )
    lines = tuple(Line(round(HEIGHT * (1 - part / 2), 1), round(top * part / 2)) for part in (2, 1))
    return Columns(made, lines)


def bars(parts: Sequence[tuple[str, int, int | None]]) -> list[Bar]:
    """The bars for `parts`: of each its name, its number, and how many of these are marked, if any can be."""
    share = 100 / (max((number for _, number, _ in parts), default=0) or 1)
    return [
        Bar(name, number, marked, round(number * share, 2), round((marked or 0) * share, 2))
        for name, number, marked in parts
    ]


def ceiling(most: int) -> int:
    """A round even number that `most` fits below."""
    scale = 1
    while True:
        for step in STEPS:
            if step * scale >= most and step * scale % 2 == 0:
                return step * scale
        scale *= 10


def _blocks(parts: Sequence[int], top: int) -> tuple[Block, ...]:
    blocks, y = [], float(HEIGHT)
    for kind, number in enumerate(parts):
        height = HEIGHT * number / top
        y -= height
        if number:
            blocks.append(Block(kind, round(y, 2), round(max(height - GAP, 0.75), 2)))
    return tuple(blocks)
