"""The schema grows by migrations alone, and no row is lost on the way."""

import shutil
import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from postgresql import Cluster

from comments_service import config, create_app, database, migrations
from comments_service.extensions import Base, db

SCRIPTS = ScriptDirectory(str(database.MIGRATIONS))
REVISIONS = [script.revision for script in SCRIPTS.walk_revisions()][::-1]
NEXT = '''
"""Give a site a motto."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{before}"


def upgrade() -> None:
    with op.batch_alter_table("site") as site:
        site.add_column(sa.Column("motto", sa.Text(), nullable=False, server_default="none"))
    op.execute("UPDATE comment SET name = 'Somebody'")
    {then}
'''


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database without any table."""
    if request.config.getoption("database") == "sqlite":
        yield ""
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    with cluster.database() as name:
        yield cluster.address(name)


@pytest.fixture
def empty(settings: config.Settings) -> Iterator[Flask]:
    """The application on a database without any table."""
    app = create_app(settings)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def is_of_search(name: str | None) -> bool:
    """Whether the database itself keeps what is called so, for searching: no model has it."""
    return (name or "").startswith(("search_", "comment_search"))


def is_modelled(name: str | None, *_: object) -> bool:
    return not is_of_search(name)


def tables() -> dict[str, sa.Table]:
    """The tables as they are, but for the one of migrations and what the database keeps for searching."""
    found = sa.MetaData()
    found.reflect(db.engine, only=lambda name, _: name != "alembic_version" and not is_of_search(name))
    return {table.name: table for table in found.sorted_tables}


SOME: tuple[tuple[type[Any], Any], ...] = (
    (sa.DateTime, datetime(2026, 11, 23, 10, tzinfo=UTC)),
    (sa.Date, date(2026, 11, 23)),
    (sa.JSON, ["x"]),
    (sa.LargeBinary, b"x" * 16),
    (sa.Boolean, True),
    (sa.Integer, 1),
    (sa.Float, 1),
    (sa.Uuid, UUID(int=0)),
)


def some(column: sa.Column[Any]) -> Any:
    """A value of the column's type; equal for equal types, so that every row refers to the others."""
    kind = column.type
    for known, value in SOME:
        if isinstance(kind, known):
            return value
    is_id = isinstance(kind, sa.CHAR) and kind.length == 32
    return "0" * 32 if is_id else "approved" if column.name.startswith("status") else "x"


def filled(table: sa.Table) -> dict[str, Any]:
    """A value for each column that is not computed."""
    return {column.name: some(column) for column in table.columns if column.computed is None}


def fill() -> None:
    """Put a row into each table."""
    with database.writing() as connection:
        for table in tables().values():
            connection.execute(table.insert().values(filled(table)))


def add_row(name_of_table: str, **values: Any) -> None:
    """Put another row into a table, with these values and an id of its own."""
    table = tables()[name_of_table]
    values = {"id": UUID(int=1) if isinstance(table.c.id.type, sa.Uuid) else "1" * 32, **values}
    with database.writing() as connection:
        connection.execute(table.insert().values(filled(table) | values))


def rows() -> dict[str, list[dict[str, Any]]]:
    with db.engine.connect() as connection:
        return {
            name: [
                {column: value for column, value in row.items() if not is_of_search(column)}
                for row in connection.execute(table.select()).mappings()
            ]
            for name, table in tables().items()
        }


def revision() -> str | None:
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def to(target: str) -> None:
    """Upgrade as far as `target`."""
    with database.writing() as connection:
        migrations.run(connection, database.MIGRATIONS, target)


