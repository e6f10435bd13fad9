"""What the checks have to know of what is stored: asked in one statement, for all of them together.

A check that looks something up declares a `Look`, and finds its rows in `Known.seen`. Each statement has a price of its
own, several times what the database needs to answer it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..comments.form import Submission
from ..compiled import Compiled

Row = tuple[str, int]
Seen = Mapping[str, Sequence[Row]]

# For looks that have no text, or no number, to tell.
NOTHING: sa.Label[str] = sa.literal_column("''").label("text")
ONE: sa.Label[int] = sa.literal_column("1").label("number")


@dataclass(frozen=True, slots=True)
class Look:
    """A question about a submission.

    `query` selects a text and a number. Its parameters are the submission's `site_id` and `id` and those that `asked`
    gives, whose names no other look uses; one that is None finds nothing.
    """

    name: str
    query: "sa.Select[str, int] | sa.CompoundSelect[str, int]"
    asked: Callable[[Submission], Mapping[str, Any]] = lambda submission: {}


class Looks:
    """Several looks as one statement."""

    def __init__(self, *looks: Look) -> None:
        self._looks = looks
        self._statement = Compiled(sa.union_all(*(_named(look) for look in looks)))

    def at(self, submission: Submission) -> Seen:
        """The rows that each look finds, by its name."""
        asked: dict[str, Any] = {"site_id": submission.site_id, "id": submission.id}
        for look in self._looks:
            asked.update(look.asked(submission))
        seen: dict[str, list[Row]] = {look.name: [] for look in self._looks}
        for name, text, number in self._statement.plain(asked):
            seen[name].append((text, number))
        return seen


def _named(look: Look) -> "sa.Select[str, str, int]":
    rows = look.query.subquery(look.name)
    text, number = rows.c
    return sa.select(sa.literal_column(f"'{look.name}'"), sa.cast(text, sa.Text), sa.cast(number, sa.Integer))
