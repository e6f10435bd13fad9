"""Mia finds the same, the newest first, whichever way the database goes: by its index, or among the newest."""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from people import ORIGIN, PAGE, SITE, Commenter

from comments_service import http
from comments_service.accounts.actor import COMMAND_LINE, Actor
from comments_service.accounts.models import Role
from comments_service.comments import counts, markup
from comments_service.comments.models import Comment, Status, Thread
from comments_service.database import first_id, transaction
from comments_service.extensions import db
from comments_service.moderation import (
    decisions,
    edit,
    matching,
    postgresql_search,
    purge,
    queue,
    search,
    sqlite_search,
)
from comments_service.sites import policy, registry

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
SHOP = "shop"
WORDS = ("bread", "oven", "breadcrumb", "Ofen", "хлеб")
PAGES = ("/bread", "/cake")
EVERYWHERE = COMMAND_LINE
OF_THE_BLOG = Actor(None, "Mia", {SITE: Role.MODERATOR})
Fits = Callable[[Comment], bool]


@pytest.fixture
def chance() -> random.Random:
    return random.Random(7)


@pytest.fixture
def comments(app: Flask, blog: str, chance: random.Random) -> list[Comment]:
    """Comments on two sites, stored in another order than they were written in, and what became of them."""
    registry.add(SHOP, [ORIGIN], policy.Policy(), http.now())
    fill(chance)
    for comment in chance.sample(everything(), 60):
        for happens in chance.choices((is_decided, is_edited, is_purged), k=3):
            happens(chance, comment.id)
    return everything()


def is_decided(chance: random.Random, comment_id: UUID) -> None:
    if found := stored(comment_id):
        decision = decisions.Decision(comment_id, chance.choice(list(Status)), found.version)
        decisions.decide([decision], EVERYWHERE, http.now())


def is_edited(chance: random.Random, comment_id: UUID) -> None:
    if found := stored(comment_id):
        body = f"{chance.choice(WORDS)} with bread http://a.example"
        edit.edit(comment_id, body, found.version, EVERYWHERE, http.now())


def is_purged(chance: random.Random, comment_id: UUID) -> None:
    found = stored(comment_id)
    if found and found.status is Status.SPAM:
        purge.purge([comment_id], EVERYWHERE, http.now())


def stored(comment_id: UUID) -> Comment | None:
    return next((comment for comment in everything() if comment.id == comment_id), None)


@transaction
def fill(chance: random.Random) -> None:
    threads = []
    for number, (site, page) in enumerate((site, page) for site in (SITE, SHOP) for page in PAGES):
        threads.append((site, UUID(int=first_id(BEGAN).int + number)))
        db.session.add(Thread(site_id=site, id=threads[-1][1], page=page, created_at=BEGAN))
    db.session.flush()
    for number in chance.sample(range(90), 90):
        comment = written(chance, number, *chance.choice(threads))
        db.session.add(comment)
        db.session.flush()
        counts.moved(comment, None, comment.status)


