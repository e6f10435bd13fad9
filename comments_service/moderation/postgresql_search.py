"""Words in PostgreSQL's index, which finds few at once, but of many not the newest first."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from ..comments.models import Comment
from ..extensions import db
from .selection import Found, Selection, Wanted, with_links
from .terms import Term

NEAR = 10_000  # of the newest are looked at one by one: among these, what is common is met, and counted
COMMON = 50
WEIGHTS = {"name": "A", "website": "B", "body": "C", "reasons": "D"}

_WORDS: sa.ColumnElement[Any] = sa.column("search_words", _selectable=Comment.__table__)
_LINKS = sa.column("search_link_count", sa.Integer, _selectable=Comment.__table__)
# To compile a statement, or to set others to work, takes longer than any of these runs; none reads the whole table.
_HINTS = sa.select(
    sa.func.set_config("jit", "off", True),
    sa.func.set_config("max_parallel_workers_per_gather", "0", True),
    sa.func.set_config("enable_seqscan", "off", True),
)


def newest(wanted: Wanted, most: int, enough: int | None) -> Found:
    """The newest that are wanted, `most` at most; as soon as `enough` are found, the others need not be."""
    selection = _in_order(wanted)
    checks = _checks(wanted)
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
    met = sa.and_(*_checks(wanted)).label("met")  # not what it is looked for in: that is long, and may be sorted
    some = _in_order(wanted).newest(Comment.id, met, most=number, of_one=of_one).subquery()
    return sa.select(some.c.id).where(some.c.met).order_by(some.c.id.desc()).limit(most + 1)


def _in_order(wanted: Wanted) -> Selection:
    """What an index has in order, the newest first; those with links have indexes of their own."""
    return wanted.selection().where(*(with_links(wanted.search, _LINKS) if wanted.search.least_links else []))


def _checks(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    """What a comment has to meet besides: its words, and that it has no links or few."""
    found = [term.as_written for term in wanted.literal]
    found += [] if wanted.search.least_links else with_links(wanted.search, _LINKS)
    return [_matches(wanted.indexed), *found] if wanted.indexed else found


def _matches(terms: list[Term]) -> sa.ColumnElement[bool]:
    wanted = " & ".join(
        f"'{term.words}':{'*' * term.prefix}{''.join(WEIGHTS[name] for name in term.fields)}" for term in terms
    )
    return _WORDS.bool_op("@@")(sa.func.to_tsquery(sa.text("'simple'"), wanted))
