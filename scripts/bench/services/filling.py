"""Fill our own tables: a part row by row, then as many copies of it as wanted by the database itself.

A copy is the same talk again, earlier, below pages of its own, by people of its own. While copies are made, what only
makes writing slow is left out: indexes are built at the end, and a file of SQLite is not synced.
"""

import random
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from comments_service import database
from comments_service.comments import markup
from comments_service.comments.counts import PARTS
from comments_service.comments.models import Comment, DayCount, Status, StatusCount, Thread
from comments_service.extensions import Base, db

from ..content import BEGAN, Content, Said

BATCH = 10_000
# A column's value in copy `{k}`: ids begin with the time, so a lower beginning is an earlier comment.
EARLIER = {
    "sqlite": "printf('%04x', {was} - {k}) || substr({c}, 5)",
    "postgresql": "CAST(overlay(CAST({c} AS text) PLACING lpad(to_hex({was} - {k}), 4, '0') FROM 1) AS uuid)",
}
CHANGED = {
    "sqlite": {
        "page": "{c} || '-' || {k}",
        "fingerprint": "randomblob(16)",
        "shape": "randomblob(8)",
        "address_key": "person({c}, {k})",
    },
    "postgresql": {
        "page": "{c} || '-' || {k}",
        "fingerprint": "uuid_send(gen_random_uuid())",
        "shape": "substr(uuid_send(gen_random_uuid()), 9)",
        "address_key": "overlay({c} PLACING int2send(CAST({k} AS int2)) FROM 1)",
    },
}


def fill(content: Content) -> None:
    """Fill a new database."""
    _fill(content)
    database.close()
    if db.engine.dialect.name == "postgresql":
        if content.copies > 1:
            _copy_postgresql(content.copies)
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")  # what its own housekeeping does, some minutes later
    elif content.copies > 1:
        _copy_sqlite(str(db.engine.url.database), content.copies)


@database.transaction
def _fill(content: Content) -> None:
    rendered = [markup.rendered(text) for text in content.texts]
    ids = {page: database.uuid7() for page in content.threads}
    _insert(Thread, (_thread(page, ids[page], content) for page in content.threads))
    numbers: dict[tuple[str, Status, int], int] = {}
    _insert(Comment, _counted(_comments(content, ids, rendered), numbers))
    kept = [
        {"site_id": site, "status": status, "part": part, "number": number * content.copies}
        for (site, status, part), number in numbers.items()
    ]
    _insert(StatusCount, kept)
    _insert(DayCount, (row | {"day": BEGAN.date()} for row in kept))


def _insert(entity: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    left = iter(rows)
    while some := list(islice(left, BATCH)):
        db.session.connection().execute(sa.insert(entity), some)


def _thread(page: str, thread_id: UUID, content: Content) -> dict[str, Any]:
    approved = sum(_status(content, page, said) is Status.APPROVED for said in content.said(page))
    number = {"comment_count": approved, "revision": approved}
    return {"site_id": content.site(page), "id": thread_id, "page": page, "title": page, "created_at": BEGAN, **number}


def _comments(content: Content, threads: dict[str, UUID], rendered: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    for page, thread_id in threads.items():
        known: list[tuple[UUID, UUID]] = []  # id and root of those before
        for said in content.said(page):
            own = database.uuid7()
            parent, root = known[said.parent] if said.parent is not None else (None, own)
            known.append((own, root))
            family = {"site_id": content.site(page), "thread_id": thread_id}
            family |= {"id": own, "parent_id": parent, "root_id": root}
            status = _status(content, page, said)
            reasons = [] if status is Status.APPROVED else content.reasons(said)
            judged = {"status": status, "reasons": msgspec.json.encode(reasons).decode()}
            judged["group_key"] = content.group(said) if status is Status.PENDING else None
            yield family | judged | _written(said) | rendered[said.text]


def _status(content: Content, page: str, said: Said) -> Status:
    if content.waits(page, said):
        return Status.PENDING
    return Status.SPAM if content.is_spam(page, said) else Status.APPROVED


def _written(said: Said) -> dict[str, Any]:
    person = random.Random(said.name).randbytes(16)  # noqa: S311 - stands for a keyed digest
    # Without a network: that is forgotten after a month, and these were written long ago.
    keys = {"address_key": person, "shape": random.randbytes(8)}  # noqa: S311
    website = f"https://home-{said.text}.example/" if said.text % 7 == 0 else ""
    about = {"name": said.name, "website": website, "created_at": said.at}
    return {**about, "fingerprint": random.randbytes(16), **keys}  # noqa: S311


def _counted(rows: Iterable[dict[str, Any]], numbers: dict[tuple[str, Status, int], int]) -> Iterator[dict[str, Any]]:
    for row in rows:
        key = (row["site_id"], row["status"], row["id"].int % PARTS)
        numbers[key] = numbers.get(key, 0) + 1
        yield row


def _copies(entity: type[Base], dialect: str, was: int, copies: int) -> str:
    """The statement that copies the rows of `entity`, `was` being how the times in their ids begin."""
    table = entity.__table__
    changed = CHANGED[dialect] | dict.fromkeys(("id", "thread_id", "root_id", "parent_id"), EARLIER[dialect])
    names = [column.name for column in table.columns]
    values = ", ".join(changed.get(name, "{c}").format(c=name, k="copy.number", was=was) for name in names)
    below = f"SELECT number + 1 FROM copy WHERE number < {copies - 1}"  # noqa: S608 - no one else's words
    return (
        f"WITH RECURSIVE copy (number) AS (SELECT 1 UNION ALL {below}) "  # noqa: S608
        f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values} FROM copy CROSS JOIN {table.name}"
    )


def _copy_sqlite(path: str, copies: int) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        run = connection.execute
        connection.create_function("person", 2, lambda key, k: key[:14] + k.to_bytes(2, "big"), deterministic=True)
        for pragma in ("journal_mode = DELETE", "synchronous = OFF", "cache_size = -1000000", "temp_store = MEMORY"):
            run(f"PRAGMA {pragma}")
        run("BEGIN")
        indexes = run("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
        for name, _ in indexes:
            run(f"DROP INDEX {name}")
        was = int(run("SELECT substr(id, 1, 4) FROM comment").fetchone()[0], 16)
        for entity in (Thread, Comment):
            run(_copies(entity, "sqlite", was, copies))
        for _, statement in indexes:
            run(statement)
        run("COMMIT")
        run("PRAGMA journal_mode = WAL")


def _copy_postgresql(copies: int) -> None:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        run = connection.exec_driver_sql
        run("SET maintenance_work_mem = '512MB'")
        kept = "tablename = 'comment' AND indexdef NOT LIKE '%% UNIQUE %%'"
        indexes = run(f"SELECT indexname, indexdef FROM pg_indexes WHERE {kept}").all()  # noqa: S608
        for name, _ in indexes:
            run(f"DROP INDEX {name}")
        was = int(str(run("SELECT id FROM comment LIMIT 1").scalar_one())[:4], 16)
        for entity in (Thread, Comment):
            run(_copies(entity, "postgresql", was, copies))
        for _, statement in indexes:
            run(statement)
