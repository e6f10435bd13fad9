"""Words in comments, found by an index: SQLite's FTS5 or PostgreSQL's text search, which find the same.

A word is a run of letters and digits, whatever its case. The indexes are kept by the database itself (see the
migration that makes them), so whoever writes a comment need not know of them.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from ..comments.models import Comment
from ..extensions import db

TEXT = ("name", "website", "body")
# Weights of the words in PostgreSQL's index, columns of SQLite's; the reasons are there to be found by check.
WEIGHTS = {"name": "A", "website": "B", "body": "C", "reasons": "D"}
# A search that finds more than this goes through the comments in order instead, for it meets matches often.
MANY = 20_000
MOST = 100_000  # of so many, no list is made: each comment is looked up

link_count: sa.ColumnElement[int] = sa.column("search_link_count", sa.Integer, _selectable=Comment.__table__)

_INDEX = sa.table("comment_search", sa.column("rowid", sa.Integer))
_ROW = sa.table(
    "comment_search_row",
    sa.column("number", sa.Integer),
    sa.column("site_id", sa.String),
    sa.column("comment_id", sa.Uuid),
)
_WORD = re.compile(r"[^\W_]")
_PLAIN = re.compile(r"[^\W_]+\*?")
# Scripts without spaces between words: neither index knows where a word begins.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_SIGNS = str.maketrans({chr(code): " " for code in range(33, 127) if not chr(code).isalnum()})


@dataclass(frozen=True, slots=True)
class Term:
    """Words in a row, in one of `fields`; with `prefix`, the last one may go on."""

    text: str
    fields: tuple[str, ...] = TEXT
    prefix: bool = False

    @property
    def indexed(self) -> bool:
        """Whether the index can find it."""
        return bool(_WORD.search(self.text)) and not _UNSPACED.search(self.text)

    @property
    def checks(self) -> bool:
        """Whether it is looked for among the reasons, whose signs are JSON's and tell nothing."""
        return self.fields == ("reasons",)

    @property
    def literal(self) -> bool:
        """Whether it is looked for as written, too: an index knows of letters and digits only."""
        if not self.indexed:
            return True
        return not self.checks and self.text.isascii() and not all(map(_PLAIN.fullmatch, self.text.split()))


def conditions(terms: tuple[Term, ...], *, all_of_them: bool = False) -> list[sa.ColumnElement[bool]]:
    """What a comment has to meet to have all of `terms`; whether all are wanted that do, or the first in some order."""
    found = [_literally(term) for term in terms if term.literal]
    indexed = [term for term in terms if term.indexed]
    if not indexed:
        return found
    if db.engine.dialect.name == "postgresql":
        return [_postgresql(indexed), *found]
    return [_sqlite(indexed, all_of_them), *found]


def count(terms: tuple[Term, ...], site_ids: Collection[str] | None, limit: int) -> int | None:
    """How many comments of these sites, or of all, have `terms`, up to `limit`; None if the index cannot tell."""
    if db.engine.dialect.name != "sqlite" or not terms or any(term.literal for term in terms):
        return None
    some = sa.select(_INDEX.c.rowid).where(_matches(list(terms)))
    if site_ids is not None:
        site = sa.func.coalesce(_ROW.c.site_id, "")  # no index of it: the words shall come first
        some = some.join(_ROW, _ROW.c.number == _INDEX.c.rowid).where(site.in_(site_ids))
    return db.session.scalar(sa.select(sa.func.count()).select_from(some.limit(limit).subquery())) or 0


def _literally(term: Term) -> sa.ColumnElement[bool]:
    columns = [getattr(Comment, name) for name in term.fields]
    return sa.or_(*(column.icontains(term.text, autoescape=True) for column in columns))


def _postgresql(terms: list[Term]) -> sa.ColumnElement[bool]:
    wanted = " & ".join(
        f"'{term.text.translate(_SIGNS)}':{'*' * term.prefix}{''.join(WEIGHTS[name] for name in term.fields)}"
        for term in terms
    )
    words: sa.ColumnElement[str] = sa.column("search_words", _selectable=Comment.__table__)
    return words.bool_op("@@")(sa.func.to_tsquery(sa.text("'simple'"), wanted))


def _sqlite(terms: list[Term], all_of_them: bool) -> sa.ColumnElement[bool]:
    matches = _matches(terms)
    some = sa.select(_INDEX.c.rowid).where(matches).limit(MOST + 1).subquery()
    hits = db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
    numbers = sa.select(_INDEX.c.rowid).where(matches)
    if hits <= MANY:
        ids = sa.select(_ROW.c.comment_id).where(_ROW.c.number.in_(numbers))
        return Comment.id.in_(ids)
    number = sa.select(_ROW.c.number).where(_ROW.c.site_id == Comment.site_id, _ROW.c.comment_id == Comment.id)
    own = number.correlate(Comment).scalar_subquery()
    # The beginning of a word is put together from all its words for each look, so that one look has to do.
    if hits <= MOST or all_of_them or any(term.prefix for term in terms):
        return own.in_(numbers)
    return numbers.where(_INDEX.c.rowid == own).correlate(Comment).exists()


def _matches(terms: list[Term]) -> sa.ColumnElement[bool]:
    wanted = " AND ".join(
        f'({{{" ".join(term.fields)}}} : "{term.text.translate(_SIGNS)}"{" *" * term.prefix})' for term in terms
    )
    return sa.literal_column("comment_search").bool_op("MATCH")(wanted)
