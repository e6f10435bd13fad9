"""Search comments by an index, seal the log, and list whom moderators trust and block."""

import sqlite3

import sqlalchemy as sa
from alembic import op

from comments_service.moderation import sealing

revision = "0003"
down_revision = "0002"

# What PostgreSQL would read as parts of an address or of a number are ends of words, as they are to SQLite.
SIGNS = "".join(chr(code) for code in range(33, 127) if not chr(code).isalnum())
LINKS = "(length(html) - length(replace(html, '<a ', ''))) / 3"
FIELDS = ("name", "website", "body", "reasons")  # weights A to D


def upgrade() -> None:
    _lists()
    _log()
    if op.get_bind().dialect.name == "sqlite":
        _search_sqlite()
    else:
        _search_postgresql()
    # Beginning with what every query names, so that comments with links are found newest first.
    op.execute(
        "CREATE INDEX search_links ON comment (site_id, status, id, search_link_count) WHERE search_link_count > 0"
    )


def _lists() -> None:
    op.create_table(
        "listed",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("shown", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_listed_site")),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_listed")),
        sa.UniqueConstraint("site_id", "kind", "key", name=op.f("uq_listed_site_id_kind_key")),
    )


def _log() -> None:
    """Let changes name their part of an event, and seal the events that are there."""
    op.add_column("change", sa.Column("part", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("event", sa.Column("listed", sa.Text(), nullable=True))
    op.create_table(
        "seal",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["site_id", "event_id"], ["event.site_id", "event.id"], name=op.f("fk_seal_event")),
        sa.PrimaryKeyConstraint("site_id", "number", name=op.f("pk_seal")),
        sa.UniqueConstraint("site_id", "event_id", "part", name=op.f("uq_seal_site_id_event_id_part")),
    )
    sealing.seal_all(op.get_bind())


def _search_sqlite() -> None:
    """FTS5 without a copy of the texts.

    A comment has no number of its own that stays (VACUUM may change a rowid), so it is given one. Whatever recreates
    the table `comment` has to make the triggers again.
    """
    run = op.get_bind().exec_driver_sql
    run(f"ALTER TABLE comment ADD COLUMN search_link_count INTEGER GENERATED ALWAYS AS ({LINKS}) VIRTUAL")
    run(
        "CREATE TABLE comment_search_row (number INTEGER PRIMARY KEY, site_id VARCHAR(64) NOT NULL,"
        " comment_id CHAR(32) NOT NULL, UNIQUE (site_id, comment_id))"
    )
    columns = ", ".join(FIELDS)
    run(
        f"CREATE VIRTUAL TABLE comment_search USING fts5({columns}, content='', columnsize=0,"
        " tokenize='unicode61 remove_diacritics 0')"
    )
    if sqlite3.sqlite_version_info >= (3, 42):
        run("INSERT INTO comment_search(comment_search, rank) VALUES ('secure-delete', 1)")
    run("INSERT INTO comment_search_row (site_id, comment_id) SELECT site_id, id FROM comment ORDER BY id")
    run(
        f"INSERT INTO comment_search (rowid, {columns}) SELECT number, {columns} FROM comment_search_row"  # noqa: S608 - constants
        " JOIN comment ON comment.site_id = comment_search_row.site_id AND comment.id = comment_id ORDER BY number"
    )
    number = "(SELECT number FROM comment_search_row WHERE site_id = {0}.site_id AND comment_id = {0}.id)"
    new = ", ".join(f"new.{field}" for field in FIELDS)
    old = ", ".join(f"old.{field}" for field in FIELDS)
    add = f"INSERT INTO comment_search (rowid, {columns}) VALUES ({number.format('new')}, {new});"  # noqa: S608
    remove = (
        f"INSERT INTO comment_search (comment_search, rowid, {columns})"  # noqa: S608
        f" VALUES ('delete', {number.format('old')}, {old});"
    )
    remember = "INSERT INTO comment_search_row (site_id, comment_id) VALUES (new.site_id, new.id);"
    forget = "DELETE FROM comment_search_row WHERE site_id = old.site_id AND comment_id = old.id;"
    run(f"CREATE TRIGGER comment_search_added AFTER INSERT ON comment BEGIN {remember} {add} END")
    run(f"CREATE TRIGGER comment_search_changed AFTER UPDATE OF {columns} ON comment BEGIN {remove} {add} END")
    run(f"CREATE TRIGGER comment_search_removed AFTER DELETE ON comment BEGIN {remove} {forget} END")


def _search_postgresql() -> None:
    signs, spaces = SIGNS.replace("'", "''").replace(":", "\\:"), " " * len(SIGNS)
    words = " || ".join(
        f"setweight(to_tsvector('simple'::regconfig, translate({field}, '{signs}', '{spaces}')), '{weight}')"
        for field, weight in zip(FIELDS, "ABCD", strict=True)
    )
    op.execute(
        sa.text(
            f"ALTER TABLE comment ADD COLUMN search_words tsvector GENERATED ALWAYS AS ({words}) STORED,"
            f" ADD COLUMN search_link_count integer GENERATED ALWAYS AS ({LINKS}) STORED"
        )
    )
    op.execute("CREATE INDEX search_words ON comment USING gin (search_words)")
