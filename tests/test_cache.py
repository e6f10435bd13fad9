"""Readers get kept bytes, and never old ones."""

import gzip
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import brotli
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from people import ORIGIN, PAGE, SITE, Commenter, Mia, Reader
from rules import change_rules
from werkzeug.test import EnvironBuilder

from comments_service import config, create_app, http
from comments_service.comments.answers import Entry, Reply, entry_for
from comments_service.comments.cache import Cache
from comments_service.comments.validity import Validity

THREAD = f"/api/v1/sites/{SITE}/thread"
EVIL = (
    "null",
    "https://evil.example",
    "https://blog.example.evil.example",
    "https://evilblog.example",
    "http://blog.example",
    "https://blog.example:8443",
    "https://blog.example.",
    "https://BLOG.example",
    "https://user@blog.example",
    "https://blog.example/",
    "https://sub.blog.example",
    "https://blog.example, https://evil.example",
    "file://",
    "*",
    "",
    "https://blog.example%00",
)


@pytest.fixture
def cache(app: Flask) -> Cache:
    found: Cache = app.extensions["cache"]
    return found


def kept(cache: Cache, query: str = f"page={PAGE}") -> Entry | None:
    return cache.fresh(THREAD, query)


def test_a_second_reader_gets_the_same_bytes_without_the_application(
    ada: Commenter, mia: Mia, thread: Reader, cache: Cache
) -> None:
    mia.approves(ada.submits())
    first = thread.opens()
    entry = kept(cache, "page=%2F2026%2Fbread")
    assert entry is not None
    assert entry.form("").body == first.data
    assert thread.opens().data == first.data


def test_no_reader_sees_an_old_thread_after_a_decision(ada: Commenter, mia: Mia, thread: Reader) -> None:
    held = ada.submits()
    for status, names in (("approved", ["Ada"]), ("spam", []), ("approved", ["Ada"]), ("trash", [])):
        thread.opens()
        mia.decides(held, status)
        assert thread.names() == names


def test_another_process_is_noticed_too(ada: Commenter, mia: Mia, thread: Reader, settings: config.Settings) -> None:
    held = ada.submits()
    assert thread.names() == []
    other = create_app(settings)
    with other.app_context():
        Mia(other.test_client(), mia.token).approves(held)
    assert thread.names() == ["Ada"]


def test_a_held_comment_elsewhere_leaves_the_entry_as_it_is(
    ada: Commenter, mia: Mia, thread: Reader, cache: Cache
) -> None:
    mia.approves(ada.submits())
    thread.opens()
    thread.opens()
    ada.submits("Held", page="/2026/cake")
    thread.opens()
    before = kept(cache)
    ada.submits("Held too", page="/2026/cake")
    thread.opens()
    assert kept(cache) is before


def test_names_that_mean_nothing_neither_split_nor_poison(thread: Reader, client: FlaskClient, cache: Cache) -> None:
    plain = client.get(f"{THREAD}?page={PAGE}")
    odd = client.get(f"{THREAD}?utm_source=x&page={PAGE}&callback=evil&page2=1")
    assert odd.data == plain.data
    assert cache.key(THREAD, f"a=b&page={PAGE}") == cache.key(THREAD, f"page={PAGE}")


def test_thousands_of_names_that_mean_nothing_are_read_past(thread: Reader, client: FlaskClient, cache: Cache) -> None:
    query = f"page={PAGE}" + "&a=1" * 5000
    answer = client.get(f"/api/v1/sites/{SITE}/thread?{query}")
    assert (answer.status_code, answer.data) == (200, thread.opens().data)
    assert cache.fresh(f"/api/v1/sites/{SITE}/thread", query) is None  # the event loop has better things to do


