"""Words in PostgreSQL's index, which finds few at once, but of many not the newest first."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from ..comments.models import Comment
from ..extensions import db
from .selection import Found, Wanted, with_links
from .terms import TEXT, Term

NEAR = 10_000  # of the newest are looked at one by one: among these, what is common is met, and counted
COMMON = 50
WEIGHTS = {"name": "A", "website": "B", "body": "C", "reasons": "D"}

_COLUMNS: dict[str, Any] = {
    **{name: getattr(Comment, name) for name in ("id", *TEXT)},
    "search_words": sa.column("search_words", _selectable=Comment.__table__),
    "search_link_count": sa.column("search_link_count", sa.Integer, _selectable=Comment.__table__),
}
# Compiling a statement takes longer than any of these runs, and none is for reading the whole table.
_HINTS = sa.select(sa.func.set_config("jit", "off", True), sa.func.set_config("enable_seqscan", "off", True))


def newest(wanted: Wanted, most: int, enough: int | None) -> Found:
    """The newest that are wanted, `most` at most; as soon as `enough` are found, the others need not be."""
    selection = wanted.selection()
    checks = _checks(wanted, _COLUMNS)
    db.session.execute(_HINTS)
    if checks and not selection.few:
        met = _met(wanted, most, enough)
        if met:
            return met
        selection = replace(selection, few=True)
    return _found(selection.where(*checks).newest(Comment.id, most=most + 1), most)


def _met(wanted: Wanted, most: int, enough: int | None) -> Found | None:
    """Those that are met in order if they are that common, or there is not much to go through."""
    kept, common = wanted.kept, enough or COMMON
    if kept > NEAR:
        near = _found(_among(NEAR, wanted, most, max(NEAR // len(wanted.sites), common)), most)
        if len(near.ids) < common:
            return None
        if enough:
            return replace(near, more=True)
    return _found(_among(kept, wanted, most), most)


def _found(ids: sa.Select[Any], most: int) -> Found:
    return Found.of(db.session.scalars(ids).all(), most)


def _among(number: int, wanted: Wanted, most: int, of_one: int | None = None) -> sa.Select[Any]:
    """The newest that are wanted of the newest `number` that are of their sites and status."""
    some = wanted.selection().newest(*_COLUMNS.values(), most=number, of_one=of_one).subquery()
    return sa.select(some.c.id).where(*_checks(wanted, some.c)).order_by(some.c.id.desc()).limit(most + 1)


def _checks(wanted: Wanted, columns: Any) -> list[sa.ColumnElement[bool]]:
    """What the `columns` of a comment have to meet: its words, and its links."""
    found = [term.as_written(columns) for term in wanted.literal]
    found += with_links(wanted.search, columns["search_link_count"])
    return [_matches(columns["search_words"], wanted.indexed), *found] if wanted.indexed else found


def _matches(words: sa.ColumnElement[Any], terms: list[Term]) -> sa.ColumnElement[bool]:
    wanted = " & ".join(
        f"'{term.words}':{'*' * term.prefix}{''.join(WEIGHTS[name] for name in term.fields)}" for term in terms
    )
    return words.bool_op("@@")(sa.func.to_tsquery(sa.text("'simple'"), wanted))