def written(chance: random.Random, number: int, site: str, thread: UUID) -> Comment:
    at = BEGAN + timedelta(minutes=number // 3)  # three of them in the same millisecond
    own = UUID(int=first_id(at).int + 1 + number)
    links = [f"http://site-{link}.example/" for link in range(chance.choice((0, 0, 0, 1, 2, 3, 21)))]
    return Comment(
        site_id=site,
        id=own,
        thread_id=thread,
        root_id=own,
        status=chance.choice(list(Status)),
        name=chance.choice(("Ada", "Ben", "Bread Smith")),
        reasons=chance.choice(("[]", '[{"check":"links","points":1.0,"evidence":"oven"}]')),
        address_key=bytes(15) + bytes([number % 3]),
        created_at=at,
        **markup.rendered(" ".join([*chance.choices(WORDS, k=3), *links])),
    )


def everything() -> list[Comment]:
    """All that is stored, the newest first."""
    db.session.rollback()
    return list(db.session.scalars(sa.select(Comment).order_by(Comment.id.desc())))


def has(pattern: str, *names: str) -> Fits:
    """Whether a comment has words."""
    words = re.compile(rf"(?<![^\W_])(?:{pattern})", re.IGNORECASE)
    return lambda comment: any(words.search(getattr(comment, name)) for name in names or ("name", "website", "body"))


def with_links(fit: Callable[[int], bool]) -> Fits:
    return lambda comment: fit(comment.html.count("<a "))


BREAD, OVEN = has(r"bread\b"), has(r"oven\b")
KEY = bytes(15) + bytes([1])
MIDDLE = BEGAN + timedelta(minutes=15)
SEARCHES: dict[str, Fits] = {
    "bread": BREAD,
    "bread oven": lambda c: BREAD(c) and OVEN(c),
    '"bread oven"': has(r"bread[\W_]+oven\b"),
    "nowhere": lambda _: False,
    "хлеб": has("хлеб"),
    "bread*": has("bread"),
    "b*": has("b"),
    "text:bread* name:ada": lambda c: has("bread", "body")(c) and c.name == "Ada",
    "name:smith": lambda c: "Smith" in c.name,
    "domain:site-2.example": has(r"site-2\.example"),
    "rule:links": lambda c: "links" in c.reasons,
    "rule:links oven": lambda c: "links" in c.reasons and OVEN(c),
    "page:/cake": lambda c: c.thread_id.int % 2 == 1,
    "page:/cake bread": lambda c: c.thread_id.int % 2 == 1 and BREAD(c),
    "page:/nowhere": lambda _: False,
    "link:>0": with_links(lambda number: number > 0),
    "link:>1": with_links(lambda number: number > 1),
    "link:2": with_links(lambda number: number == 2),
    "link:0": with_links(lambda number: number == 0),
    "link:<2 bread": lambda c: with_links(lambda number: number < 2)(c) and BREAD(c),
    "link:>1 bread": lambda c: with_links(lambda number: number > 1)(c) and BREAD(c),
    "link:>20": with_links(lambda number: number > 20),
    "link:<=20": with_links(lambda number: number <= 20),
    f"from:key-{KEY.hex()}": lambda c: c.address_key == KEY,
    f"from:key-{KEY.hex()} bread link:>0": lambda c: c.address_key == KEY and BREAD(c) and "<a " in c.html,
    f"before:{MIDDLE.isoformat()}": lambda c: c.created_at < MIDDLE,
    f"after:{MIDDLE.isoformat()} bread": lambda c: c.created_at >= MIDDLE and BREAD(c),
    f"before:{MIDDLE.isoformat()} oven*": lambda c: c.created_at < MIDDLE and has("oven")(c),
}


@pytest.fixture(params=["among the newest", "by the index"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let as few comments be many as it takes for a search to go the one way or the other."""
    few = 5 if request.param == "by the index" else 40
    for name, value in {"NEAR": few, "COMMON": 3}.items():
        monkeypatch.setattr(postgresql_search, name, value)
    monkeypatch.setattr(sqlite_search, "NEAR", few)


def pages(actor: Actor, **wanted: Any) -> list[UUID]:
    """What she is shown on all pages, one after the other."""
    shown: list[UUID] = []
    after = None
    for _ in range(200):
        page = queue.page(queue.Query(after=after, limit=7, **wanted), actor)
        shown += [card.comment.id for card in page.cards]
        after = page.next
        if after is None:
            return shown
    raise AssertionError("no end")


def test_every_search_finds_all_that_fit_in_order_page_by_page(comments: list[Comment], way: None) -> None:
    for q, fits in SEARCHES.items():
        expected = [comment.id for comment in comments if fits(comment)]
        assert pages(EVERYWHERE, status=None, search=search.parse(q)) == expected, q


@pytest.mark.parametrize("status", [Status.PENDING, Status.APPROVED])
def test_every_search_goes_with_a_status_and_a_site(comments: list[Comment], way: None, status: Status) -> None:
    for q, fits in SEARCHES.items():
        found = [comment for comment in comments if fits(comment) and comment.status is status]
        asked = search.parse(q)
        assert pages(EVERYWHERE, status=status, search=asked) == [c.id for c in found], q
        own = [comment.id for comment in found if comment.site_id == SITE]
        assert pages(EVERYWHERE, status=status, site_id=SITE, search=asked) == own, q
        assert pages(OF_THE_BLOG, status=status, search=asked) == own, q


def test_lists_of_all_sites_are_in_order_page_by_page(comments: list[Comment]) -> None:
    assert pages(EVERYWHERE, status=None) == [comment.id for comment in comments]
    for status in Status:
        assert pages(EVERYWHERE, status=status) == [comment.id for comment in comments if comment.status is status]
        own = [c.id for c in comments if c.status is status and c.site_id == SITE]
        assert pages(OF_THE_BLOG, status=status) == own


def test_what_is_counted_to_the_end_is_all_there_is(comments: list[Comment], way: None) -> None:
    for q, fits in SEARCHES.items():
        query = queue.Query(status=None, search=search.parse(q), limit=3)
        number = sum(map(fits, comments))
        whole = queue.page(replace(query, counted=queue.ALL), EVERYWHERE)
        assert (whole.total, whole.at_least) == (number, False), q
        some = queue.page(query, EVERYWHERE)
        assert some.total == number or (some.at_least and min(number, 4) <= some.total < number), q


def test_deciding_on_all_that_match_leaves_none_of_them(comments: list[Comment], way: None) -> None:
    for q in ("bread", "b*", "link:>1", "page:/cake bread", f"from:key-{KEY.hex()}"):
        query = queue.Query(status=None, search=search.parse(q))
        matching.decide(query, Status.SPAM, OF_THE_BLOG, http.now())
        left = [c for c in everything() if SEARCHES[q](c) and c.status is not Status.SPAM]
        assert {c.site_id for c in left} <= {SHOP}, q
        matching.decide(query, Status.APPROVED, EVERYWHERE, http.now())
        assert pages(EVERYWHERE, status=Status.SPAM, search=search.parse(q)) == [], q


@pytest.fixture
def planned(app: Flask, ada: Commenter) -> Iterator[list[tuple[str, Any]]]:
    """The statements that the database is asked, with what they are asked with."""
    asked: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    ada.submits("One comment with a link http://a.example")
    sa.event.listen(db.engine, "before_cursor_execute", note)
    yield asked
    sa.event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "q",
    [
        "bread",
        "bre*",
        "is:spam bread",
        f"from:key-{'0' * 32}",
        "name:ada",
        "domain:example.org",
        f"page:{PAGE}",
        "text:oven",
        "link:>1",
        "rule:links",
        "before:2026-11-01",
        "after:2026-11-01",
        f"reply-to:{UUID(int=1)}",
    ],
)
@pytest.mark.parametrize("status", [None, Status.APPROVED])
def test_no_search_goes_through_the_table(planned: list[tuple[str, Any]], q: str, status: Status | None) -> None:
    asked = search.parse(q)
    queue.page(queue.Query(status=asked.status or status, site_id=SITE, search=asked), EVERYWHERE)
    steps = [
        row[3]
        for statement, parameters in planned
        if statement.startswith("SELECT") and " comment" in statement
        for row in db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    ]
    assert steps
    scanned = [step for step in steps if step.startswith("SCAN") and "VIRTUAL TABLE INDEX" not in step]
    assert [step for step in scanned if step.split()[1] in {"comment", "comment_search_row", "comment_search"}] == []
    if "VIRTUAL TABLE INDEX" in " ".join(steps):  # FTS5 gives the newest first, so that nothing else need be read
        assert "USE TEMP B-TREE FOR ORDER BY" not in steps


@pytest.mark.sqlite
def test_the_index_knows_what_one_made_anew_would_know(comments: list[Comment]) -> None:
    run = db.session.connection().exec_driver_sql
    fields = "name, website, body, reasons, place"
    made = run("SELECT sql FROM sqlite_master WHERE name = 'comment_search'").scalar_one()
    run(made.replace("comment_search", "temp.anew"))
    run(f"INSERT INTO anew (rowid, {fields}) SELECT number, {fields} FROM comment_search_text")
    run("CREATE VIRTUAL TABLE temp.kept_words USING fts5vocab(main, comment_search, instance)")
    run("CREATE VIRTUAL TABLE temp.words USING fts5vocab(temp, anew, instance)")
    settled = "WHERE doc NOT IN (SELECT number FROM comment_search_new)"
    kept, words = (run(f"SELECT * FROM {table} {settled}").all() for table in ("kept_words", "words"))
    assert len(words) > 1000
    assert kept == words
    assert len(run("SELECT number FROM comment_search_new").all()) < 16
    known = "SELECT count(*) FROM kept_words WHERE doc NOT IN (SELECT number FROM comment_search_row)"
    assert run(known).scalar_one() == 0
    waiting = run("SELECT place IS NOT NULL, number IN (SELECT doc FROM kept_words) FROM comment_search_new").all()
    assert {tuple(row) for row in waiting} == {(0, 0), (1, 1)}  # of what the index has, it is told what that is