@pytest.mark.parametrize("accepted", ["br", "gzip, br;q=0", "gzip;q=0", "identity", "", "br;q=0, gzip;q=1.0"])
def test_each_reader_gets_an_encoding_he_takes(ada: Commenter, mia: Mia, client: FlaskClient, accepted: str) -> None:
    mia.approves(ada.submits("Bread " * 200))
    answer = client.get(f"{THREAD}?page={PAGE}", headers={"Accept-Encoding": accepted})
    encoding = answer.headers.get("Content-Encoding", "")
    assert encoding == {"br": "br", "gzip, br;q=0": "gzip", "br;q=0, gzip;q=1.0": "gzip"}.get(accepted, "")
    undo = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}[encoding]
    assert b"Bread Bread" in undo(answer.data)
    again = client.get(
        f"{THREAD}?page={PAGE}",
        headers={"Accept-Encoding": accepted, "If-None-Match": f'"other", W/{answer.headers["ETag"]}'},
    )
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", answer.headers["ETag"])


def test_who_has_the_answer_is_told_how_long_it_holds_and_nothing_of_its_body(
    ada: Commenter, mia: Mia, client: FlaskClient
) -> None:
    mia.approves(ada.submits("Bread " * 200))
    asked = {"Origin": ORIGIN, "Accept-Encoding": "br"}
    first = client.get(f"{THREAD}?page={PAGE}", headers=asked)
    again = client.get(f"{THREAD}?page={PAGE}", headers={**asked, "If-None-Match": first.headers["ETag"]})
    kept = {"Cache-Control", "ETag", "Vary", "Access-Control-Allow-Origin", "Cross-Origin-Resource-Policy"}
    assert {name: again.headers[name] for name in kept} == {name: first.headers[name] for name in kept}
    assert not {"Content-Type", "Content-Encoding", "Content-Length"} & {*again.headers.keys()}


def test_a_site_of_many_origins_gets_each_its_answer_and_fills_no_memory() -> None:
    origins = tuple(f"https://{number}.example" for number in range(100))
    entry = entry_for(Reply(200, [], b"x"), http.Note("blog", "/x", origins), (0, None), None, kept=True)
    for origin in (*origins, *origins):
        assert ("access-control-allow-origin", origin) in entry.reply(origin, None, "").headers
    assert len(entry.form("")._replies) < 10