@pytest.fixture
def coming(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A version of the package with one migration more, to be written by the test."""
    folder = tmp_path / "migrations"
    shutil.copytree(database.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(database, "MIGRATIONS", folder)
    return folder / "versions" / "9999_next.py"


# From nothing


def test_there_is_one_line_of_migrations() -> None:
    assert len(SCRIPTS.get_heads()) == len(SCRIPTS.get_bases()) == 1
    assert all(not script.is_branch_point and not script.is_merge_point for script in SCRIPTS.walk_revisions())


def test_every_migration_says_what_it_does() -> None:
    assert all(Path(script.path).name.startswith(f"{script.revision}_") for script in SCRIPTS.walk_revisions())
    assert all(script.doc.strip().endswith(".") for script in SCRIPTS.walk_revisions())


def test_from_nothing_to_exactly_the_models(empty: Flask) -> None:
    assert not database.is_current()
    database.upgrade()
    assert database.is_current()
    assert set(tables()) == set(Base.metadata.tables)
    with db.engine.connect() as connection:
        looked_at = {"compare_type": True, "compare_server_default": True, "include_name": is_modelled}
        context = MigrationContext.configure(connection, opts=looked_at)
        assert compare_metadata(context, Base.metadata) == []


def test_a_model_that_no_migration_made_would_be_seen(empty: Flask) -> None:
    """Else the test above would prove nothing."""
    database.upgrade()
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE site DROP COLUMN revision")
        connection.exec_driver_sql("CREATE INDEX extra ON comment (name)")
        context = MigrationContext.configure(connection, opts={"include_name": is_modelled})
        differences = compare_metadata(context, Base.metadata)
    assert sorted(difference[0] for difference in differences) == ["add_column", "remove_index"]


def test_the_constraints_are_those_of_the_models(empty: Flask) -> None:
    """Their names too: a later migration speaks of them."""
    database.upgrade()
    inspector = sa.inspect(db.engine)
    for name, table in Base.metadata.tables.items():
        assert inspector.get_pk_constraint(name)["constrained_columns"] == [c.name for c in table.primary_key]
        unique = {
            c.name: {col.name for col in c.columns} for c in table.constraints if isinstance(c, sa.UniqueConstraint)
        }
        assert {c["name"]: set(c["column_names"]) for c in inspector.get_unique_constraints(name)} == unique
        foreign = {(tuple(c.column_keys), c.referred_table.name) for c in table.foreign_key_constraints}
        found = inspector.get_foreign_keys(name)
        assert {(tuple(c["constrained_columns"]), c["referred_table"]) for c in found} == foreign


def test_an_upgrade_of_what_is_current_changes_nothing(empty: Flask, instance: Path) -> None:
    database.upgrade()
    fill()
    before, files = rows(), sorted(path.name for path in instance.iterdir())
    database.upgrade()
    to("head")
    assert rows() == before
    assert sorted(path.name for path in instance.iterdir()) == files


def test_four_that_start_at_once_make_one_schema(empty: Flask) -> None:
    start = Barrier(4)

    def begin(_: int) -> bool:
        with empty.app_context():
            start.wait(timeout=30)
            database.upgrade()
            return database.is_current()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(begin, range(4))) == [True] * 4
    assert set(tables()) == set(Base.metadata.tables)


# With rows


@pytest.mark.parametrize("earlier", REVISIONS)
def test_an_upgrade_keeps_the_rows_of_every_table(empty: Flask, earlier: str) -> None:
    to(earlier)
    fill()
    before = rows()
    assert all(len(found) == 1 for found in before.values())
    to("head")
    after = rows()
    for name, (row,) in before.items():
        assert row.items() <= after[name][0].items()


def test_comments_that_are_there_already_are_counted_by_their_day_in_utc(empty: Flask) -> None:
    to("0003")
    fill()
    to("0005")
    counted = {"site_id": "x", "status": "approved", "day": date(2026, 11, 23), "part": 0, "number": 1}
    assert rows()["day_count"] == [counted]


def test_who_had_every_site_administers_and_who_had_some_moderates_them(empty: Flask) -> None:
    to("0005")
    fill()  # Noah, with a site, and his program
    add_row("moderator", name="Mia", address_key=b"mia")
    add_row("api_token", id=b"mias", name="robot", sites=[])
    to("0006")
    assert {row["name"]: row["everywhere"] for row in rows()["moderator"]} == {"x": False, "Mia": True}
    assert {row["name"]: row["everywhere"] for row in rows()["api_token"]} == {"x": False, "robot": True}
    assert [row["role"] for row in rows()["site_moderator"]] == ["moderator"]


@pytest.mark.sqlite
def test_an_upgrade_leaves_a_sound_file(empty: Flask) -> None:
    to(REVISIONS[0])
    fill()
    to("head")
    with db.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_the_next_migration_finds_every_row(empty: Flask, coming: Path) -> None:
    database.upgrade()
    fill()
    before = rows()
    coming.write_text(NEXT.format(before=REVISIONS[-1], then="pass"))
    assert not database.is_current()
    database.upgrade()
    assert revision() == "9999"
    after = rows()
    assert after["site"] == [{**before["site"][0], "motto": "none"}]
    assert after["comment"] == [{**before["comment"][0], "name": "Somebody"}]
    assert {name: after[name] for name in after.keys() - {"site", "comment"}} == {
        name: before[name] for name in before.keys() - {"site", "comment"}
    }


@pytest.mark.sqlite
def test_an_upgrade_leaves_a_copy_of_the_file_as_it_was(empty: Flask, coming: Path, instance: Path) -> None:
    database.upgrade()
    fill()
    now = REVISIONS[-1]
    coming.write_text(NEXT.format(before=now, then="pass"))
    database.upgrade()
    (copy,) = instance.glob(f"*.before-{now}")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("SELECT name FROM comment").fetchall() == [("x",)]
        assert old.execute("SELECT version_num FROM alembic_version").fetchall() == [(now,)]


def test_a_migration_that_fails_leaves_everything_as_it_was(empty: Flask, coming: Path) -> None:
    database.upgrade()
    fill()
    before = rows()
    coming.write_text(NEXT.format(before=REVISIONS[-1], then='op.execute("SELECT * FROM nowhere")'))
    with pytest.raises(sa.exc.DBAPIError):
        database.upgrade()
    assert revision() == REVISIONS[-1]
    assert rows() == before


def test_a_schema_of_a_later_version_is_not_called_current(empty: Flask, coming: Path) -> None:
    coming.write_text(NEXT.format(before=REVISIONS[-1], then="pass"))
    database.upgrade()
    coming.unlink()
    assert not database.is_current()


def test_threads_from_before_they_had_days_of_their_own_are_as_they_were(empty: Flask) -> None:
    to("0006")
    fill()
    to("0007")
    (thread,) = rows()["thread"]
    assert (thread["close_after_days"], thread["pinned_id"]) == (None, None)
    assert rows()["thread_alias"] == []
