"""Find the newest matches first on SQLite, by words and by all else that very many comments have in common."""

# ruff: noqa: S608 - constants

import sqlite3
from collections.abc import Callable

from alembic import op

revision = "0009"
down_revision = "0008"

DIGITS = "'0123456789abcdef'"
FIELDS = ("name", "website", "body", "reasons", "place")
TOGETHER = 16  # comments go into the index at once: a sixth of the work that each by itself would be
LINKS = 20  # of a comment are told apart
COLUMNS = ", ".join(FIELDS)
ADD = f"INSERT INTO comment_search (rowid, {COLUMNS}) SELECT number, {COLUMNS} FROM comment_search_text"
OWN = "FROM comment_search_row WHERE site_id = {0}.site_id AND comment_id = {0}.id"

Run = Callable[[str], object]


def upgrade() -> None:
    """Make the index of SQLite anew. That of PostgreSQL knows no order, and stays."""
    if op.get_bind().dialect.name != "sqlite":
        return
    run = op.get_bind().exec_driver_sql
    for trigger in ("added", "changed", "removed"):
        run(f"DROP TRIGGER comment_search_{trigger}")
    run("DROP TABLE comment_search")
    run("DROP TABLE comment_search_row")
    run("DROP INDEX search_links")
    _number(run)
    _index(run)
    _keep(run)


def _number(run: Run) -> None:
    """Give each comment a number that stays (VACUUM may change a rowid) and is the greater the newer it is."""
    run(
        "CREATE TABLE comment_search_row (number INTEGER PRIMARY KEY, site_id VARCHAR(64) NOT NULL,"
        " comment_id CHAR(32) NOT NULL, UNIQUE (site_id, comment_id))"
    )
    run(
        "INSERT INTO comment_search_row (number, site_id, comment_id)"
        " SELECT max(own - place) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) + place, site_id, id FROM"
        f" (SELECT site_id, id, {_own('id')} AS own, row_number() OVER (ORDER BY id) AS place FROM comment)"
    )


def _index(run: Run) -> None:
    """FTS5 without a copy of the texts, and those few comments of which it does not know all yet.

    Whatever recreates the table `comment` has to drop the view before, and to make it and the triggers again.
    """
    run(
        f"CREATE VIEW comment_search_text AS SELECT number, name, website, body, reasons, {_place('comment')} AS place"
        " FROM comment_search_row JOIN comment ON comment.site_id = comment_search_row.site_id AND id = comment_id"
    )
    run(
        f"CREATE VIRTUAL TABLE comment_search USING fts5({COLUMNS}, content='', columnsize=0,"
        " tokenize='unicode61 remove_diacritics 0')"
    )
    if sqlite3.sqlite_version_info >= (3, 42):
        run("INSERT INTO comment_search(comment_search, rank) VALUES ('secure-delete', 1)")
    run(f"{ADD} ORDER BY number")
    run("CREATE TABLE comment_search_new (number INTEGER PRIMARY KEY, place TEXT)")


def _keep(run: Run) -> None:
    """Follow what is written to `comment`: whoever writes need not know of the index.

    What comes or is decided on waits until there are some. Of what the index has already, the table of those keeps the
    place that it has there: a row leaves FTS5 by being told word by word. Texts that change leave it at once.
    """
    changed = f"({_texts('old')}) IS NOT ({_texts('new')})"
    remember = (
        "INSERT INTO comment_search_row (number, site_id, comment_id)"
        f" VALUES ({_free(_own('new.id'))}, new.site_id, new.id);"
    )
    remove = (
        f"INSERT INTO comment_search (comment_search, rowid, {COLUMNS})"
        f" SELECT 'delete', row.number, {_texts('old')}, coalesce(waiting.place, {_place('old')})"
        f" FROM comment_search_row AS row LEFT JOIN comment_search_new AS waiting USING (number)"
        " WHERE site_id = old.site_id AND comment_id = old.id AND (waiting.number IS NULL OR place IS NOT NULL)"
    )
    index = (
        f"INSERT INTO comment_search (comment_search, rowid, {COLUMNS})"
        f" SELECT 'delete', number, {_texts('text')}, waiting.place FROM comment_search_new AS waiting"
        " JOIN comment_search_text AS text USING (number) WHERE waiting.place IS NOT NULL ORDER BY number;"
        f" {ADD} WHERE number IN (SELECT number FROM comment_search_new) ORDER BY number;"
        " DELETE FROM comment_search_new;"
    )
    own = f"number = (SELECT number {OWN.format('old')})"
    forget = f"DELETE FROM comment_search_new WHERE {own}; DELETE {OWN.format('old')};"
    was = f"CASE WHEN {changed} THEN NULL ELSE {_place('old')} END"
    run(f"CREATE TRIGGER comment_search_added AFTER INSERT ON comment BEGIN {remember} {_wait('NULL', 'new')} END")
    run(
        "CREATE TRIGGER comment_search_changed"
        " AFTER UPDATE OF name, website, body, reasons, html, status, thread_id ON comment"
        f" BEGIN {remove} AND {changed}; {_wait(was, 'old')}"
        f" UPDATE comment_search_new SET place = NULL WHERE {own} AND {changed}; END"
    )
    run(f"CREATE TRIGGER comment_search_removed AFTER DELETE ON comment BEGIN {remove}; {forget} END")
    run(
        "CREATE TRIGGER comment_search_together AFTER INSERT ON comment_search_new"
        f" WHEN (SELECT count(*) FROM comment_search_new) >= {TOGETHER} BEGIN {index} END"
    )


def _wait(place: str, comment: str) -> str:
    return f"INSERT OR IGNORE INTO comment_search_new (number, place) SELECT number, {place} {OWN.format(comment)};"


def _texts(comment: str) -> str:
    return ", ".join(f"{comment}.{field}" for field in FIELDS[:-1])


def _own(comment_id: str) -> str:
    """The first number that a comment may have: the milliseconds that its id begins with, each with room for 1,024."""
    digits = (f"((instr({DIGITS}, substr({comment_id}, {at + 1}, 1)) - 1) << {54 - 4 * at})" for at in range(12))
    return f"({' + '.join(digits)})"


def _free(own: str) -> str:
    """The first number from `own` on that no comment has."""
    taken = "SELECT 1 FROM comment_search_row AS other WHERE other.number = "
    gap = (
        f"SELECT row.number + 1 FROM comment_search_row AS row WHERE row.number >= {own}"
        f" AND NOT EXISTS ({taken}row.number + 1) ORDER BY row.number LIMIT 1"
    )
    return f"CASE WHEN EXISTS ({taken}{own}) THEN ({gap}) ELSE {own} END"


def _place(comment: str) -> str:
    """What else a comment is found by, as words: its site, its status, its thread, and one for each of its links."""
    words = "".join(f" link{number:02}" for number in range(1, LINKS + 1))
    links = f"substr('{words}', 1, {len(words) // LINKS} * {comment}.search_link_count)"
    return f"hex({comment}.site_id) || ' ' || {comment}.status || ' ' || {comment}.thread_id || {links}"
