"""Words in SQLite's index FTS5, whose rows are numbered by time, so that it finds the newest first.

It knows of the site, the status, the thread and the links of a comment, too: all of that is looked up at once. A few
comments are not in it yet (see the migration that makes it); they are indexed for the moment of a search.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..columns import made, raw
from ..comments.models import Comment, Status, Thread
from ..extensions import db
from .selection import Found, Selection, Wanted, with_links
from .terms import TEXT, Term

NEAR = 500  # of the newest are looked at one by one for what takes the index long
ROOM = 1_024  # numbers of a millisecond; when more came at once, they take those of the next
AT_ONCE = 16  # comments of a millisecond that may be numbered in another order than that of their ids
LINKS = 20  # of a comment are told apart by the index

_FIELDS = "name, website, body, reasons, place"
_MADE = (
    f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.comment_search_now USING fts5({_FIELDS}, content='', columnsize=0,"
    " tokenize='unicode61 remove_diacritics 0')"
)
_EMPTIED = "INSERT INTO comment_search_now (comment_search_now) VALUES ('delete-all')"
_FILLED = (
    f"INSERT INTO comment_search_now (rowid, {_FIELDS}) SELECT number, {_FIELDS} FROM comment_search_text"  # noqa: S608
    " WHERE number IN (SELECT number FROM comment_search_new)"
)
_INDEX, _NOW = (sa.table(name, sa.column("rowid", sa.Integer)) for name in ("comment_search", "comment_search_now"))
_NEW = sa.table("comment_search_new", sa.column("number", sa.Integer))
_ROW = sa.table(
    "comment_search_row",
    sa.column("number", sa.Integer),
    sa.column("site_id", sa.String),
    sa.column("comment_id", sa.Uuid),
)
_TEXTS = [getattr(Comment, name) for name in TEXT]
_LINKS = sa.column("search_link_count", sa.Integer, _selectable=Comment.__table__)


def newest(wanted: Wanted, most: int, enough: int | None) -> Found:
    """The newest that are wanted, `most` at most; as soon as `enough` are found, the others need not be."""
    if wanted.narrow:
        return Found.of(db.session.scalars(_among_few(wanted).newest(Comment.id, most=most + 1)).all(), most)
    slow = [term for term in wanted.search.terms if term.prefix or term.literal]
    if slow and enough:
        quick = [term for term in wanted.indexed if not term.prefix]
        near = _rows(wanted, quick, _links_beyond(wanted), NEAR, *_TEXTS)
        ids = [row.id for row in near if all(term.stands_in(row) for term in slow)]
        if len(near) < NEAR or len(ids) >= enough:
            return Found(list(map(made, ids[:most])), len(near) == NEAR or len(ids) > most)
    conditions = [term.as_written for term in wanted.literal] + _links_beyond(wanted)
    rows = _rows(wanted, wanted.indexed, conditions, most + 1)
    return Found.of([made(row.id) for row in rows], most)


def _rows(
    wanted: Wanted, terms: Sequence[Term], conditions: Sequence[sa.ColumnElement[bool]], most: int, *columns: Any
) -> list[Any]:
    """The newest rows that are wanted and have `terms`, by the index; with their ids."""
    match = _match(wanted, terms)
    if match is None:
        return []
    found = [
        row
        for index in _indexes()
        for row in db.session.execute(_newest(index, match, wanted, most).where(*conditions).add_columns(*columns))
    ]
    return sorted(found, key=lambda row: row.id, reverse=True)[:most]


def _newest(index: sa.TableClause, match: str, wanted: Wanted, most: int) -> sa.Select[Any]:
    """Those that `match` in one of the indexes, which is gone through first: `+` keeps it from being asked for each."""
    number = index.c.rowid
    of_row = sa.and_(Comment.site_id == _ROW.c.site_id, Comment.id == _ROW.c.comment_id)
    source = index.join(_ROW, _ROW.c.number == sa.literal_column(f"+{index.name}.rowid")).join(Comment, of_row)
    found = sa.select(raw(Comment.id)).select_from(source)
    found = found.where(_matches(index, match), *wanted.conditions, *wanted.about)
    if index is _INDEX:
        found = found.where(number.not_in(sa.select(_NEW.c.number)))
    found = found.where(number >= _number(wanted.first), Comment.id >= wanted.first)
    if wanted.end:
        found = found.where(number < _number(wanted.end) + 2 * ROOM)
    return found.order_by(number.desc()).limit(most + AT_ONCE)


def _number(comment_id: UUID) -> int:
    """The first number that a comment may have (see the migration)."""
    return (comment_id.int >> 80) * ROOM


def _among_few(wanted: Wanted) -> Selection:
    """Those that are wanted among few: each of these is looked up in the index."""
    found = wanted.selection().where(*with_links(wanted.search, _LINKS))
    found = found.where(*(term.as_written for term in wanted.literal))
    if not wanted.indexed:
        return found
    row = sa.select(_ROW.c.number).where(_ROW.c.site_id == Comment.site_id, _ROW.c.comment_id == Comment.id)
    own, match = row.correlate(Comment).scalar_subquery(), " AND ".join(map(_words, wanted.indexed))
    looks = (sa.select(index.c.rowid).where(_matches(index, match), index.c.rowid == own) for index in _indexes())
    return found.where(sa.or_(*(look.correlate(Comment).exists() for look in looks)))


def _indexes() -> list[sa.TableClause]:
    """The index, and when some comments have changed since, one of these made for this moment."""
    if db.session.scalar(sa.select(_NEW.c.number).limit(1)) is None:
        return [_INDEX]
    for statement in (_MADE, _EMPTIED, _FILLED):
        db.session.connection().exec_driver_sql(statement)
    return [_INDEX, _NOW]


def _matches(index: sa.TableClause, match: str) -> sa.ColumnElement[bool]:
    return sa.literal_column(index.name).bool_op("MATCH")(match)


def _match(wanted: Wanted, terms: Sequence[Term]) -> str | None:
    """What to look up: words and all else that the index knows; None when nothing can have it."""
    least, most = wanted.search.least_links, wanted.search.most_links
    places = [] if wanted.everywhere else [[site.encode().hex() for site in wanted.sites]]
    places += [[wanted.status]] if wanted.status else []
    places += [[_link(least)]] if least else []
    places += [_threads(page, wanted) for page in wanted.search.pages]
    if not all(places):
        return None
    parts = [f"place : ({' OR '.join(place)})" for place in places] + list(map(_words, terms))
    found = " AND ".join(parts) or f"place : ({' OR '.join(Status)})"
    return found if most is None or most >= LINKS else f"({found}) NOT place : {_link(most + 1)}"


def _link(number: int) -> str:
    """The word of a comment's `number`th link."""
    return f"link{min(number, LINKS):02}"


def _links_beyond(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    """That the links are as many as is wanted, if that is more than the index knows."""
    beyond = wanted.search.least_links > LINKS or (wanted.search.most_links or 0) >= LINKS
    return with_links(wanted.search, _LINKS) if beyond else []


def _threads(page: str, wanted: Wanted) -> list[str]:
    below = sa.select(Thread.id).where(Thread.site_id.in_(wanted.sites), Thread.page == page)
    return [thread.hex for thread in db.session.scalars(below)]


def _words(term: Term) -> str:
    return f'{{{" ".join(term.fields)}}} : "{term.words}"{" *" * term.prefix}'