def test_what_a_server_does_to_the_headers_of_one_answer_no_other_reader_gets(thread: Reader, app: Flask) -> None:
    thread.opens()
    said: list[list[tuple[str, str]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        said.append([*headers])
        headers.append(("set-cookie", "of-one-reader"))

    for _ in range(2):
        app(EnvironBuilder(THREAD, query_string=f"page={PAGE}").get_environ(), start_response)
    assert said[0] == said[1]


def test_an_answer_is_kept_as_readers_take_it_and_no_other_way(
    ada: Commenter, mia: Mia, client: FlaskClient, cache: Cache
) -> None:
    mia.approves(ada.submits("Bread " * 200))
    said = {}
    for accepted in ("br", "gzip", ""):
        answer = client.get(f"{THREAD}?page={PAGE}", headers={"Accept-Encoding": accepted})
        said[accepted] = answer.data
        entry = kept(cache)
        assert entry is not None
        assert (entry.made, {name: form.body for name, form in entry.forms.items()}) == (None, said)
        assert cache._size == entry.size == entry.counted < sum(map(len, said.values())) + 4_000
    assert brotli.decompress(said["br"]) == gzip.decompress(said["gzip"]) == said[""]
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["ETag"] == entry.etag


def test_head_tells_what_get_would(thread: Reader, client: FlaskClient) -> None:
    full, head = client.get(f"{THREAD}?page={PAGE}"), client.head(f"{THREAD}?page={PAGE}")
    assert head.data == b""
    assert head.headers["Content-Length"] == str(len(full.data))


@pytest.mark.parametrize(
    "path", [f"{THREAD}?page={PAGE}", f"{THREAD}?page=", f"/api/v1/sites/{SITE}/token?page={PAGE}"]
)
@pytest.mark.parametrize("origin", EVIL)
def test_no_foreign_page_may_read(client: FlaskClient, blog: str, origin: str, path: str) -> None:
    client.get(path, headers={"Origin": ORIGIN})
    for _ in range(2):
        answer = client.get(path, headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Origin" in answer.headers["Vary"]
    assert client.get(path, headers={"Origin": ORIGIN}).headers["Access-Control-Allow-Origin"] == ORIGIN


def test_a_preflight_is_answered_for_the_site_only(client: FlaskClient, blog: str) -> None:
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Private-Network": "true"}
    for path in (f"/api/v1/sites/{SITE}/comments", f"/api/v1/comments/{'0' * 8}-0000-7000-8000-{'0' * 12}"):
        granted = client.options(path, headers={"Origin": ORIGIN, **ask})
        assert granted.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "Idempotency-Key" in granted.headers["Access-Control-Allow-Headers"]
        refused = client.options(path, headers={"Origin": "https://evil.example", **ask})
        assert not [name for name, _ in refused.headers if name.startswith("Access-Control")]
        assert "Access-Control-Allow-Private-Network" not in granted.headers


def test_a_thread_closes_on_time_though_it_was_kept(ada: Commenter, mia: Mia, thread: Reader) -> None:
    change_rules(close_after_days=1)
    mia.approves(ada.submits())
    assert thread.opens().json["state"] == "open"
    with time_machine.travel(http.now() + timedelta(days=2)):
        assert thread.opens().json["state"] == "closed"


def test_many_who_ask_at_once_wait_for_one() -> None:
    made = []
    note = http.Note("blog", "/x")

    def make() -> Reply:
        made.append(threading.get_ident())
        time.sleep(0.05)
        return Reply(200, [("x-cache-note", '{"site":"blog"}')], b"x")

    cache = Cache(1 << 20, Frozen())
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: cache.get(("/x", ""), make), range(8)))
    assert len(made) == 1
    assert {reply.reply(None, None, "").body for reply in replies if isinstance(reply, Entry)} == {b"x"}
    assert note.page == "/x"


def test_the_cache_keeps_to_its_bytes() -> None:
    cache = Cache(64_000, Frozen())
    for number in range(100):
        body = bytes([number]) * 5_000
        cache.get((f"/{number}", ""), lambda body=body: Reply(200, [("x-cache-note", "{}")], body))
    assert sum(entry.size for entry in cache._entries.values()) <= 64_000
    assert ("/99", "") in cache._entries
    assert ("/0", "") not in cache._entries


def test_what_the_event_loop_gives_all_the_time_stays_when_room_is_short() -> None:
    cache = Cache(64_000, Frozen())
    for number in range(100):
        key = cache.key(THREAD, f"page=/{number}")
        assert key
        cache.get(key, lambda number=number: Reply(200, [("x-cache-note", "{}")], bytes([number]) * 5_000))
        assert cache.fresh(THREAD, "page=/0")


def test_what_is_new_has_room_though_all_the_others_are_asked_for() -> None:
    cache = Cache(64_000, Frozen())
    for number in range(30):
        path = f"/{number}"
        cache.get((path, ""), lambda: Reply(200, [("x-cache-note", "{}")], b"x" * 5_000))
        assert (path, "") in cache._entries
        for key in list(cache._entries):
            assert isinstance(cache.get(key, lambda: Reply(500, [], b"")), Entry)
    assert cache._size == sum(entry.size for entry in cache._entries.values()) <= 64_000


def test_without_room_everything_still_works(settings: config.Settings, app: Flask, ada: Commenter, mia: Mia) -> None:
    small = create_app(replace(settings, cache_megabytes=0))
    with small.app_context():
        mia.approves(ada.submits())
        answer = small.test_client().get(f"{THREAD}?page={PAGE}")
    assert answer.json["count"] == 1
    assert "X-Cache-Note" not in answer.headers


def test_what_the_view_tells_the_cache_goes_no_further(client: FlaskClient, blog: str) -> None:
    for path in (f"{THREAD}?page={PAGE}", "/embed.js", f"/s/{SITE}/thread?page={PAGE}&fragment=1", THREAD):
        assert "X-Cache-Note" not in client.get(path).headers


class Frozen(Validity):
    """A database in which nothing ever changes."""

    def __init__(self, path: Path | None = None) -> None:
        super().__init__(sa.create_engine("sqlite://"))

    def epoch(self) -> tuple[int, int]:
        return 0, 0
